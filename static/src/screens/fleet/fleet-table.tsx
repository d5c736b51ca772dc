import { accountParts } from '../../app/accounts';
import { plural } from '../../lib/changes';
import { concern } from '../../lib/model';
import { failingSince } from '../../lib/incident';
import { serviceMark } from '../../lib/marks';
import { clusterRoute } from '../../lib/router';
import type { ClusterEntry } from '../../lib/store';
import { driftInShort, rolloutOf, tileState } from '../../lib/wall';
import { Link } from '../../ui/button';
import { Clock } from '../../ui/clock';
import { UserText } from '../../ui/text';
import { Ago } from '../../ui/time';
import { type Hiding, useHidden } from '../hiding';
import { usePieces, useSameElements } from '../rows';
import { LastWhat } from './last-deployment';
import { type FleetState, isEmpty } from './order';
import { ServiceSquares } from './service-squares';
import { Unmanaged } from './unmanaged';

const COLUMNS = ['Cluster', 'Services', 'State', 'Last deployment'];
const MOST_SQUARES = 24;

/** The clusters as rows: the second view of the fleet. */
export function FleetTable({ fleet }: { fleet: FleetState }) {
  const { groups } = fleet.wall.value;
  const element = useSameElements((entry: ClusterEntry) => (
    <Row key={entry.name} entry={entry} hiding={fleet.hiding} />
  ));
  let left = usePieces(groups.reduce((sum, { entries }) => sum + entries.length, 0));
  return (
    <div class="stack">
      {groups.map(({ title, entries }) => {
        const shown = entries.slice(0, Math.max(0, left));
        left -= entries.length;
        return (
          <section
            key={title}
            class="wallgroup"
            aria-label={title || 'Clusters'}
            hidden={isEmpty(title, entries, fleet)}
          >
            {title && <h2>{title}</h2>}
            <div
              class="table fleettable"
              role="table"
              aria-label={title || 'Clusters'}
              aria-rowcount={entries.length + 1}
            >
              <div class="thead" role="rowgroup">
                <div class="tr" role="row">
                  {COLUMNS.map((column) => (
                    <span key={column} class="th" role="columnheader">
                      {column}
                    </span>
                  ))}
                </div>
              </div>
              <div class="tbody" role="rowgroup">
                {shown.map(element)}
              </div>
            </div>
          </section>
        );
      })}
      <Unmanaged />
      {accountParts.value && <accountParts.value.AccountList />}
    </div>
  );
}

function Row({ entry, hiding }: { entry: ClusterEntry; hiding: Hiding }) {
  const element = useHidden<HTMLDivElement>(hiding, entry.name);
  const { by, message, changedAt, serviceCount } = entry.summary.value;
  const account = accountParts.value?.labelOf(entry.name);
  return (
    <div ref={element} class="tr" role="row" data-state={tileState(entry.summary.value, entry.counts.value)}>
      <div class="td two" role="cell">
        <Link to={clusterRoute(entry.name)} class="name-link cover" data-row={entry.name}>
          {entry.name}
        </Link>
        <span class="mute small">
          {plural(entry.counts.value.services || serviceCount, 'service')}
          {account && ` · account ${account}`}
        </span>
      </div>
      <div class="td squares" role="cell">
        <ServiceSquares entry={entry} most={MOST_SQUARES} />
      </div>
      <div class="td two state-cell" role="cell">
        <State entry={entry} />
      </div>
      <div class="td two small" role="cell">
        <span>
          <LastWhat entry={entry} />
        </span>
        <span class="mute">
          {message && (
            <>
              <UserText text={message} /> ·{' '}
            </>
          )}
          <UserText text={by ?? 'external'} /> · <Ago at={changedAt} />
        </span>
      </div>
    </div>
  );
}

/** Empty for a calm cluster. */
function State({ entry }: { entry: ClusterEntry }) {
  const summary = entry.summary.value;
  const state = tileState(summary, entry.counts.value);
  if (state === 'calm') return null;
  if (state === 'unreadable') return <b>Unreadable</b>;
  if (state === 'frozen') {
    return (
      <>
        <b>{summary.frozen?.at ? <Clock since={summary.frozen.at} /> : 'Frozen'}</b>
        <span class="mute">frozen: {summary.frozen?.reason}</span>
      </>
    );
  }
  const mark = state === 'failing' || state === 'paused' || state === 'rolling' ? state : 'drifted';
  const service = entry.services().find((one) => serviceMark(one) === mark);
  if (!service) return null;
  const since = mark === 'failing' ? failingSince(service, summary) : (rolloutOf(summary, service.name)?.since ?? null);
  return (
    <>
      {mark === 'drifted' ? <b>{driftInShort(service).numeral}</b> : since !== null && <Clock since={since} />}
      <span class="mute" title={concern(service) ?? undefined}>
        {mark === 'rolling' ? 'rolling out' : mark} · {service.name}
      </span>
    </>
  );
}
