import { useState } from 'preact/hooks';
import { shortRevision } from '../../app/actions';
import type { Revision } from '../../lib/revisions';
import type { ClusterEntry } from '../../lib/store';
import { Dialog } from '../../ui/dialog';
import { DialogButtons } from '../../ui/dialog-buttons';
import { askRollback } from './ask-rollback';

/** Which service goes back to a revision; those that it changed stand first. */
export function OneService({
  entry,
  revision,
  onClose,
}: {
  entry: ClusterEntry;
  revision: Revision;
  onClose: () => void;
}) {
  const names = [...new Set([...revision.services.filter((s) => entry.rows.has(s)), ...entry.names.value])];
  const [service, setService] = useState(names[0] ?? '');
  const next = () => {
    onClose();
    askRollback(entry.name, revision.id, service);
  };
  return (
    <Dialog
      title={`Roll back one service to ${shortRevision(revision.id)}`}
      onClose={onClose}
      onSubmit={next}
      footer={
        <DialogButtons why={service ? null : 'There is no service'} onCancel={onClose}>
          Review
        </DialogButtons>
      }
    >
      <div class="field">
        <label htmlFor="back-service">Service</label>
        <select id="back-service" class="input" value={service} onChange={(e) => setService(e.currentTarget.value)}>
          {names.map((n) => (
            <option key={n}>{n}</option>
          ))}
        </select>
        <p class="hint">All others stay as they are.</p>
      </div>
    </Dialog>
  );
}
