/** A change on its way: planned first, made only as it was planned. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { APPROVAL, isSamePlan, type Plan, readPlan, withRunningImages } from '../lib/changes';
import { type Freeze, type Json, readFreeze } from '../lib/model';
import { type Answer, ApiError, asApiError, call } from '../lib/rest';
import { type Action, asked } from './actions';
import { opened } from './menus';
import type { Override } from './override';
import { announceProposal } from './proposals';
import { connection, heed, imageThatRuns, notify, store } from './state';

export interface Change {
  plan: Plan | null;
  /** True once what was planned is no longer what would be done. */
  moved: boolean;
  /** The freeze that refused it, where the page did not know of it. */
  refusedBy: Freeze | null;
  error: ApiError | null;
  busy: boolean;
  again: () => void;
  apply: (reason: string, override: Override) => Promise<void>;
}

const NO_PLAN = readPlan({});

/** Plans an action, and carries out what was planned, and nothing else. */
export function useChange(action: Action): Change {
  const [plan, setPlan] = useState<Plan | null>(action.guardsOnly ? NO_PLAN : null);
  const [moved, setMoved] = useState(false);
  const [refusedBy, setRefusedBy] = useState<Freeze | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const [round, setRound] = useState(0);

  const shown = useRef<Plan | null>(plan);
  const show = (now: Plan) => {
    if (shown.current && !isSamePlan(shown.current, now)) setMoved(true);
    shown.current = now;
    setPlan(now);
  };

  // A revision that is stored meanwhile is planned upon at once.
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
      opened.value = null;
      if (announceProposal(done.data, action.title)) return;
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
      if (!isSamePlan(planned, plan)) return null;
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

export function whyNot({
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
  if (!planned) return 'Planning…';
  if (!reason.trim()) return 'Enter a reason';
  if (wanted && typed !== wanted) return `Type ${wanted} to confirm`;
  return null;
}

/** What would refuse it, a freeze aside: nothing here can be confirmed against that. */
export function refusedAnyway(plan: Plan | null): string | null {
  const blocks = (code: string | null) => code !== null && code !== 'frozen' && code !== APPROVAL;
  return plan?.notes.some(({ code }) => blocks(code)) ? 'Blocked: see above' : null;
}
