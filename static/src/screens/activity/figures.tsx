import { useState } from 'preact/hooks';
import { useFigures } from '../../app/activity';
import { now, offered } from '../../app/state';
import { plural } from '../../lib/changes';
import {
  comparedWith,
  daysIn,
  type Figures,
  type Grouping,
  type Period,
  periodBefore,
  periodOf,
  readDays,
  readGroups,
  readTotal,
  short,
  span,
  type Spread,
} from '../../lib/delivery';
import { placeOf } from '../../lib/place';
import { address, type Call } from '../../lib/rest';
import type { ActivityRoute } from '../../lib/router';
import { ErrorBanner } from '../../ui/states';
import { Segments } from '../../ui/segments';
import { DayBars } from './day-bars';

type Query = NonNullable<Call['query']>;

/** The four delivery figures of the period, deployments a day, and the same by cluster, service or week. */
export function DeliveryFigures({ at }: { at: ActivityRoute }) {
  const period = periodOf(at.since, at.until, now.peek());
  const scope = { ...placeOf(at.account), cluster: at.within, service: at.service && `*${at.service}*` };
  const query = { ...scope, since: period.since, until: period.until };
  const before = periodBefore(period);
  const reading = useFigures(query);
  const former = useFigures({ ...scope, since: before.since, until: before.until });
  const byDay = useFigures({ ...query, group: 'day' });
  if (!offered('GET', '/stats/deployments')) return null;
  if (reading.error)
    return <ErrorBanner error={reading.error} title="Couldn't read the figures" retry={reading.again} />;
  if (!reading.data) return null;
  const figures = readTotal(reading.data);
  return (
    <section class="panel delivery" aria-label="Delivery figures">
      <Four figures={figures} former={former.data && readTotal(former.data)} days={daysIn(period)} />
      {byDay.data && <DayBars days={readDays(byDay.data, period.first, period.last)} />}
      {at.by && <p class="small mute">Figures and bars count the deployments of everyone.</p>}
      <Breakdown query={query} period={period} />
    </section>
  );
}

function Four({ figures, former, days }: { figures: Figures; former: Figures | null; days: number }) {
  const { deployments, failed, failureRate, leadTime, timeToRestore } = figures;
  return (
    <dl class="four">
      <Figure
        name="Deployments"
        value={short(figures.perDay)}
        unit="a day"
        note={
          former?.deployments
            ? comparedWith(figures.perDay, former.perDay, days)
            : `${deployments} in ${plural(days, 'day')}`
        }
      />
      <Figure
        name="Lead time"
        {...spanOf(leadTime)}
        note={leadTime ? `push to live, median of ${leadTime.count}` : 'no push of an image is known'}
      />
      <Figure
        name="Failed"
        value={failureRate === null ? '–' : short(failureRate * 100)}
        unit={failureRate === null ? '' : '%'}
        note={`${failed} of ${deployments + failed}`}
      />
      <Figure
        name="Time to restore"
        {...spanOf(timeToRestore)}
        note={timeToRestore ? `median of ${timeToRestore.count}` : 'nothing to restore'}
      />
    </dl>
  );
}

function spanOf(spread: Spread | null): { value: string; unit: string } {
  return spread ? span(spread.median) : { value: '–', unit: '' };
}

function Figure({ name, value, unit, note }: { name: string; value: string; unit: string; note: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b>{value}</b> {unit}
      </dd>
      <dd class="small soft">{note}</dd>
    </div>
  );
}

const GROUPINGS: [Grouping, string][] = [
  ['cluster', 'Cluster'],
  ['service', 'Service'],
  ['week', 'Week'],
];

/** The figures of each cluster, service or week, and as a file. */
function Breakdown({ query, period }: { query: Query; period: Period }) {
  const [open, setOpen] = useState(false);
  const [by, setBy] = useState<Grouping>('cluster');
  return (
    <details onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>By cluster, service or week</summary>
      <div class="row">
        <Segments label="Figures by" value={by} choices={GROUPINGS} onChange={setBy} />
        <a
          class="button"
          href={address('/stats/deployments', { ...query, group: by, format: 'csv' })}
          download={`deployments-${by}-${period.first}-${period.last}.csv`}
        >
          Download CSV
        </a>
      </div>
      {open && <Table key={by} query={{ ...query, group: by }} by={by} />}
    </details>
  );
}

function Table({ query, by }: { query: Query; by: Grouping }) {
  const { data } = useFigures(query);
  const rows = data ? readGroups(data, by) : [];
  const inWords = (spread: Spread | null) => Object.values(spanOf(spread)).join(' ');
  if (data && !rows.length) return <p class="soft">No deployment ended in this period.</p>;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, also by keyboard
    <div class="figuretable" role="region" aria-label={`Figures by ${by}`} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {[by, 'Deployments', 'A day', 'Failed', 'Lead time', 'Time to restore'].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, figures]) => (
            <tr key={name}>
              <th scope="row">
                <bdi>{name}</bdi>
              </th>
              <td>{figures.deployments}</td>
              <td>{short(figures.perDay)}</td>
              <td data-bad={figures.failed > 0}>
                {figures.failed} ({short((figures.failureRate ?? 0) * 100)} %)
              </td>
              <td>{inWords(figures.leadTime)}</td>
              <td>{inWords(figures.timeToRestore)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
