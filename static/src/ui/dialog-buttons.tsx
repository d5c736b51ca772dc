import type { ComponentChildren } from 'preact';
import { Button } from './button';
import type { IconName } from './icons';

interface Props {
  /** Why the dialog cannot be submitted now. */
  why?: string | null;
  /** The text beside the buttons; the reason unless given. */
  note?: string | null;
  cancel?: string;
  onCancel: () => void;
  danger?: boolean;
  icon?: IconName;
  /** The label of the button that submits the form. */
  children: ComponentChildren;
}

/** The last line of a dialog: why it cannot be submitted, the button that closes it, and the one that submits it. */
export function DialogButtons({ why = null, note = why, cancel = 'Cancel', onCancel, danger, icon, children }: Props) {
  return (
    <>
      <span class="small mute">{note}</span>
      <div class="row">
        <Button onClick={onCancel}>{cancel}</Button>
        <Button type="submit" kind={danger ? 'danger' : 'primary'} {...(icon ? { icon } : {})} why={why}>
          {children}
        </Button>
      </div>
    </>
  );
}
