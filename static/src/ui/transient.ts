import { useEffect, useRef } from 'preact/hooks';

/** Runs once after a time in which the element had neither the pointer nor the focus; never for null. */
export function useExpiry(milliseconds: number | null, run: () => void) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef(run);
  latest.current = run;
  const stop = () => clearTimeout(timer.current);
  const begin = () => {
    stop();
    if (milliseconds !== null) timer.current = setTimeout(() => latest.current(), milliseconds);
  };
  useEffect(() => {
    begin();
    return stop;
  }, [milliseconds]);
  return { onPointerEnter: stop, onPointerLeave: begin, onFocusIn: stop, onFocusOut: begin };
}
