/** The one way in which anything is changed: its plan first, then the reason, then the button. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { type Plan, plural, readPlan, saysTheSame, summary, withRunningImages } from '../lib/changes';
import { type Freeze, type Json, readFreeze } from '../lib/model';
import { type Answer, ApiError, asApiError, call } from '../lib/rest';
import { duration } from '../lib/time';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { PlannedServices } from '../ui/fields';
import { Banner, ErrorBanner, Skeleton } from '../ui/states';
import { type Action, asked } from './actions';
import { useKeys } from './keyboard';
import { missingOverride, Overriding, type Override } from './override';
import { useSlow } from './read';
import { connection, heed, imageThatRuns, notify, store } from './state';

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
  useKeys([{ keys: 'mod+enter', says: 'Confirm', group: 'Dialog', always: true, run: confirm }]);
  return (
    <Dialog
      title={action.title}
      onClose={close}
      onSubmit={confirm}
      wide={Boolean(plan?.services.some((s) => s.fields.length > 3 || s.fields.some((f) => f.running !== undefined)))}
      pinned={
        <>
          <div class="field">
            <label htmlFor="reason">Why?</label>
            <textarea
              id="reason"
              class="input"
              rows={2}
              value={reason}
              // oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog was opened to type this
              autoFocus
              placeholder="Kept with the change; others will read it"
              onInput={(e) => setReason(e.currentTarget.value)}
            />
          </div>
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
        <>
          <span class="small mute">{missing && !busy ? missing : ''}</span>
          <div class="row">
            <Button onClick={close}>Cancel</Button>
            <Button type="submit" kind={action.danger || freeze ? 'danger' : 'primary'} why={missing}>
              {busy ? 'Working…' : freeze ? `Override: ${action.verb}` : action.verb}
            </Button>
          </div>
        </>
      }
    >
      {error && (
        <ErrorBanner
          error={error}
          title={error.status === 409 ? 'It was refused' : 'That did not work'}
          retry={again}
        />
      )}
      {moved && (
        <Banner tone="warn" icon="alert" title="Somebody was faster">
          What is below is what would be done now. Nothing was changed yet: look at it, and confirm again.
        </Banner>
      )}
      {action.note && <p class="soft">{action.note}</p>}
      {!action.guardsOnly && <ShownPlan plan={plan} failed={error !== null} frozen={freeze !== null} />}
    </Dialog>
  );
}

interface Change {
  plan: Plan | null;
  /** What was planned is no longer what would be done. */
  moved: boolean;
  /** The freeze that refused it, where the page had not heard of it. */
  refusedBy: Freeze | null;
  error: ApiError | null;
  busy: boolean;
  again: () => void;
  apply: (reason: string, override: Override) => Promise<void>;
}

const NO_PLAN = readPlan({});

/** Plans an action, and carries out what was planned, and nothing else. */
function useChange(action: Action): Change {
  const [plan, setPlan] = useState<Plan | null>(action.guardsOnly ? NO_PLAN : null);
  const [moved, setMoved] = useState(false);
  const [refusedBy, setRefusedBy] = useState<Freeze | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const [round, setRound] = useState(0);

  const shown = useRef<Plan | null>(plan);
  const show = (now: Plan) => {
    if (shown.current && !saysTheSame(shown.current, now)) setMoved(true);
    shown.current = now;
    setPlan(now);
  };

  // Whatever is stored meanwhile is planned upon at once.
  const revision = store.get(action.cluster)?.summary.value.revision;
  useEffect(() => {
    if (action.guardsOnly) return undefined;
    const abort = new AbortController();
    send(action, { dry_run: true }, abort.signal).then(
      ({ data }) => show(withRunningImages(readPlan(data), imageThatRuns(action.cluster))),
      (thrown: unknown) => abort.signal.aborted || setError(heed(asApiError(thrown))),
    );
    return () => abort.abort();
  }, [round, revision]);

  const apply = async (reason: string, override: Override) => {
    setBusy(true);
    setError(null);
    setMoved(false);
    try {
      const done = await carryOut(action, shown.current!, show, { message: reason, override });
      if (!done) return;
      asked.value = null;
      succeeded(action, reason);
      action.after?.(done.revision);
    } catch (thrown) {
      const refusal = heed(asApiError(thrown));
      if (refusal.status === 423) setRefusedBy(readFreeze(refusal.body.frozen));
      else setError(refusal);
    } finally {
      setBusy(false);
    }
  };
  const again = () => {
    setError(null);
    setRound((n) => n + 1);
  };
  return { plan, moved, refusedBy, error, busy, again, apply };
}

const TRIES = 3;

/** Makes the change if it is still what was shown, under whatever id; null where it no longer is. */
async function carryOut(
  action: Action,
  planned: Plan,
  show: (plan: Plan) => void,
  more: Sent,
): Promise<Answer<Json> | null> {
  let plan = planned;
  for (let attempt = 1; ; attempt++) {
    try {
      return await send(action, { ...more, plan: plan.id });
    } catch (thrown) {
      const moved = thrown instanceof ApiError && (thrown.body.plan as Json | undefined);
      if (!moved || attempt === TRIES) throw thrown;
      plan = withRunningImages(readPlan(moved), imageThatRuns(action.cluster));
      show(plan);
      if (!saysTheSame(planned, plan)) return null;
    }
  }
}

type Sent = Record<string, string | boolean | null>;

function send({ call: { method, target, body, query }, guardsOnly }: Action, more: Sent, signal?: AbortSignal) {
  // Guards take their reason in the body; it is their own record, beside the revision's.
  const sent = guardsOnly && body && more.message ? { ...body, reason: more.message } : body;
  return call<Json>(target, {
    method,
    query: { ...query, ...more },
    ...(sent ? { body: sent } : {}),
    ...(signal ? { signal } : {}),
  });
}

function succeeded({ cluster, done, guardsOnly }: Action, reason: string): void {
  const follow =
    !guardsOnly && store.get(cluster)
      ? { link: { label: 'Follow the rollout', to: { screen: 'rollout' as const, cluster } } }
      : {};
  notify({ tone: 'good', title: done, text: reason, ...follow });
}

function whyNot({
  planned,
  reason,
  typed,
  wanted,
  busy,
}: {
  planned: boolean;
  reason: string;
  typed: string;
  wanted: string | undefined;
  busy: boolean;
}): string | null {
  if (busy) return 'Working…';
  if (connection.value !== 'live') return "Offline — can't deploy until reconnected";
  if (!planned) return 'The plan is not there yet';
  if (!reason.trim()) return 'A reason is missing';
  if (wanted && typed !== wanted) return `Type ${wanted} to confirm`;
  return null;
}

/** What would refuse it, a freeze aside: nothing here can be confirmed against that. */
function refusedAnyway(plan: Plan | null): string | null {
  return plan?.notes.some((n) => n.code !== null && n.code !== 'frozen') ? 'It would be refused: see the plan' : null;
}

/** Beyond that many, services show their names first. */
const MANY_FIELDS = 24;

function ShownPlan({ plan, failed, frozen }: { plan: Plan | null; failed: boolean; frozen: boolean }) {
  const slow = useSlow(!plan && !failed);
  if (!plan) return slow ? <Skeleton rows={3} /> : null;
  const notes = plan.notes.filter((n) => !(frozen && n.code === 'frozen'));
  const changed = plan.services.some((s) => s.action !== 'nothing');
  const fields = plan.services.reduce((sum, s) => sum + s.fields.length, 0);
  return (
    <div class="stack">
      <h3>
        {changed || !plan.steps.length ? summary(plan.services) : 'What is wanted stays as it is'}
        {plan.estimateSeconds !== null && plan.estimateSeconds >= 1 && (
          <span class="mute"> · about {duration(plan.estimateSeconds * 1000)}</span>
        )}
      </h3>
      {changed && <PlannedServices services={plan.services} running open={fields > MANY_FIELDS ? 0 : 4} />}
      {plan.steps.length > 0 && (
        <details>
          <summary class="small">{plural(plan.steps.length, 'step')} in AWS</summary>
          <ol class="steps">
            {plan.steps.map((s, i) => (
              <li key={i}>{s.text}</li>
            ))}
          </ol>
        </details>
      )}
      {notes.map((n, i) => (
        <Banner key={i} tone="warn" icon="alert" title={n.message} />
      ))}
      {plan.quarantined.length > 0 && (
        <Banner tone="mute" icon="info" title={`${plural(plan.quarantined.length, 'image')} will be in quarantine`}>
          What is rolled away from cannot come back by accident: it is refused until somebody releases it.
          <ul>
            {plan.quarantined.map((q) => (
              <li key={q.service}>
                <code>{q.image}</code> for {q.service}
              </li>
            ))}
          </ul>
        </Banner>
      )}
    </div>
  );
}
