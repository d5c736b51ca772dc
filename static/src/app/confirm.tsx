/** The one way in which anything is changed: its plan first, then the reason, then the button. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { type Plan, plural, readPlan, summary } from '../lib/changes';
import type { Json } from '../lib/model';
import { type ApiError, asApiError, call } from '../lib/rest';
import { duration } from '../lib/time';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { PlannedServices } from '../ui/fields';
import { Banner, ErrorBanner, Skeleton } from '../ui/states';
import { type Action, type ActionCall, asked } from './actions';
import { useKeys } from './keyboard';
import { useSlow } from './read';
import { connection, heed, notify, plans, store } from './state';

type Planned = { plan: Plan; from: 'server' | 'page' } | null;

export function Confirm() {
  const action = asked.value;
  return action && <ConfirmAction key={action.title} action={action} />;
}

function ConfirmAction({ action }: { action: Action }) {
  const [planned, setPlanned] = useState<Planned>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [round, setRound] = useState(0);
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const seen = useRef<string | null>(null);
  const close = () => {
    if (!busy) asked.value = null;
  };

  useEffect(() => {
    let left = false;
    setError(null);
    seen.current = store.get(action.cluster)?.summary.peek().revision ?? null;
    planFor(action, seen.current).then(
      (found) => !left && setPlanned(found),
      (thrown: unknown) => !left && setError(heed(asApiError(thrown))),
    );
    return () => {
      left = true;
    };
  }, [round]);

  const slow = useSlow(!planned && !error);
  const missing = whyNot({ planned: Boolean(planned), reason, typed, wanted: action.typed, busy });

  const apply = async () => {
    if (missing) return;
    setBusy(true);
    setError(null);
    try {
      const revision = await carryOut(action, reason.trim(), seen.current);
      asked.value = null;
      notify({ tone: 'good', title: action.done, text: reason.trim(), ...(store.get(action.cluster) ? { link: { label: 'Follow the rollout', to: { screen: 'rollout', cluster: action.cluster } } } : {}) });
      action.after?.(revision);
    } catch (thrown) {
      setError(heed(asApiError(thrown)));
    } finally {
      setBusy(false);
    }
  };
  useKeys([{ keys: 'mod+enter', says: 'Confirm', group: 'Dialog', always: true, run: () => void apply() }]);

  return (
    <Dialog
      title={action.title}
      onClose={close}
      onSubmit={() => void apply()}
      wide={Boolean(planned?.plan.services.some((s) => s.fields.length > 3 || s.fields.some((f) => f.running !== undefined)))}
      pinned={
        <>
          <div class="field">
            <label htmlFor="reason">Why?</label>
            {/* oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog was opened to type this */}
            <textarea id="reason" class="input" rows={2} value={reason} autoFocus placeholder="Kept with the change; others will read it" onInput={(e) => setReason(e.currentTarget.value)} />
          </div>
          {action.typed && (
            <div class="field">
              <label htmlFor="typed">Type <code>{action.typed}</code> to confirm</label>
              <input id="typed" class="input mono" autocomplete="off" spellcheck={false} value={typed} onInput={(e) => setTyped(e.currentTarget.value)} />
            </div>
          )}
        </>
      }
      footer={
        <>
          <span class="small mute">{missing && !busy ? missing : ''}</span>
          <div class="row">
            <Button onClick={close}>Cancel</Button>
            <Button type="submit" kind={action.danger ? 'danger' : 'primary'} why={missing}>{busy ? 'Working…' : action.verb}</Button>
          </div>
        </>
      }
    >
      {error && <ErrorBanner error={error} title={titleOf(error)} retry={() => setRound((n) => n + 1)} />}
      {action.note && <p class="soft">{action.note}</p>}
      {slow && <Skeleton rows={3} />}
      {planned && <ShownPlan planned={planned} action={action} />}
    </Dialog>
  );
}

function whyNot({ planned, reason, typed, wanted, busy }: { planned: boolean; reason: string; typed: string; wanted: string | undefined; busy: boolean }): string | null {
  if (busy) return 'Working…';
  if (connection.value !== 'live') return 'Not connected: what you see may be old';
  if (!planned) return 'The plan is not there yet';
  if (!reason.trim()) return 'A reason is missing';
  if (wanted && typed !== wanted) return `Type ${wanted} to confirm`;
  return null;
}

function titleOf(error: ApiError): string {
  if (error.status === 412) return 'Somebody was faster';
  if (error.status === 423) return 'The cluster is frozen';
  return 'That did not work';
}

function ShownPlan({ planned: { plan, from }, action }: { planned: NonNullable<Planned>; action: Action }) {
  const changed = plan.services.some((s) => s.action !== 'nothing');
  return (
    <div class="stack">
      {(changed || from === 'server') && <h3>{summary(plan.services)}{plan.estimateSeconds !== null && plan.estimateSeconds >= 1 && <span class="mute"> · about {duration(plan.estimateSeconds * 1000)}</span>}</h3>}
      {plan.services.length > 0 && <PlannedServices services={plan.services} running />}
      {plan.steps.length > 0 && (
        <details>
          <summary class="small">{plural(plan.steps.length, 'step')} in AWS</summary>
          <ol class="steps">{plan.steps.map((s, i) => <li key={i}>{s.text}</li>)}</ol>
        </details>
      )}
      {plan.notes.map((n, i) => <Banner key={i} tone="warn" icon="alert" title={n.message} />)}
      {from === 'page' && action.expected.length > 0 && <p class="hint">As this page expects it; the server shows no plan for this change.</p>}
    </div>
  );
}

async function planFor(action: Action, revision: string | null): Promise<Planned> {
  const page: Plan = { id: null, services: action.expected, steps: [], notes: [], unmanaged: [], estimateSeconds: null };
  const all: Plan[] = [];
  for (const each of action.calls) {
    if (!(await plans(each.method, each.template))) return { plan: page, from: 'page' };
    const { data } = await send(each, { dry_run: true }, '', revision);
    all.push(readPlan(data));
  }
  return { plan: together(all), from: 'server' };
}

/** Several changes shown as one: a service that one of them changes is shown as it changes there. */
function together(all: Plan[]): Plan {
  const services = new Map<string, Plan['services'][number]>();
  for (const plan of all) for (const s of plan.services) if (s.action !== 'nothing' || !services.has(s.name)) services.set(s.name, s);
  return {
    id: all[0]?.id ?? null,
    services: [...services.values()],
    steps: all.flatMap((p) => p.steps),
    notes: all.flatMap((p) => p.notes),
    unmanaged: all[0]?.unmanaged ?? [],
    estimateSeconds: all.some((p) => p.estimateSeconds !== null) ? all.reduce((sum, p) => sum + (p.estimateSeconds ?? 0), 0) : null,
  };
}

async function carryOut(action: Action, reason: string, revision: string | null): Promise<string | null> {
  let current = revision;
  for (const each of action.calls) current = (await send(each, {}, reason, current)).revision ?? current;
  return current;
}

function send(each: ActionCall, query: Record<string, boolean>, reason: string, revision: string | null) {
  const body = each.reasonIn && reason ? { ...(each.body as Json), [each.reasonIn]: reason } : each.body;
  return call<Json>(each.target, {
    method: each.method,
    query: { ...each.query, ...query, message: reason },
    ifMatch: revision,
    ...(each.yaml === undefined ? {} : { yaml: each.yaml }),
    ...(body === undefined ? {} : { body: each.reasonIn && !reason ? { ...(body as Json), [each.reasonIn]: 'plan' } : body }),
  });
}

