/** Runs in a task of its own, once the next frame is painted. */
export function afterFrame(run: () => void): void {
  requestAnimationFrame(() => setTimeout(run));
}
