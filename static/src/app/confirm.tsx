/** The one way in which anything is changed: its plan first, then the reason, then the button. */

import { useState } from 'preact/hooks';
import { needsApproval } from '../lib/changes';
import { Dialog } from '../ui/dialog';
import { DialogButtons } from '../ui/dialog-buttons';
import { type Action, asked } from './actions';
import { refusedAnyway, useChange, whyNot } from './change';
import { useKeys } from './keyboard';
import { missingOverride, Overriding, type Override } from './override';
import { ReasonField } from './reason-field';
import { ChangeErrors, ShownPlan } from './shown-plan';
import { store } from './state';

export function Confirm() {
  const action = asked.value;
  return action && <ConfirmAction key={action.title} action={action} />;
}

function ConfirmAction({ action }: { action: Action }) {
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const [override, setOverride] = useState<Override>(null);
  const { plan, moved, refusedBy, error, busy, again, apply } = useChange(action);
  const freeze = action.guardsOnly ? null : (store.get(action.cluster)?.summary.value.frozen ?? refusedBy);
  const missing =
    whyNot({ planned: plan !== null, reason, typed, wanted: action.typed, busy }) ??
    missingOverride(freeze, override) ??
    refusedAnyway(plan);
  const close = () => {
    if (!busy) asked.value = null;
  };
  const confirm = () => {
    if (!missing) void apply(reason.trim(), freeze && override);
  };
  useKeys([{ keys: 'mod+enter', label: 'Confirm', group: 'Dialog', always: true, run: confirm }]);
  return (
    <Dialog
      title={action.title}
      onClose={close}
      onSubmit={confirm}
      wide={Boolean(plan?.services.some((s) => s.fields.length > 3 || s.fields.some((f) => f.running !== undefined)))}
      pinned={
        <>
          <ReasonField value={reason} onChange={setReason} />
          {action.typed && (
            <div class="field">
              <label htmlFor="typed">
                Type <code>{action.typed}</code> to confirm
              </label>
              <input
                id="typed"
                class="input mono"
                autocomplete="off"
                spellcheck={false}
                value={typed}
                onInput={(e) => setTyped(e.currentTarget.value)}
              />
            </div>
          )}
          {freeze && <Overriding cluster={action.cluster} freeze={freeze} override={override} onChange={setOverride} />}
        </>
      }
      footer={
        <DialogButtons
          why={missing}
          note={busy ? null : missing}
          danger={Boolean(action.danger || freeze)}
          onCancel={close}
        >
          {busy ? 'Working…' : freeze ? `Override: ${action.verb}` : needsApproval(plan) ? 'Propose' : action.verb}
        </DialogButtons>
      }
    >
      <ChangeErrors verb={action.verb} error={error} moved={moved} again={again} />
      {action.note && <p class="soft">{action.note}</p>}
      {!action.guardsOnly && <ShownPlan plan={plan} failed={error !== null} frozen={freeze !== null} />}
    </Dialog>
  );
}
