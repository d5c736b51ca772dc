import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { Button } from './button';
import { useModal } from './focus';
import { useScrollFocus } from './scroll-focus';

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
  const modal = useModal(onClose);
  const content = useScrollFocus();
  const id = useId();
  return (
    <dialog {...modal} class={wide ? 'dialog wide' : 'dialog'} aria-labelledby={id}>
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
        <div class="content" ref={content}>
          {children}
        </div>
        {pinned && <div class="pinned">{pinned}</div>}
        {footer && <footer>{footer}</footer>}
      </form>
    </dialog>
  );
}
