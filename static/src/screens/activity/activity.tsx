import { useEffect, useState } from 'preact/hooks';
import { happeningsOf, useActivity } from '../../app/activity';
import { useRead } from '../../app/read';
import { inAccount } from '../../app/accounts';
import { adjust, described, now, offered, store } from '../../app/state';
import { type Happening, isDeployment, keyOf, readActivity, together } from '../../lib/activity';
import { periodOf } from '../../lib/delivery';
import type { Json } from '../../lib/model';
import { placeOf } from '../../lib/place';
import { call, type Call } from '../../lib/rest';
import { type ActivityRoute, activityRoute, format } from '../../lib/router';
import { Button } from '../../ui/button';
import { Empty, ErrorBanner, Failed, Skeleton } from '../../ui/states';
import { ActivityRow } from './activity-row';
import { DeliveryFigures } from './figures';
import { Filters } from './filters';
import '../../styles/activity.css';

const PAGE = 100;

/** What happened in all clusters: by cluster, person, service, kind and date, with the delivery figures of the period. */
export function ActivityScreen({ at }: { at: ActivityRoute }) {
  const available = !described.value || offered('GET', '/activity');
  const [people, setPeople] = useState<readonly string[]>([]);
  const meet = (names: readonly string[]) => setPeople((known) => [...new Set([...known, ...names])].toSorted());
  return (
    <>
      <div class="pagehead">
        <h1>Activity</h1>
      </div>
      {available ? (
        <>
          <Filters at={at} people={people} clusters={store.names.value.filter((name) => inAccount(name, at.account))} />
          <DeliveryFigures at={at} />
          <Entries key={format(at)} at={at} onPeople={meet} />
        </>
      ) : (
        <Empty icon="history" title="Not available on this server">
          The history of each cluster is on its own page.
        </Empty>
      )}
    </>
  );
}

function Entries({ at, onPeople }: { at: ActivityRoute; onPeople: (names: readonly string[]) => void }) {
  const query = queryOf(at);
  const reading = useActivity({ ...query, limit: PAGE });
  const [older, setOlder] = useState<readonly Happening[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const more = useRead<Json>(cursor && `older ${cursor}`, (signal) =>
    call('/activity', { signal, query: { ...query, limit: PAGE, after: cursor } }),
  );
  useEffect(() => {
    if (more.data) setOlder((known) => together(readActivity(more.data!).happenings, known));
  }, [more.data]);
  // What a new entry pushes off the first page stays on the page.
  useEffect(() => {
    if (!reading.data) return;
    const fresh = happeningsOf(reading);
    setOlder((known) => together(fresh, known));
    onPeople(fresh.flatMap((happening) => happening.by ?? []));
  }, [reading.data]);
  const happenings = together(happeningsOf(reading), older);
  const filtered = format(at) !== format(activityRoute());
  const next = more.data ? readActivity(more.data).next : reading.data ? readActivity(reading.data).next : null;
  return (
    <>
      {reading.error && <Failed error={reading.error} retry={reading.again} />}
      {!reading.data && reading.slow && <Skeleton rows={8} />}
      {reading.data && !happenings.length && !next && (
        <Empty
          icon="history"
          title="No activity"
          actions={filtered && <Button onClick={() => adjust({ ...activityRoute() })}>Clear the filter</Button>}
        >
          {filtered ? 'No entry matches the filter.' : 'Changes of all clusters appear here.'}
        </Empty>
      )}
      {days(happenings).map(([day, entries]) => (
        <section key={day} class="panel activity" aria-label={day}>
          <header>
            <h2>{day}</h2>
            <span class="small soft">{inWords(entries)}</span>
          </header>
          <ol>
            {entries.map((happening) => (
              <ActivityRow key={keyOf(happening)} happening={happening} />
            ))}
          </ol>
        </section>
      ))}
      {more.error && <ErrorBanner error={more.error} retry={more.again} />}
      {next && (
        <p class="row older">
          <Button onClick={() => setCursor(next)}>{more.slow ? 'Reading…' : 'Older entries'}</Button>
        </p>
      )}
    </>
  );
}

function queryOf(at: ActivityRoute): NonNullable<Call['query']> {
  const { since, until } = periodOf(at.since, at.until, now.peek());
  return {
    ...placeOf(at.account),
    by: at.by,
    cluster: at.within,
    service: at.service && `*${at.service}*`,
    kind: at.kind,
    since: at.since ? since : '',
    until: at.until ? until : '',
  };
}

/** `17 deployed, 1 failed, 1 rolled back`. */
function inWords(entries: readonly Happening[]): string {
  const deployed = entries.filter(isDeployment);
  const counts: [number, string][] = [
    [deployed.length, 'deployed'],
    [deployed.filter((entry) => entry.outcome?.failed).length, 'failed'],
    [deployed.filter((entry) => entry.verb === 'rollback').length, 'rolled back'],
    [entries.filter((entry) => entry.kind === 'refusal').length, 'refused'],
  ];
  return counts
    .filter(([n]) => n)
    .map(([n, word]) => `${n} ${word}`)
    .join(', ');
}

const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

function days(happenings: readonly Happening[]): [string, Happening[]][] {
  const byDay = new Map<string, Happening[]>();
  for (const happening of happenings) {
    const day = DAY.format(happening.at);
    const entries = byDay.get(day);
    if (entries) entries.push(happening);
    else byDay.set(day, [happening]);
  }
  return [...byDay];
}
