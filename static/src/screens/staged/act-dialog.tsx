import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useOnce } from '../../app/once';
import { ReasonField } from '../../app/reason-field';
import { connection, notify } from '../../app/state';
import type { Answer } from '../../lib/rest';
import type { Json } from '../../lib/model';
import { Dialog } from '../../ui/dialog';
import { DialogButtons } from '../../ui/dialog-buttons';
import { ErrorBanner } from '../../ui/states';

interface Props {
  title: string;
  verb: string;
  danger?: boolean;
  /** Why it cannot be done now. */
  why: string | null;
  /** The title of the notice afterwards. */
  done: string;
  act: (reason: string) => Promise<Answer<Json>>;
  onClose: () => void;
  /** With the answer, once it is done. */
  after?: (answer: Json) => void;
  children?: ComponentChildren;
}

/** A call that has no plan: what it does, the reason, and the button that makes it once. */
export function ActDialog({ title, verb, danger = false, why, done, act, onClose, after, children }: Props) {
  const [reason, setReason] = useState('');
  const { busy, error, run } = useOnce();
  const missing = busy
    ? 'Working…'
    : connection.value !== 'live'
      ? "Offline — can't act until reconnected"
      : (why ?? (reason.trim() ? null : 'Enter a reason'));
  const submit = () => {
    if (missing) return;
    void run(async () => {
      const { data } = await act(reason.trim());
      onClose();
      notify({ tone: 'good', title: done, text: typeof data.message === 'string' ? data.message : reason.trim() });
      after?.(data);
    });
  };
  return (
    <Dialog
      title={title}
      onClose={() => busy || onClose()}
      onSubmit={submit}
      pinned={<ReasonField value={reason} onChange={setReason} submits />}
      footer={
        <DialogButtons why={missing} danger={danger} onCancel={onClose}>
          {busy ? 'Working…' : verb}
        </DialogButtons>
      }
    >
      {error && <ErrorBanner error={error} title={error.status === 409 ? 'Refused' : `${verb} failed`} />}
      {children}
    </Dialog>
  );
}
