import type { ComponentChildren } from 'preact';
import { Button } from './button';
import { useModal } from './focus';

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
  const modal = useModal(onClose);
  return (
    <dialog {...modal} class="dialog split" aria-label={label}>
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
