import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from './button';
import { rememberFocus } from './focus';

interface DialogProps {
  title: string;
  onClose: () => void;
  onSubmit?: () => void;
  wide?: boolean;
  /** Stays in sight however long the content is. */
  pinned?: ComponentChildren;
  footer?: ComponentChildren;
  children: ComponentChildren;
}

/** A native modal dialog: the browser traps the focus and closes it on Esc; the focus returns to what opened it. */
export function Dialog({ title, onClose, onSubmit, wide = false, pinned, footer, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before the next stroke: what is typed at once goes into the dialog.
  useLayoutEffect(() => {
    const element = dialog.current!;
    const returnFocus = rememberFocus(element);
    element.showModal();
    return () => {
      element.close();
      returnFocus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit?.();
        }}
      >
        <header>
          <h2 id={id}>{title}</h2>
          <Button kind="quiet" icon="cross" label="Close" onClick={onClose} />
        </header>
        <div class="content">{children}</div>
        {pinned && <div class="pinned">{pinned}</div>}
        {footer && <footer>{footer}</footer>}
      </form>
    </dialog>
  );
}
