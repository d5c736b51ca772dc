import { useEffect, useMemo } from 'preact/hooks';
import { accountParts } from '../../app/accounts';
import { deployments, happeningsOf, useActivity } from '../../app/activity';
import { useKeys } from '../../app/keyboard';
import { useSlow } from '../../app/read';
import { moveFocus } from '../../app/rows';
import { adjust, go, route, store } from '../../app/state';
import { deploymentsByCluster } from '../../lib/activity';
import { plural } from '../../lib/changes';
import type { Json } from '../../lib/model';
import { type FleetRoute, fleetRoute } from '../../lib/router';
import { DENSE_FROM } from '../../lib/wall';
import { Button, LinkButton } from '../../ui/button';
import { lazy } from '../../ui/lazy';
import { useMedia } from '../../ui/media';
import { SearchField } from '../../ui/search';
import { Segments } from '../../ui/segments';
import { Empty, Skeleton } from '../../ui/states';
import { Moved } from '../moved';
import { holding } from '../rows';
import { Feed } from './feed';
import { FleetTable } from './fleet-table';
import { type FleetState, fleetState } from './order';
import { Tallies } from './tallies';
import { Walls } from './walls';

/** The day of each cluster, for windows that have room below the wall. */
const Today = lazy(() => import('./today/today').then((part) => part.Today));
const WIDE = '(min-width: 1920px)';

/** All clusters: totals, then a wall of them, the worst first. */
export function Fleet() {
  const at = route.value.screen === 'fleet' ? route.value : fleetRoute();
  const fleet = useMemo(fleetState, []);
  const names = store.names.value;
  const activity = useActivity();
  const happenings = useMemo(() => happeningsOf(activity), [activity.data]);
  useEffect(() => {
    if (activity.data) deployments.value = deploymentsByCluster(happenings);
  }, [activity.data]);
  const slow = useSlow(!store.loaded.value && !names.length);
  useKeys([
    { keys: 'j', label: 'Next row', group: 'Lists', run: () => moveFocus(1) },
    { keys: 'k', label: 'Previous row', group: 'Lists', run: () => moveFocus(-1) },
    { keys: 'arrowdown', label: '', group: 'Lists', run: () => moveFocus(1) },
    { keys: 'arrowup', label: '', group: 'Lists', run: () => moveFocus(-1) },
    { keys: 'n', label: 'New cluster', group: 'Clusters', run: () => go({ screen: 'new' }) },
  ]);
  return (
    <div class="fleet">
      <div class="fl">
        <h1 class="visually-hidden">Clusters</h1>
        {slow && <Skeleton />}
        {store.loaded.value && <Tallies />}
        {accountParts.value && <accountParts.value.AccountTroubles />}
        {store.loaded.value && !names.length && <NoClusters />}
        {names.length > 0 && <Clusters at={at} fleet={fleet} total={names.length} activity={activity.data} />}
      </div>
      <Feed happenings={happenings} />
    </div>
  );
}

function NoClusters() {
  return (
    <Empty
      icon="layers"
      title="No clusters yet"
      actions={
        <>
          <LinkButton kind="primary" icon="plus" to={{ screen: 'new' }}>
            New cluster
          </LinkButton>
          <LinkButton to={{ screen: 'removed' }}>Removed clusters</LinkButton>
        </>
      }
    >
      Manage your first ECS cluster. Nysa keeps it in sync with a stackfile.
    </Empty>
  );
}

interface ClustersProps {
  at: FleetRoute;
  fleet: FleetState;
  total: number;
  /** The newest page of the activity; null before it is read. */
  activity: Json | null;
}

function Clusters({ at, fleet, total, activity }: ClustersProps) {
  const wide = useMedia(WIDE);
  const shown = fleet.shown.value.length;
  useEffect(() => fleet.hiding.follow(), [fleet]);
  const size = at.size || (total >= DENSE_FROM ? 'dense' : 'large');
  const parts = accountParts.value;
  const filtered = at.filter !== '' || at.state !== '' || at.account !== '';
  return (
    <>
      <div class="wallbar">
        <SearchField label="Filter clusters and services" value={at.filter} onChange={(filter) => adjust({ filter })} />
        <span class="mute small" role="status">
          {filtered ? `${shown} of ${plural(total, 'cluster')}` : ''}
        </span>
        {parts && <parts.AccountFilter value={at.account} />}
        <Segments
          label="Group"
          value={at.group || 'worst'}
          choices={[
            ['worst', 'Worst first'],
            ['pattern', 'By pattern'],
            ...(parts ? [['account', 'By account'] as const] : []),
          ]}
          onChange={(group) => adjust({ group: group === 'worst' ? '' : group })}
        />
        <Segments
          label="Size"
          value={size}
          choices={[
            ['large', 'Large'],
            ['dense', 'Dense'],
            ['table', 'Table'],
          ]}
          onChange={(chosen) => adjust({ size: chosen })}
        />
        <LinkButton to={{ screen: 'removed' }}>Removed clusters</LinkButton>
        <LinkButton icon="plus" to={{ screen: 'new' }}>
          New cluster
        </LinkButton>
      </div>
      <div class="movable" hidden={!shown} {...holding(fleet.held)}>
        <Moved what="cluster" n={fleet.wall.value.moved} held={fleet.held} />
        {size === 'table' ? (
          <FleetTable fleet={fleet} />
        ) : (
          <Walls fleet={fleet} dense={size === 'dense'}>
            {wide && size === 'large' && activity && <Today fleet={fleet} activity={activity} />}
          </Walls>
        )}
      </div>
      {!shown && (
        <Empty
          icon="search"
          title={`0 of ${total} match`}
          actions={<Button onClick={() => adjust({ filter: '', state: '', account: '' })}>Clear the filter</Button>}
        />
      )}
    </>
  );
}
