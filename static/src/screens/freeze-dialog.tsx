import { useState } from 'preact/hooks';
import { asked, freeze } from '../app/actions';
import { Dialog } from '../ui/dialog';
import { DialogButtons } from '../ui/dialog-buttons';

/** How long, in the words of the API: the server counts from its own time. */
const SPANS: [string, string | null][] = [
  ['until manually lifted', null],
  ['for 1 hour', '1h'],
  ['for 4 hours', '4h'],
  ['for 24 hours', '24h'],
  ['for 3 days', '3d'],
];

/** Until when a cluster is to be frozen. */
export function FreezeDialog({ cluster, onClose }: { cluster: string; onClose: () => void }) {
  const [until, setUntil] = useState<string | null>(null);
  const next = () => {
    onClose();
    asked.value = freeze(cluster, until);
  };
  return (
    <Dialog
      title={`Freeze ${cluster}`}
      onClose={onClose}
      onSubmit={next}
      footer={<DialogButtons onCancel={onClose}>Next</DialogButtons>}
    >
      <fieldset class="stack" style={{ border: '0', padding: '0', margin: '0' }}>
        <legend class="label">Freeze until…</legend>
        {SPANS.map(([label, span]) => (
          <label key={label} class="row">
            <input type="radio" name="span" checked={until === span} onChange={() => setUntil(span)} /> {label}
          </label>
        ))}
      </fieldset>
    </Dialog>
  );
}
