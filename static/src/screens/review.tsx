import { useMemo, useState } from 'preact/hooks';
import { shortRevision } from '../app/actions';
import { useKeys } from '../app/keyboard';
import { useRead } from '../app/read';
import { connection, drafts, go, heed, hindrance, notify, plans } from '../app/state';
import { type Plan, plural, readPlan, summary } from '../lib/changes';
import type { Draft } from '../lib/drafts';
import type { Json } from '../lib/model';
import { type Answer, type ApiError, asApiError, call, path } from '../lib/rest';
import type { ClusterEntry } from '../lib/store';
import { duration } from '../lib/time';
import { Button, Link } from '../ui/button';
import { PlannedServices, TextDiff } from '../ui/fields';
import { Banner, Empty, ErrorBanner, Skeleton } from '../ui/states';

/** What applying a draft would do; then why, and the button. */
export function ReviewScreen({ entry }: { entry: ClusterEntry }) {
  const draft = useMemo(() => drafts.get(entry.name), [entry.name]);
  if (!draft || draft.text === draft.base) {
    return (
      <Empty page icon="file" title="Nothing to review" actions={<Button kind="primary" icon="edit" onClick={() => go({ screen: 'stackfile', cluster: entry.name, revision: null })}>Edit the stackfile</Button>}>
        There is no draft for {entry.name} in this browser.
      </Empty>
    );
  }
  const overtaken = entry.summary.value.revision !== null && draft.revision !== null && entry.summary.value.revision !== draft.revision;
  return <Review draft={draft} cluster={entry.name} overtaken={overtaken ? (entry.summary.value.by ?? 'Another program') : null} />;
}

async function planOf(cluster: string, draft: Draft, prune: boolean, signal: AbortSignal): Promise<Answer<{ plan: Plan | null }>> {
  const target = path('clusters', cluster, 'config');
  if (!(await plans('PUT', '/clusters/{c}/config'))) {
    await call('/stackfiles/validate', { method: 'POST', yaml: draft.text, query: { cluster }, signal });
    return { data: { plan: null }, revision: null, status: 200 };
  }
  const answer = await call<Json>(target, { method: 'PUT', yaml: draft.text, ifMatch: draft.revision, query: { dry_run: true, prune }, signal });
  return { ...answer, data: { plan: readPlan(answer.data) } };
}

function Review({ draft, cluster, overtaken }: { draft: Draft; cluster: string; overtaken: string | null }) {
  const [reason, setReason] = useState('');
  const [tab, setTab] = useState<'fields' | 'text'>('fields');
  const [prune, setPrune] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const reading = useRead(`plan ${draft.revision} ${prune}`, (signal) => planOf(cluster, draft, prune, signal));
  const plan = reading.data?.plan ?? null;
  const why = overtaken
    ? `${overtaken} was faster: merge first`
    : (hindrance('PUT', '/clusters/{c}/config', cluster) ?? (reading.error ? 'There is no plan' : !reading.data ? 'The plan is not there yet' : busy ? 'Applying…' : !reason.trim() ? 'A reason is missing' : null));
  const apply = async () => {
    if (why) return;
    setBusy(true);
    setError(null);
    try {
      await call(path('clusters', cluster, 'config'), { method: 'PUT', yaml: draft.text, ifMatch: draft.revision, query: { message: reason.trim(), prune: prune || null, plan: plan?.id } });
      drafts.drop(cluster);
      notify({ tone: 'good', title: `${cluster} is being deployed`, text: reason.trim() });
      go({ screen: 'rollout', cluster });
    } catch (thrown) {
      setError(heed(asApiError(thrown)));
      setBusy(false);
    }
  };
  useKeys([{ keys: 'mod+enter', says: 'Apply', group: 'Review', always: true, run: () => void apply() }]);
  return (
    <>
      <div class="pagehead">
        <div>
          <h1>{plan ? summary(plan.services) : `Review the draft for ${cluster}`}</h1>
          <p class="about">Made from <span class="revision">{shortRevision(draft.revision)}</span>{plan?.steps.length ? <> · {plural(plan.steps.length, 'step')} in AWS</> : null}{plan?.estimateSeconds && plan.estimateSeconds >= 1 ? <> · about {duration(plan.estimateSeconds * 1000)}</> : null}</p>
        </div>
        <div class="row"><Button icon="edit" onClick={() => go({ screen: 'stackfile', cluster, revision: null })}>Back to the editor</Button></div>
      </div>
      {overtaken && <Banner tone="warn" icon="alert" title={`${overtaken} changed ${cluster} after this draft was begun`} actions={<Link to={{ screen: 'stackfile', cluster, revision: null }}>See both and merge</Link>}>Nothing can be lost: the draft is refused until it is merged.</Banner>}
      {error && <ErrorBanner error={error} title={error.status === 412 ? 'Somebody was faster; nothing was changed' : 'It was not applied; nothing was changed'} />}
      {reading.error && <ErrorBanner error={reading.error} title="There is no plan" retry={reading.again} />}
      {connection.value !== 'live' && <Banner tone="warn" icon="alert" title="Not connected">It can be read, and applied once the connection is back.</Banner>}
      <div class="tabs" role="tablist" aria-label="How to show the changes">
        {(['fields', 'text'] as const).map((t) => <button key={t} type="button" role="tab" aria-selected={tab === t} aria-controls="review-panel" onClick={() => setTab(t)}>{t === 'fields' ? 'By service' : 'As text'}</button>)}
      </div>
      <div id="review-panel" role="tabpanel" aria-label="Changes" class="stack">
        {tab === 'text' ? (
          <div class="panel"><TextDiff before={draft.base} after={draft.text} label="The stored stackfile against the draft" /></div>
        ) : (
          <>
            {reading.slow && !reading.data && <Skeleton rows={5} />}
            {plan && plan.services.length > 0 && <PlannedServices services={plan.services} running />}
            {reading.data && !plan && <div class="panel"><p class="hint" style={{ padding: '16px' }}>This server shows no plan for a whole stackfile. What differs as text:</p><TextDiff before={draft.base} after={draft.text} label="The stored stackfile against the draft" /></div>}
            {plan?.notes.map((n, i) => <Banner key={i} tone="warn" icon="alert" title={n.message} />)}
            {plan && plan.unmanaged.length > 0 && (
              <Banner tone="mute" icon="question" title={`${plural(plan.unmanaged.length, 'service')} will go on running without being managed`}>
                <p>{plan.unmanaged.join(', ')}</p>
                <label class="row"><input type="checkbox" checked={prune} onChange={(e) => setPrune(e.currentTarget.checked)} /> Destroy what the stackfile leaves out</label>
              </Banner>
            )}
            {plan && plan.steps.length > 0 && (
              <details class="panel planned">
                <summary><strong>{plural(plan.steps.length, 'step')} in AWS</strong></summary>
                <ol class="steps" style={{ padding: '6px 16px' }}>{plan.steps.map((s, i) => <li key={i}>{s.text}</li>)}</ol>
              </details>
            )}
          </>
        )}
      </div>
      <section class="panel" aria-label="Apply">
        <div class="body stack">
          <div class="field">
            <label htmlFor="review-reason">Why?</label>
            <textarea id="review-reason" class="input" rows={2} placeholder="Kept with the revision; others will read it" value={reason} onInput={(e) => setReason(e.currentTarget.value)} />
          </div>
          <div class="spread"><span class="small mute">{why ?? 'Ctrl Enter applies'}</span><Button kind="primary" icon="rocket" why={why} onClick={() => void apply()}>{busy ? 'Applying…' : 'Apply'}</Button></div>
        </div>
      </section>
    </>
  );
}
