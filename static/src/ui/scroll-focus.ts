/** Scrolling by keyboard (WCAG 2.1.1) of a region that may have nothing in it to take the focus. */

import { useLayoutEffect, useRef } from 'preact/hooks';

const FOCUSABLE = 'a[href], button, input, select, textarea, summary, [tabindex], [contenteditable]';

/** For the `ref` of an element that scrolls: it takes the focus itself while no element in it can. */
export function useScrollFocus() {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = ref.current!;
    const decide = () => {
      if ([...box.querySelectorAll(FOCUSABLE)].some(takesFocus)) box.removeAttribute('tabindex');
      else box.tabIndex = 0;
    };
    decide();
    const observer = new MutationObserver(decide);
    observer.observe(box, { childList: true, subtree: true, attributeFilter: ['disabled'] });
    return () => observer.disconnect();
  }, []);
  return ref;
}

function takesFocus(element: Element): boolean {
  return (element as HTMLElement).tabIndex >= 0 && !element.matches(':disabled');
}
