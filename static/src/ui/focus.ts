/** Where the focus goes when a dialog closes: to what opened it, or what opened that. */

const openers = new WeakMap<Element, Element | null>();

/** Records what has the focus while a dialog opens; the result gives the focus back. */
export function rememberFocus(dialog: Element): () => void {
  openers.set(dialog, document.activeElement);
  return () => {
    const target = reachable(openers.get(dialog) ?? null);
    if (!target) return focusContent();
    target.focus({ preventScroll: true });
    return watchRemoval(target);
  };
}

/** The element itself while it is in sight; else what opened the dialog that it was in. */
function reachable(element: Element | null): HTMLElement | null {
  if (!element || element === document.body) return null;
  if (element.isConnected && element.checkVisibility()) return element as HTMLElement;
  const dialog = element.closest('dialog');
  return dialog ? reachable(openers.get(dialog) ?? null) : null;
}

/** A change may take away the very button that it was begun with: until the focus moves on, it is not lost with it. */
function watchRemoval(focused: HTMLElement): void {
  const observer = new MutationObserver(() => {
    if (focused.isConnected) return;
    stop();
    if (document.activeElement === document.body) focusContent();
  });
  const stop = () => {
    observer.disconnect();
    document.removeEventListener('focusin', stop);
  };
  observer.observe(document.body, { childList: true, subtree: true });
  document.addEventListener('focusin', stop);
}

function focusContent(): void {
  document.querySelector('main')?.focus({ preventScroll: true });
}
