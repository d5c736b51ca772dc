import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from './button';
import { rememberFocus } from './focus';

interface Props {
  /** The accessible name of the dialog. */
  label: string;
  title: ComponentChildren;
  onClose: () => void;
  side: ComponentChildren;
  children: ComponentChildren;
}

/** A modal dialog of two parts: a choice on the left, what comes of it on the right; one below the other on a phone. */
export function Split({ label, title, onClose, side, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
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
      class="dialog split"
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <section class="split-side">
        <h2>{title}</h2>
        {side}
      </section>
      <section class="split-main">
        <Button kind="quiet" icon="cross" label="Close" onClick={onClose} />
        {children}
      </section>
    </dialog>
  );
}
