import { useState } from 'preact/hooks';
import type { Service } from '../lib/model';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { DialogButtons } from '../ui/dialog-buttons';

const MOST = 10_000;

/** To how many tasks some services are scaled. */
export function CountDialog({
  services,
  onClose,
  onPick,
}: {
  services: readonly Service[];
  onClose: () => void;
  onPick: (count: number) => void;
}) {
  const [text, setText] = useState(String(services[0]!.desired));
  const count = /^\d{1,5}$/.test(text) && Number(text) <= MOST ? Number(text) : null;
  const same = services.every((s) => s.desired === count);
  const why =
    count === null
      ? `A whole number from 0 to ${MOST}`
      : services.every((s) => s.scaling)
        ? 'Scaled by AWS: change min and max of autoscaling in the stackfile'
        : same
          ? `Already ${count}`
          : null;
  const what = services.length === 1 ? services[0]!.name : `${services.length} services`;
  return (
    <Dialog
      title={`Scale ${what}`}
      onClose={onClose}
      onSubmit={() => count !== null && !why && onPick(count)}
      footer={
        <DialogButtons why={why} onCancel={onClose}>
          Review
        </DialogButtons>
      }
    >
      <div class="field">
        <label htmlFor="count">Tasks</label>
        <div class="row">
          <Button label="One fewer" onClick={() => setText(String(Math.max(0, (count ?? 1) - 1)))}>
            −
          </Button>
          <input
            id="count"
            class="input number"
            style={{ width: '90px', textAlign: 'center' }}
            inputMode="numeric"
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog was opened to type this
            autoFocus
            value={text}
            aria-invalid={count === null}
            onInput={(e) => setText(e.currentTarget.value)}
          />
          <Button label="One more" onClick={() => setText(String((count ?? 0) + 1))}>
            +
          </Button>
        </div>
        <p class="hint">
          {count === 0
            ? 'Zero stops every task; the service stays.'
            : `Currently ${[...new Set(services.map((s) => s.desired))].join(', ')}`}
        </p>
      </div>
    </Dialog>
  );
}
