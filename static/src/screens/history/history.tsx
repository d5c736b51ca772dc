import { useEffect, useState } from 'preact/hooks';
import { useRead } from '../../app/read';
import { go } from '../../app/state';
import { plural } from '../../lib/changes';
import type { Json } from '../../lib/model';
import { call, path } from '../../lib/rest';
import { dotOf, readRevisions, type Revision, ticked, timeline } from '../../lib/revisions';
import type { ClusterEntry } from '../../lib/store';
import { shortRevision } from '../../app/actions';
import { Button } from '../../ui/button';
import { Segments } from '../../ui/segments';
import { Empty, ErrorBanner, Failed, Skeleton } from '../../ui/states';
import { Comparison } from '../comparison';
import { ClusterFrame } from '../frame';
import { FreezeBand, PlannedFreezes } from './freeze-band';
import { OneService } from './one-service';
import { RevisionEntry } from './revision-entry';
import '../../styles/history.css';

type Shown = 'all' | 'deployments' | 'failures';

/** Who changed what, when and why; any two revisions compared; back to any of them. */
export function HistoryScreen({ entry, from, to }: { entry: ClusterEntry; from: string | null; to: string | null }) {
  const { name } = entry;
  const current = entry.summary.value.revision;
  const [older, setOlder] = useState<Revision[]>([]);
  const [rolled, setRolled] = useState<Revision | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [shown, setShown] = useState<Shown>('all');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const reading = useRead<Json>(`history ${name} ${current} ${endingsOf(entry)}`, (signal) =>
    call(path('clusters', name, 'revisions'), { signal }),
  );
  const page = reading.data && readRevisions(reading.data);
  const more = useRead<Json>(cursor ? `older ${cursor}` : null, (signal) =>
    call(path('clusters', name, 'revisions'), { signal, query: { after: cursor } }),
  );
  useEffect(() => {
    if (more.data)
      setOlder((o) => [
        ...o,
        ...readRevisions(more.data!).revisions.filter((r) => !o.some((known) => known.id === r.id)),
      ]);
  }, [more.data]);
  const newest = page?.revisions ?? [];
  const revisions = [...newest, ...older.filter((r) => !newest.some((known) => known.id === r.id))];
  const next = more.data ? readRevisions(more.data).next : (page?.next ?? null);
  const failures = revisions.filter((revision) => dotOf(revision) === 'failed').length;
  const items = timeline(revisions, SHOWS[shown], (at) => DAY.format(at));
  return (
    <ClusterFrame entry={entry} page="history">
      {reading.error && <Failed error={reading.error} retry={reading.again} />}
      {!page && reading.slow && <Skeleton rows={8} />}
      {page && !revisions.length && (
        <Empty icon="history" title="No history">
          The bucket keeps no versions of {name}.
        </Empty>
      )}
      {to && <Comparison cluster={name} from={from} to={to} revisions={revisions} />}
      {revisions.length > 0 && (
        <section class="panel" aria-label="Revisions, newest first">
          <header>
            <h2>Revisions</h2>
            {page?.note && <span class="small mute">{page.note}</span>}
            <div class="row comparing">
              <Segments
                label="Show"
                value={shown}
                choices={[
                  ['all', 'All'],
                  ['deployments', 'Deployments'],
                  ['failures', `Failures ${failures}`],
                ]}
                onChange={setShown}
              />
              <CompareTicked cluster={name} chosen={chosen} revisions={revisions} />
            </div>
          </header>
          <ol class="timeline">
            {shown === 'all' && <PlannedFreezes windows={entry.summary.value.freezeWindows} />}
            {items.map((item) =>
              item.kind === 'day' ? (
                <li key={item.key} class="day">
                  {item.at === null ? 'Unknown day' : DAY.format(item.at)}
                </li>
              ) : item.kind === 'freeze' ? (
                <FreezeBand key={item.key} frozen={item.frozen} />
              ) : (
                <RevisionEntry
                  key={item.key}
                  entry={entry}
                  revision={item.revision}
                  before={item.before}
                  current={item.revision.id === current}
                  shown={to === item.revision.id || from === item.revision.id}
                  ticked={chosen.includes(item.revision.id)}
                  tick={() => setChosen(ticked(chosen, item.revision.id))}
                  rollBackService={() => setRolled(item.revision)}
                />
              ),
            )}
          </ol>
          {!items.some((item) => item.kind === 'revision') && (
            <p class="body soft">No such revision among the {plural(revisions.length, 'revision')} loaded.</p>
          )}
          {next && (
            <p class="row" style={{ justifyContent: 'center', padding: '12px' }}>
              <Button onClick={() => setCursor(next)}>{more.slow ? 'Reading…' : 'Older revisions'}</Button>
            </p>
          )}
          {more.error && <ErrorBanner error={more.error} retry={more.again} />}
        </section>
      )}
      {rolled && <OneService entry={entry} revision={rolled} onClose={() => setRolled(null)} />}
    </ClusterFrame>
  );
}

const SHOWS: Record<Shown, (revision: Revision) => boolean> = {
  all: () => true,
  deployments: (revision) => !revision.guardsOnly,
  failures: (revision) => dotOf(revision) === 'failed',
};

/** What the outcomes in the list depend on: the history is read again when a rollout ends, also a former one. */
function endingsOf(entry: ClusterEntry): string {
  const { rollingOut, failed } = entry.counts.value;
  const { rollouts } = entry.summary.value;
  return [rollingOut > 0, failed, ...rollouts.map(({ revision, ending }) => `${revision} ${ending}`)].join(' ');
}

/** Leads to the comparison of the two ticked revisions. */
function CompareTicked({
  cluster,
  chosen,
  revisions,
}: {
  cluster: string;
  chosen: readonly string[];
  revisions: readonly Revision[];
}) {
  // The list has the newest first.
  const [newer, older] = revisions.filter((revision) => chosen.includes(revision.id)).map(({ id }) => id);
  return (
    <>
      {chosen.length > 0 && (
        <span class="small soft" role="status">
          <b>{chosen.length}</b> selected: {chosen.map(shortRevision).join(' and ')}
        </span>
      )}
      <Button
        kind={newer && older ? 'primary' : 'plain'}
        why={newer && older ? null : 'Tick two revisions'}
        onClick={() => go({ screen: 'history', cluster, from: older!, to: newer! })}
      >
        Compare
      </Button>
    </>
  );
}

const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
