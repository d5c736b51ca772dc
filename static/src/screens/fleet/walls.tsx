import type { ComponentChildren } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { accountParts } from '../../app/accounts';
import { store } from '../../app/state';
import { plural } from '../../lib/changes';
import { inRuns } from '../../lib/filling';
import type { ClusterEntry } from '../../lib/store';
import { WIDE_FAILURES } from '../../lib/wall';
import { usePieces, useSameElements } from '../rows';
import { DenseTile } from './dense-tile';
import { type FleetState, isEmpty } from './order';
import { Legend } from './legend';
import { Tile } from './tile';
import { type TileFilling, useTileFilling, useTileOutlines } from './tile-outlines';
import { Unmanaged } from './unmanaged';

/** What a dense tile takes of the window, with its share of what is above the wall; so many are complete at first at least. */
const TILE_PX2 = 20_000;
const FEWEST = 50;

/** Tiles that are not complete are drawn again in groups of up to that many. */
const OUTLINES_TOGETHER = 20;

interface WallsProps {
  fleet: FleetState;
  dense: boolean;
  /** What is shown below the walls. */
  children: ComponentChildren;
}

/** The walls: one, or one for each pattern of names. */
export function Walls({ fleet, dense, children }: WallsProps) {
  const { groups } = fleet.wall.value;
  const wide = !dense && groups.length === 1 && fleet.failing.value <= WIDE_FAILURES;
  const tiles = useTileFilling(fleet.hiding, dense);
  const { filling } = tiles;
  void filling.rounds.value;
  const names = useMemo(() => groups.flatMap(({ entries }) => entries.map(({ name }) => name)), [groups]);
  const first = Math.max(FEWEST, Math.ceil((innerWidth * innerHeight) / TILE_PX2));
  filling.begin(names.slice(0, first));
  // The tiles in sight come a frame before the others.
  const all = usePieces(names.length, first, Infinity) >= names.length;
  // While clusters still come, each tile would be a frame of its own.
  const ready = all && store.loaded.value;
  useEffect(() => (ready ? filling.follow(names) : undefined), [filling, names, ready]);
  let left = all ? names.length : first;
  return (
    <div class="walls stack">
      {groups.map(({ title, entries }) => {
        const shown = entries.slice(0, Math.max(0, left));
        left -= entries.length;
        return (
          shown.length > 0 && (
            <Group key={title} title={title} entries={shown} fleet={fleet} dense={dense} wide={wide} tiles={tiles} />
          )
        );
      })}
      {children}
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
  tiles: TileFilling;
}

function Group({ title, entries, fleet, dense, wide, tiles }: GroupProps) {
  const { hiding } = fleet;
  const large = useSameElements(
    (entry: ClusterEntry) => <Tile key={entry.name} entry={entry} hiding={hiding} wide={wide} />,
    wide,
  );
  const small = useSameElements((entry: ClusterEntry) => <DenseTile key={entry.name} entry={entry} hiding={hiding} />);
  const element = dense ? small : large;
  const outlines = useTileOutlines(tiles);
  const drawn = inRuns(
    entries.map(({ name }) => name),
    (name) => tiles.filling.has(name),
    OUTLINES_TOGETHER,
  );
  return (
    <section class="wallgroup" aria-label={title || 'Clusters'} hidden={isEmpty(title, entries, fleet)}>
      {title && <GroupHead title={title} entries={entries} fleet={fleet} />}
      <div class="wall" data-size={dense ? 'dense' : 'large'}>
        {drawn.map((each) => (typeof each === 'string' ? element(store.get(each)!) : outlines(each)))}
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
