import { accountParts } from '../../app/accounts';
import { plural } from '../../lib/changes';
import type { ClusterEntry } from '../../lib/store';
import { WIDE_FAILURES } from '../../lib/wall';
import { usePieces, useSameElements } from '../rows';
import { DenseTile } from './dense-tile';
import type { FleetState } from './order';
import { Legend } from './legend';
import { Tile } from './tile';
import { Unmanaged } from './unmanaged';

/** The walls: one, or one for each pattern of names. */
export function Walls({ fleet, dense }: { fleet: FleetState; dense: boolean }) {
  const { groups } = fleet.wall.value;
  const total = groups.reduce((sum, { entries }) => sum + entries.length, 0);
  const failing = groups.flatMap(({ entries }) => entries).filter((entry) => entry.counts.value.failed > 0).length;
  const wide = !dense && groups.length === 1 && failing <= WIDE_FAILURES;
  let left = usePieces(total);
  return (
    <div class="walls stack">
      {groups.map(({ title, entries }) => {
        const shown = entries.slice(0, Math.max(0, left));
        left -= entries.length;
        return shown.length > 0 && <Group key={title} title={title} entries={shown} dense={dense} wide={wide} />;
      })}
      <Unmanaged />
      {accountParts.value && <accountParts.value.AccountList />}
      <Legend />
    </div>
  );
}

interface GroupProps {
  title: string;
  entries: readonly ClusterEntry[];
  dense: boolean;
  wide: boolean;
}

function Group({ title, entries, dense, wide }: GroupProps) {
  const large = useSameElements((entry: ClusterEntry) => <Tile key={entry.name} entry={entry} wide={wide} />, wide);
  const small = useSameElements((entry: ClusterEntry) => <DenseTile key={entry.name} entry={entry} />);
  const services = entries.reduce((sum, entry) => sum + entry.counts.value.services, 0);
  return (
    <section class="wallgroup" aria-label={title || 'Clusters'}>
      {title && (
        <h2>
          {title} <span>{plural(services, 'service')}</span>
        </h2>
      )}
      <div class="wall" data-size={dense ? 'dense' : 'large'}>
        {entries.map(dense ? small : large)}
      </div>
    </section>
  );
}
