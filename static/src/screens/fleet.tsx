import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { useKeys } from '../app/keyboard';
import { moveFocus } from '../app/rows';
import { adjust, go, route, store } from '../app/state';
import { useSlow } from '../app/read';
import { plural } from '../lib/changes';
import { concern, type Counts, rolledOut } from '../lib/model';
import { clusterRoute } from '../lib/router';
import type { ClusterEntry } from '../lib/store';
import { Badge, Bar, type Tone } from '../ui/badge';
import { Button, Link, LinkButton } from '../ui/button';
import { Icon } from '../ui/icons';
import { SearchField } from '../ui/search';
import { Empty, Skeleton } from '../ui/states';
import { UserText } from '../ui/text';
import { Ago } from '../ui/time';
import { type FleetState, fleetState } from './fleet-groups';
import { Moved } from './moved';
import { holding, usePieces, useSameElements } from './rows';

export function Fleet() {
  const at = route.value;
  const filter = at.screen === 'fleet' ? at.filter : '';
  const fleet = useMemo(fleetState, []);
  const names = store.names.value;
  const slow = useSlow(!store.loaded.value && !names.length);
  const shown = fleet.shown.value.length;
  useKeys([
    { keys: 'j', says: 'Next row', group: 'Lists', run: () => moveFocus(1) },
    { keys: 'k', says: 'Row before', group: 'Lists', run: () => moveFocus(-1) },
    { keys: 'arrowdown', says: '', group: 'Lists', run: () => moveFocus(1) },
    { keys: 'arrowup', says: '', group: 'Lists', run: () => moveFocus(-1) },
    { keys: 'n', says: 'New cluster', group: 'Clusters', run: () => go({ screen: 'new' }) },
  ]);
  return (
    <>
      <div class="pagehead">
        <div>
          <h1>Clusters</h1>
          {store.loaded.value && <Tallies />}
        </div>
        <div class="row">
          <LinkButton to={{ screen: 'removed' }}>Removed clusters</LinkButton>
          <LinkButton icon="plus" kind="primary" to={{ screen: 'new' }}>
            New cluster
          </LinkButton>
        </div>
      </div>
      {slow && <Skeleton />}
      {store.loaded.value && !names.length && (
        <Empty
          icon="layers"
          title="No cluster is managed yet"
          actions={
            <LinkButton kind="primary" icon="plus" to={{ screen: 'new' }}>
              New cluster
            </LinkButton>
          }
        >
          Take an ECS cluster under management: give it a stackfile, and Nysa keeps ECS that way.
        </Empty>
      )}
      {names.length > 0 && (
        <>
          <div class="toolbar">
            <SearchField label="Filter clusters" value={filter} onChange={(q) => adjust({ filter: q })} />
            <span class="mute small" role="status">
              {filter ? `${shown} of ${plural(names.length, 'cluster')}` : ''}
            </span>
          </div>
          {shown ? (
            <Groups fleet={fleet} />
          ) : (
            <Empty
              icon="search"
              title={`0 of ${names.length} match`}
              actions={<Button onClick={() => adjust({ filter: '' })}>Clear the filter</Button>}
            />
          )}
        </>
      )}
    </>
  );
}

function Tallies() {
  let [drifted, rolling, failed, frozen] = [0, 0, 0, 0];
  const names = store.names.value;
  for (const name of names) {
    const entry = store.get(name)!;
    const counts = entry.counts.value;
    if (counts.failed) failed++;
    if (counts.drifted) drifted++;
    if (counts.rollingOut) rolling++;
    if (entry.summary.value.frozen) frozen++;
  }
  const tally = (n: number, word: string, tone: Tone) => (
    <span data-tone={n ? tone : undefined}>
      <b>{n}</b> {word}
    </span>
  );
  return (
    <div class="about tallies">
      <span>
        <b>{names.length}</b> {names.length === 1 ? 'cluster' : 'clusters'}
      </span>
      {tally(failed, 'failing', 'bad')}
      {tally(drifted, 'drifted', 'warn')}
      {tally(rolling, 'rolling out', 'busy')}
      {tally(frozen, 'frozen', 'mute')}
    </div>
  );
}

function Groups({ fleet: { groups, held } }: { fleet: FleetState }) {
  const { attention, rest, moved } = groups.value;
  const limit = usePieces(attention.length + rest.length);
  const element = useSameElements((entry: ClusterEntry) => <Row key={entry.name} entry={entry} />);
  return (
    <div class="movable" {...holding(held)}>
      <Moved what="cluster" n={moved} held={held} />
      {attention.length > 0 && (
        <Group title="Needs attention" count={attention.length} rows={attention.slice(0, limit).map(element)} />
      )}
      {rest.length > 0 && (
        <Group
          title={attention.length ? 'Everything else' : 'All clusters'}
          count={rest.length}
          rows={rest.slice(0, Math.max(0, limit - attention.length)).map(element)}
        />
      )}
    </div>
  );
}

function Group({ title, count, rows }: { title: string; count: number; rows: VNode[] }) {
  return (
    <section class="group" aria-label={title}>
      <h2>
        {title} <span class="number">{count}</span>
      </h2>
      <div class="table fleet" role="table" aria-label={title}>
        <div class="visually-hidden" role="rowgroup">
          <div role="row">
            {['Cluster', 'State', 'Services', 'Last change'].map((h) => (
              <span key={h} role="columnheader">
                {h}
              </span>
            ))}
          </div>
        </div>
        <div class="tbody" role="rowgroup">
          {rows}
        </div>
      </div>
    </section>
  );
}

function Row({ entry }: { entry: ClusterEntry }) {
  const summary = entry.summary.value;
  const counts = entry.counts.value;
  return (
    <div class="tr" role="row">
      <div class="td two" role="cell">
        <Link to={clusterRoute(entry.name)} class="name-link cover" data-row={entry.name}>
          {entry.name}
        </Link>
        <span class="mute small">{plural(counts.services || summary.serviceCount, 'service')}</span>
      </div>
      <div class="td row badges" role="cell">
        <ClusterBadges entry={entry} />
      </div>
      <div class="td middle" role="cell">
        {counts.rollingOut && !counts.failed ? (
          <Progress entry={entry} moving={counts.rollingOut} />
        ) : (
          <Concern entry={entry} />
        )}
      </div>
      <div class="td two wide small" role="cell">
        <span class="soft">
          {summary.message ? (
            <UserText text={summary.message} />
          ) : summary.by ? (
            'No reason given'
          ) : (
            'Changed outside Nysa'
          )}
        </span>
        <span class="mute">
          <UserText text={summary.by ?? 'external'} /> · <Ago at={summary.changedAt} />
        </span>
      </div>
      <div class="td end mute" role="cell" aria-hidden="true">
        <Icon name="right" />
      </div>
    </div>
  );
}

/** Sync and health apart, as they are apart in ECS; frozen as a third. A rollout that fails is no mere rollout. */
export function ClusterBadges({ entry }: { entry: ClusterEntry }) {
  const counts = entry.counts.value;
  const { frozen, unreadable } = entry.summary.value;
  if (unreadable !== null)
    return (
      <Badge tone="bad" icon="alert" title={unreadable}>
        Unreadable
      </Badge>
    );
  return (
    <>
      <SyncOf counts={counts} complete={entry.complete.value} />
      <HealthOf counts={counts} />
      {frozen && (
        <Badge tone="busy" icon="frozen" title={frozen.reason}>
          Frozen
        </Badge>
      )}
    </>
  );
}

/** Nothing before the services are known: a cluster without any is in sync, one that was not read yet is not. */
function SyncOf({ counts, complete }: { counts: Counts; complete: boolean }) {
  if (!complete) return null;
  if (counts.failed > counts.failing)
    return (
      <Badge tone="bad" icon="alert" title="A rollout failed, or its tasks do not stay up">
        {counts.failed - counts.failing} failing
      </Badge>
    );
  if (counts.rollingOut > 0)
    return (
      <Badge tone="busy" icon="progress" spin>
        Rolling out
      </Badge>
    );
  if (counts.drifted > 0)
    return (
      <Badge tone="warn" icon="drift">
        {counts.drifted} drifted
      </Badge>
    );
  if (counts.seen || !counts.services)
    return (
      <Badge tone="good" icon="check">
        In sync
      </Badge>
    );
  return (
    <Badge tone="mute" icon="question">
      Unknown
    </Badge>
  );
}

function HealthOf({ counts }: { counts: Counts }) {
  if (counts.failing > 0)
    return (
      <Badge tone="bad" icon="circle-cross" plain>
        {counts.failing} failing
      </Badge>
    );
  if (counts.degraded > 0)
    return (
      <Badge tone="warn" icon="alert" plain>
        {counts.degraded} degraded
      </Badge>
    );
  if (counts.starting > 0)
    return (
      <Badge tone="busy" icon="progress" plain>
        {counts.starting} starting
      </Badge>
    );
  return counts.seen ? (
    <Badge tone="good" icon="circle-check" plain>
      Healthy
    </Badge>
  ) : null;
}

function Progress({ entry, moving }: { entry: ClusterEntry; moving: number }) {
  const { done, total } = rolledOut(entry.summary.value, moving);
  return (
    <div class="two">
      <span class="small soft number">
        {done} of {plural(total, 'changed service')} done
      </span>
      <Bar value={done} of={total} label="Services done" />
    </div>
  );
}

/** What somebody should look at first, and why; a click leads there, and another one to all the others. */
function Concern({ entry }: { entry: ClusterEntry }) {
  const service = entry.worst.value;
  if (!service) return null;
  const why = concern(service)!;
  const { failed, drifted } = entry.counts.value;
  const chip = failed ? 'failed' : 'drifted';
  const others = (failed || drifted) - 1;
  return (
    <div class="two small concern">
      <span class="row">
        <Link to={clusterRoute(entry.name, service.name)} class="above cut">
          {service.name}
        </Link>
        {others > 0 && (
          <Link to={{ ...clusterRoute(entry.name), chip }} class="above rest">
            and {others} more {chip}
          </Link>
        )}
      </span>
      <span class="soft" title={why}>
        {why}
      </span>
    </div>
  );
}
