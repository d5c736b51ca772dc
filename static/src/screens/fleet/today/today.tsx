import { useMemo } from 'preact/hooks';
import { minute, store } from '../../../app/state';
import { plural } from '../../../lib/changes';
import type { Json } from '../../../lib/model';
import { clusterRoute } from '../../../lib/router';
import { sameList, stable } from '../../../lib/stable';
import {
  chooseRows,
  countsInWords,
  dayAt,
  type DayRow,
  type DayTick,
  hoursOf,
  placeOn,
  rowsOf,
  totalOf,
} from '../../../lib/today';
import { Link } from '../../../ui/button';
import { TimeOfDay, timeOfDay } from '../../../ui/time';
import type { FleetState } from '../order';
import { useEntries } from './entries';
import '../../../styles/today.css';

const MOST_ROWS = 12;

/** From here on the clock is on the left of its line. */
const LATE = 92;

/** The deployments of today of each cluster on the wall, on one line of 24 hours. */
export function Today({ fleet, activity }: { fleet: FleetState; activity: Json }) {
  const now = minute.value;
  const start = dayAt(now).start;
  const day = useMemo(() => dayAt(start), [start]);
  const entries = useEntries(activity, start);
  const { names, frozen } = useMemo(() => clustersOf(fleet), [fleet]);
  const clusters = names.value.map((name, i) => ({ name, frozenSince: frozen.value[i] ?? null }));
  const rows = rowsOf(entries, clusters, day, now);
  const { shown, others } = chooseRows(rows, MOST_ROWS);
  const left = placeOn(day, now);
  return (
    <section class="today" aria-label="Deployments today">
      <h2>
        Today <span>{countsInWords(totalOf(rows), ' · ')}</span>
      </h2>
      <div class="day" style={{ '--now': left / 100, '--rows': shown.length }}>
        <ul>
          {shown.map((row) => (
            <Row key={row.cluster} row={row} />
          ))}
        </ul>
        <p class="nowline" data-late={left > LATE}>
          <TimeOfDay at={now} />
        </p>
        <p class="hours" aria-hidden="true">
          {hoursOf(day).map((at) => (
            <span key={at} style={{ left: `${placeOn(day, at)}%` }}>
              {timeOfDay(at)}
            </span>
          ))}
        </p>
      </div>
      {others.length > 0 && (
        <p class="small soft">
          {plural(others.length, 'more cluster')} · {countsInWords(totalOf(others), ' · ')}
        </p>
      )}
    </section>
  );
}

/** The clusters on the wall that the filter leaves, in its order, and since when each is frozen. */
function clustersOf(fleet: FleetState) {
  const names = stable(() => {
    const shown = new Set(fleet.shown.value);
    return fleet.wall.value.groups.flatMap(({ entries }) =>
      entries.map(({ name }) => name).filter((name) => shown.has(name)),
    );
  }, sameList);
  const frozen = stable(
    () =>
      names.value.map((name) => {
        const freeze = store.get(name)?.summary.value.frozen;
        return freeze ? (freeze.at ?? 0) : null;
      }),
    sameList,
  );
  return { names, frozen };
}

function Row({ row: { cluster, ticks, freezes, counts } }: { row: DayRow }) {
  const words = `${cluster}: ${countsInWords(counts)}${freezes.length ? ', frozen' : ''}`;
  return (
    <li>
      <Link to={clusterRoute(cluster)} title={cluster}>
        <bdi>{cluster}</bdi>
      </Link>
      <span class="ticks" role="img" aria-label={words}>
        {freezes.map(({ left, right }) => (
          <i key={left} class="freeze" style={{ left: `${left}%`, right: `${right}%` }} />
        ))}
        {ticks.map((tick) => (
          <i
            key={`${tick.kind} ${tick.left}`}
            class="tick"
            data-kind={tick.kind}
            style={{ left: `${tick.left}%` }}
            title={titleOf(tick)}
          />
        ))}
      </span>
    </li>
  );
}

const ENDINGS: Partial<Record<DayTick['kind'], string>> = { failed: 'failed', back: 'rolled back' };

/** `10:22 · catalog-api: image v1 → v2 · ci · failed`, a line for each deployment. */
function titleOf({ kind, deployments }: DayTick): string {
  return deployments
    .map(({ at, summary, by }) => [timeOfDay(at), summary, by, ENDINGS[kind]].filter(Boolean).join(' · '))
    .join('\n');
}
