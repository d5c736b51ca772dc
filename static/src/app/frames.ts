/** Runs in a task of its own, once the next frame is painted. */
export function afterFrame(run: () => void): void {
  requestAnimationFrame(() => setTimeout(run));
}

/** As long as something else may come first. */
const PATIENCE_MS = 500;

/** Runs in a task of its own when the page has nothing else to do, or has had for long. */
export function whenIdle(run: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(run, { timeout: PATIENCE_MS });
  else setTimeout(run, 1);
}
