import { useEffect, useState } from 'preact/hooks';
import { asked, rollback, shortRevision } from '../app/actions';
import { useRead } from '../app/read';
import { go, hindrance, route } from '../app/state';
import { readDiff, summary } from '../lib/changes';
import type { Json } from '../lib/model';
import { call, path } from '../lib/rest';
import { readRevisions, type Revision } from '../lib/revisions';
import type { ClusterEntry } from '../lib/store';
import { Badge } from '../ui/badge';
import { Button } from '../ui/button';
import { PlannedServices } from '../ui/fields';
import { Menu } from '../ui/menu';
import { Empty, ErrorBanner, Failed, Skeleton } from '../ui/states';
import { Ago } from '../ui/time';
import { ClusterFrame } from './frame';

/** Who changed what, when and why; any two revisions compared; back to any of them. */
export function HistoryScreen({ entry, from, to }: { entry: ClusterEntry; from: string | null; to: string | null }) {
  const { name } = entry;
  const current = entry.summary.value.revision;
  const [older, setOlder] = useState<Revision[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const reading = useRead<Json>(`history ${name} ${current}`, (signal) => call(path('clusters', name, 'revisions'), { signal }));
  const page = reading.data && readRevisions(reading.data);
  const more = useRead<Json>(cursor ? `older ${cursor}` : null, (signal) => call(path('clusters', name, 'revisions'), { signal, query: { after: cursor } }));
  useEffect(() => {
    if (more.data) setOlder((o) => [...o, ...readRevisions(more.data!).revisions.filter((r) => !o.some((known) => known.id === r.id))]);
  }, [more.data]);
  const revisions = [...(page?.revisions ?? []), ...older];
  const next = more.data ? readRevisions(more.data).next : (page?.next ?? null);
  return (
    <ClusterFrame entry={entry} page="history">
      {reading.error && <Failed error={reading.error} retry={reading.again} />}
      {!page && reading.slow && <Skeleton rows={8} />}
      {page && !revisions.length && <Empty icon="history" title="No history">The bucket keeps no versions of {name}.</Empty>}
      {to && <Compared cluster={name} from={from} to={to} revisions={revisions} />}
      {revisions.length > 0 && (
        <section class="panel" aria-label="Revisions, newest first">
          <header><h2>Revisions</h2>{page?.note && <span class="small mute">{page.note}</span>}</header>
          <ol class="timeline">
            {revisions.map((r, i) => <Entry key={r.id} entry={entry} revision={r} before={revisions[i + 1] ?? null} current={r.id === current} chosen={to === r.id || from === r.id} />)}
          </ol>
          {next && <p class="row" style={{ justifyContent: 'center', padding: '12px' }}><Button onClick={() => setCursor(next)}>{more.slow ? 'Reading…' : 'Older revisions'}</Button></p>}
          {more.error && <ErrorBanner error={more.error} retry={more.again} />}
        </section>
      )}
    </ClusterFrame>
  );
}

function Entry({ entry, revision, before, current, chosen }: { entry: ClusterEntry; revision: Revision; before: Revision | null; current: boolean; chosen: boolean }) {
  const { name } = entry;
  const compare = (from: string | null, to: string) => go({ screen: 'history', cluster: name, from, to });
  const at = route.value;
  const start = at.screen === 'history' ? at.to : null;
  return (
    <li data-chosen={chosen}>
      <span class="avatar" aria-hidden="true">{(revision.by ?? '?').replace(/^\w+:/, '').slice(0, 1)}</span>
      <div class="change">
        <div class="row">
          <strong>{revision.message ?? revision.summary ?? (revision.by ? 'No reason given' : 'Changed by another program')}</strong>
          {current && <Badge tone="good" icon="check">Stored now</Badge>}
        </div>
        {revision.message && revision.summary && <span class="small soft">{revision.summary}</span>}
        <span class="small mute">{revision.by ?? 'external'} · <Ago at={revision.at} /> · <span class="revision">{shortRevision(revision.id)}</span></span>
      </div>
      <div class="row">
        <Button why={before ? null : 'It is the oldest one that is shown'} onClick={() => before && compare(before.id, revision.id)}>Changes</Button>
        <Menu
          label={`Actions for revision ${shortRevision(revision.id)}`}
          items={[
            { label: 'Compare with the one stored now', icon: 'drift', run: () => compare(revision.id, entry.summary.peek().revision ?? revision.id), why: current ? 'It is the one stored now' : null },
            ...(start && start !== revision.id ? [{ label: `Compare with ${shortRevision(start)}`, icon: 'drift' as const, run: () => compare(revision.id, start) }] : []),
            { label: 'Edit from this revision', icon: 'edit', run: () => go({ screen: 'stackfile', cluster: name, revision: revision.id }) },
            { label: 'Roll back to this revision', icon: 'undo', run: () => (asked.value = rollback(name, revision.id)), why: current ? 'It is the one stored now' : hindrance('POST', '/clusters/{c}/rollback', name) },
          ]}
        />
      </div>
    </li>
  );
}

function Compared({ cluster, from, to, revisions }: { cluster: string; from: string | null; to: string; revisions: readonly Revision[] }) {
  const before = from ?? revisions[revisions.findIndex((r) => r.id === to) + 1]?.id ?? null;
  const reading = useRead<Json>(before || !from ? `diff ${cluster} ${before} ${to}` : null, (signal) => call(path('clusters', cluster, 'revisions', to, 'diff'), { signal, query: { against: before } }));
  const services = reading.data && readDiff(reading.data);
  const close = () => go({ screen: 'history', cluster, from: null, to: null });
  return (
    <section class="stack" aria-label="Comparison">
      <div class="spread">
        <h2>{services ? summary(services) : 'Comparison'} <span class="mute small"><span class="revision">{shortRevision(before)}</span> → <span class="revision">{shortRevision(to)}</span></span></h2>
        <Button kind="quiet" icon="cross" label="Close the comparison" onClick={close} />
      </div>
      {reading.error && <ErrorBanner error={reading.error} retry={reading.again} />}
      {!services && reading.slow && <Skeleton rows={4} />}
      {services && (services.length ? <PlannedServices services={services} open={10} /> : <p class="hint">The two are the same in every field.</p>)}
    </section>
  );
}
