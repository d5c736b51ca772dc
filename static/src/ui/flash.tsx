import { useEffect, useRef } from 'preact/hooks';

const FLASH_MS = 700;
const calm = matchMedia('(prefers-reduced-motion: reduce)');

/** Flashes once when its value changes; never at first, and not where motion is unwelcome. */
export function Flash({ value, children }: { value: unknown; children: preact.ComponentChildren }) {
  const element = useRef<HTMLSpanElement>(null);
  const before = useRef(value);
  useEffect(() => {
    if (before.current === value) return;
    before.current = value;
    if (calm.matches || document.hidden) return;
    element.current?.animate([{ backgroundColor: 'var(--flash)' }, { backgroundColor: 'transparent' }], { duration: FLASH_MS, easing: 'ease-out' });
  }, [value]);
  return <span ref={element} class="cell-flash">{children}</span>;
}
