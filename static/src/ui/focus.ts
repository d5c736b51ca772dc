/** A native modal dialog, and where the focus goes when it closes: to what opened it, or what opened that. */

import { useLayoutEffect, useRef } from 'preact/hooks';

const openers = new WeakMap<Element, Element | null>();

/** The attributes of a `<dialog>` that is modal while it is drawn; Esc calls `onClose`, which removes it. */
export function useModal(onClose: () => void) {
  const ref = useRef<HTMLDialogElement>(null);
  // Before the next stroke: what is typed at once goes into the dialog.
  useLayoutEffect(() => {
    const dialog = ref.current!;
    const returnFocus = rememberFocus(dialog);
    dialog.showModal();
    return () => {
      dialog.close();
      returnFocus();
    };
  }, []);
  const onCancel = (event: Event) => {
    event.preventDefault();
    onClose();
  };
  return { ref, onCancel };
}

/** Records what has the focus while a dialog opens; the result gives the focus back. */
function rememberFocus(dialog: Element): () => void {
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
