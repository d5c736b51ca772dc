/** Buttons, fields, menus and dialogs, enabled and disabled. */

import { useState } from 'preact/hooks';
import { ReasonField } from '../../app/reason-field';
import { fleetRoute } from '../../lib/router';
import { Button, CopyButton, LinkButton } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { DialogButtons } from '../../ui/dialog-buttons';
import { Menu, type MenuItem } from '../../ui/menu';
import { SearchField } from '../../ui/search';
import { Segments } from '../../ui/segments';
import { LONG } from './samples';
import { Section } from './section';

const KINDS = ['plain', 'primary', 'danger', 'quiet'] as const;
const WHY = 'Read-only (viewer). Ask an admin for deployer.';
const nothing = () => undefined;

const ITEMS: (MenuItem | null)[] = [
  { label: 'Restart', icon: 'restart', run: nothing },
  { label: `Roll back ${LONG}`, icon: 'undo', run: nothing },
  null,
  { label: 'Freeze…', icon: 'frozen', run: nothing, why: WHY },
  { label: 'Delete', icon: 'trash', run: nothing, danger: true },
];

export function Controls() {
  const [size, setSize] = useState('large');
  const [typed, setTyped] = useState('');
  const [open, setOpen] = useState(false);
  return (
    <Section title="Controls">
      {KINDS.map((kind) => (
        <div key={kind} class="row">
          <Button kind={kind} onClick={() => setOpen(true)}>
            Open a dialog
          </Button>
          <Button kind={kind} icon="up-arrow">
            Deploy
          </Button>
          <Button kind={kind} icon="up-arrow" why={WHY}>
            Deploy
          </Button>
          <Button kind={kind} icon="restart" label={`Restart (${kind})`} />
        </div>
      ))}
      <div class="row">
        <LinkButton icon="edit" to={fleetRoute()}>
          Edit
        </LinkButton>
        <CopyButton text={LONG} />
        <Menu label="More" text="More" items={ITEMS} />
        <Segments
          label="Size of the sample"
          value={size}
          choices={[
            ['large', 'Large'],
            ['dense', 'Dense'],
          ]}
          onChange={setSize}
        />
        <div class="chips" role="group" aria-label="Sample filters">
          {['All', 'Failing', 'Drifted'].map((label, i) => (
            <button key={label} type="button" class="chip" aria-pressed={i === 0}>
              {label} <span class="number">{9 - 4 * i}</span>
            </button>
          ))}
        </div>
        <SearchField label="Filter samples" value={typed} onChange={setTyped} />
      </div>
      {open && <SampleDialog onClose={() => setOpen(false)} />}
    </Section>
  );
}

function SampleDialog({ onClose }: { onClose: () => void }) {
  const [reason, setReason] = useState('');
  return (
    <Dialog
      title={`Deploy ${LONG}`}
      onClose={onClose}
      onSubmit={onClose}
      footer={
        <DialogButtons why={reason ? null : 'Enter a reason'} onCancel={onClose}>
          Deploy
        </DialogButtons>
      }
    >
      <ReasonField value={reason} onChange={setReason} />
    </Dialog>
  );
}
