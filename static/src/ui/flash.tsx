import { useEffect, useRef } from 'preact/hooks';

const FLASH_MS = 700;
const calm = matchMedia('(prefers-reduced-motion: reduce)');

/** Flashes once when its value changes; never at first, nor with reduced motion, nor out of sight. */
export function Flash({ value, children }: { value: unknown; children: preact.ComponentChildren }) {
  const element = useRef<HTMLSpanElement>(null);
  const before = useRef(value);
  useEffect(() => {
    if (before.current === value) return;
    before.current = value;
    // A row out of sight would keep the page painting frame after frame all the same.
    if (calm.matches || document.hidden || !element.current?.checkVisibility({ contentVisibilityAuto: true })) return;
    element.current.animate([{ backgroundColor: 'var(--flash)' }, { backgroundColor: 'transparent' }], {
      duration: FLASH_MS,
      easing: 'ease-out',
    });
  }, [value]);
  return (
    <span ref={element} class="cell-flash">
      {children}
    </span>
  );
}
