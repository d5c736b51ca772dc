import { accountParts } from '../../app/accounts';
import { plural } from '../../lib/changes';
import type { ClusterEntry } from '../../lib/store';
import { WIDE_FAILURES } from '../../lib/wall';
import { usePieces, useSameElements } from '../rows';
import { DenseTile } from './dense-tile';
import { type FleetState, isEmpty } from './order';
import { Legend } from './legend';
import { Tile } from './tile';
import { Unmanaged } from './unmanaged';

/** The walls: one, or one for each pattern of names. */
export function Walls({ fleet, dense }: { fleet: FleetState; dense: boolean }) {
  const { groups } = fleet.wall.value;
  const total = groups.reduce((sum, { entries }) => sum + entries.length, 0);
  const wide = !dense && groups.length === 1 && fleet.failing.value <= WIDE_FAILURES;
  let left = usePieces(total);
  return (
    <div class="walls stack">
      {groups.map(({ title, entries }) => {
        const shown = entries.slice(0, Math.max(0, left));
        left -= entries.length;
        return (
          shown.length > 0 && (
            <Group key={title} title={title} entries={shown} fleet={fleet} dense={dense} wide={wide} />
          )
        );
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
  fleet: FleetState;
  dense: boolean;
  wide: boolean;
}

function Group({ title, entries, fleet, dense, wide }: GroupProps) {
  const { hiding } = fleet;
  const large = useSameElements(
    (entry: ClusterEntry) => <Tile key={entry.name} entry={entry} hiding={hiding} wide={wide} />,
    wide,
  );
  const small = useSameElements((entry: ClusterEntry) => <DenseTile key={entry.name} entry={entry} hiding={hiding} />);
  return (
    <section class="wallgroup" aria-label={title || 'Clusters'} hidden={isEmpty(title, entries, fleet)}>
      {title && <GroupHead title={title} entries={entries} fleet={fleet} />}
      <div class="wall" data-size={dense ? 'dense' : 'large'}>
        {entries.map(dense ? small : large)}
      </div>
    </section>
  );
}

function GroupHead({ title, entries, fleet }: Pick<GroupProps, 'title' | 'entries' | 'fleet'>) {
  const shown = new Set(fleet.shown.value);
  const services = entries.reduce((sum, { name, counts }) => sum + (shown.has(name) ? counts.value.services : 0), 0);
  return (
    <h2>
      {title} <span>{plural(services, 'service')}</span>
    </h2>
  );
}
