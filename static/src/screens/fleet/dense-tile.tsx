import { accountParts } from '../../app/accounts';
import { now } from '../../app/state';
import { versionOf } from '../../lib/images';
import { failingSince } from '../../lib/incident';
import { serviceMark } from '../../lib/marks';
import { clusterRoute } from '../../lib/router';
import type { ClusterEntry } from '../../lib/store';
import { until } from '../../lib/time';
import { driftInShort, rolloutOf, tileState, type TileState } from '../../lib/wall';
import { Link } from '../../ui/button';
import { Clock, Countdown } from '../../ui/clock';
import type { FlagMark } from '../../ui/flag';
import { FlagIcon } from '../../ui/flag';
import { Ago } from '../../ui/time';
import { type Hiding, useHidden } from '../hiding';
import { ServiceSquares } from './service-squares';
import { TileTicks } from './tile-ticks';

/** On one line; of more, fewer, with the rest as a number. */
const MOST_SQUARES = 12;
const FEWER_SQUARES = 10;

/** A small tile: its name, one line where it is not calm, its squares. */
export function DenseTile({ entry, hiding }: { entry: ClusterEntry; hiding: Hiding }) {
  const element = useHidden<HTMLElement>(hiding, entry.name);
  const state = tileState(entry.summary.value, entry.counts.value);
  const account = accountParts.value?.labelOf(entry.name);
  return (
    <article ref={element} class="tile" data-state={state}>
      <div class="top">
        <h2>
          <Link
            to={clusterRoute(entry.name)}
            data-row={entry.name}
            title={account ? `${entry.name} · account ${account}` : entry.name}
          >
            {entry.name}
          </Link>
        </h2>
        <span class="side">
          {state === 'calm' ? <Ago at={entry.summary.value.changedAt} /> : <FlagIcon mark={FLAGS[state]} />}
        </span>
      </div>
      {state !== 'calm' && (
        <p class="note">
          <Note entry={entry} state={state} />
        </p>
      )}
      <ServiceSquares entry={entry} most={entry.names.value.length > MOST_SQUARES ? FEWER_SQUARES : MOST_SQUARES} />
      <TileTicks entry={entry} />
    </article>
  );
}

const FLAGS: Record<Exclude<TileState, 'calm'>, FlagMark> = {
  unreadable: 'unreadable',
  failing: 'failing',
  paused: 'paused',
  rolling: 'rolling',
  drifted: 'drifted',
  frozen: 'frozen',
};

function Note({ entry, state }: { entry: ClusterEntry; state: TileState }) {
  const summary = entry.summary.value;
  if (state === 'unreadable') return <span>Desired state unreadable</span>;
  if (state === 'frozen') {
    const end = summary.frozen?.until ?? null;
    return <span>{end === null ? 'until manually lifted' : `until ${until(end, now.value)}`}</span>;
  }
  const mark = state === 'failing' || state === 'paused' || state === 'rolling' ? state : 'drifted';
  const service = entry.services().find((one) => serviceMark(one) === mark);
  if (!service) return null;
  const since = mark === 'failing' ? failingSince(service, summary) : (rolloutOf(summary, service.name)?.since ?? null);
  return (
    <>
      <span>
        {service.name}
        {(mark === 'rolling' || mark === 'paused') && ` ${versionOf(service.image)}`}
      </span>
      {mark === 'drifted' ? (
        <b>{driftInShort(service).numeral}</b>
      ) : mark === 'paused' && service.staged?.pause?.until ? (
        <Countdown until={service.staged.pause.until} />
      ) : (
        since !== null && <Clock since={since} />
      )}
    </>
  );
}
