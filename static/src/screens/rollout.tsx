import { asked, rollback, shortRevision } from '../app/actions';
import { useService } from '../app/read';
import { hindrance, minute, store } from '../app/state';
import { plural } from '../lib/changes';
import { isCompared } from '../lib/comparing';
import { type Gate, hasFailed, progress, readDeployments, rolledOut, type Service } from '../lib/model';
import { clusterRoute } from '../lib/router';
import type { ClusterEntry } from '../lib/store';
import { Badge, Bar, StatusBadge, type Tone, VerdictBadge } from '../ui/badge';
import { Button, Link, LinkButton } from '../ui/button';
import type { IconName } from '../ui/icons';
import { lazy } from '../ui/lazy';
import { Empty } from '../ui/states';
import { UserText } from '../ui/text';
import { Ago } from '../ui/time';
import { Feed } from '../ui/feed';
import { FlightCard } from './service/flight-card';
import { IncidentSlab } from './service/incident-slab';
import { ClusterFrame } from './frame';
import { Tasks, Version } from './service-row';

/** Services that are done, and those that are compared: the newest. */
const MOST_SHOWN = 50;

const RolloutComparisons = lazy(() => import('./telemetry/telemetry').then((parts) => parts.RolloutComparisons));

/** How far ECS is: the tasks of each service that moves, and how it ended for those that did. */
export function RolloutScreen({ entry }: { entry: ClusterEntry }) {
  const services = entry.names.value.map((name) => entry.rows.get(name)!.value).filter((s) => s.sync !== 'unmanaged');
  const moving = services.filter((s) => s.sync === 'rolling-out');
  const failed = services.filter(hasFailed);
  const ended = services
    .filter((s) => s.verdict && !hasFailed(s) && s.sync !== 'rolling-out')
    .toSorted((a, b) => (b.verdict!.at ?? 0) - (a.verdict!.at ?? 0));
  const compared = [...failed, ...moving.filter((s) => !hasFailed(s)), ...ended]
    .filter((s) => isCompared(s, minute.value))
    .slice(0, MOST_SHOWN);
  const summary = entry.summary.value;
  const { done, total } = rolledOut(summary, moving.length);
  const why = hindrance('POST', '/clusters/{c}/rollback', entry.name);
  return (
    <ClusterFrame entry={entry} page="rollout">
      <section class="panel" aria-label="The rollout as a whole">
        <header>
          <h2>
            {moving.length
              ? `Rolling out ${plural(moving.length, 'service')}`
              : failed.length
                ? `${plural(failed.length, 'service')} failed`
                : 'All services up to date'}
          </h2>
          <div class="row">
            <span class="small mute">
              <span class="revision">{shortRevision(summary.revision)}</span> · <Ago at={summary.changedAt} />
            </span>
            <Button icon="undo" why={why} onClick={() => (asked.value = rollback(entry.name, null))}>
              Roll back
            </Button>
          </div>
        </header>
        {moving.length > 0 && (
          <div class="body stack">
            <span class="small soft number">
              {done} of {plural(total, 'changed service')} done
            </span>
            <Bar value={done} of={total} label="Services done" />
          </div>
        )}
      </section>
      {failed.map((s) => (
        <FailedService key={s.name} service={s} />
      ))}
      {moving.length > 0 && <Rows services={moving} label="In progress" />}
      {compared.length > 0 && <RolloutComparisons services={compared} />}
      <Gates services={[...failed, ...moving]} />
      {ended.length > 0 && <Rows services={ended.slice(0, MOST_SHOWN)} label="Done" />}
      {!moving.length && !ended.length && !failed.length && (
        <Empty
          icon="circle-check"
          title="No rollouts yet"
          actions={<LinkButton to={clusterRoute(entry.name)}>Services</LinkButton>}
        >
          Changes of {entry.name} show here as ECS follows them.
        </Empty>
      )}
      <Activity cluster={entry.name} />
    </ClusterFrame>
  );
}

const GATE_STATES: Record<Gate['state'], [Tone, IconName, string]> = {
  starting: ['busy', 'progress', 'Starting'],
  running: ['busy', 'progress', 'Running'],
  succeeded: ['good', 'check', 'Succeeded'],
  failed: ['bad', 'circle-cross', 'Failed'],
};

/** The tasks before and after the rollouts of services: how each ended, with the last lines of its log. */
function Gates({ services }: { services: readonly Service[] }) {
  const gates = services.flatMap((service) => service.gates.map((gate) => ({ service, gate })));
  if (!gates.length) return null;
  return (
    <section class="panel" aria-label="Tasks before and after rollouts">
      <header>
        <h2>Tasks before and after rollouts</h2>
      </header>
      <ul class="body stack gates">
        {gates.map(({ service, gate }) => (
          <GateLine key={`${service.name}/${gate.name}`} service={service} gate={gate} />
        ))}
      </ul>
    </section>
  );
}

function GateLine({ service, gate }: { service: Service; gate: Gate }) {
  const [tone, icon, word] = GATE_STATES[gate.state];
  return (
    <li class="stack">
      <div class="row">
        <Badge tone={tone} icon={icon}>
          {word}
        </Badge>
        <span>
          {gate.name} <span class="mute">{gate.before ? `before ${service.name}` : `after ${service.name}`}</span>
        </span>
        <span class="small mute">
          {gate.exitCode !== null && `exit code ${gate.exitCode}, `}
          <Ago at={gate.endedAt ?? gate.startedAt} />
        </span>
      </div>
      {gate.state === 'failed' && gate.reason && (
        <p class="small">
          <UserText text={gate.reason} />
        </p>
      )}
      {gate.lines.length > 0 && <pre class="small">{gate.lines.join('\n')}</pre>}
    </li>
  );
}

/** Why a service failed, what brought it, and the way back. */
function FailedService({ service }: { service: Service }) {
  return (
    <>
      <IncidentSlab service={service} linked />
      <FlightCard service={service} />
    </>
  );
}

function Rows({ services, label }: { services: readonly Service[]; label: string }) {
  return (
    <section class="group" aria-label={label}>
      <h2>
        {label} <span class="number">{services.length}</span>
      </h2>
      <div class="table rollouts" role="table" aria-label={label}>
        <div class="visually-hidden" role="rowgroup">
          <div role="row">
            {['Service and version', 'Tasks', 'Progress', 'Status'].map((h) => (
              <span key={h} role="columnheader">
                {h}
              </span>
            ))}
          </div>
        </div>
        <div class="tbody" role="rowgroup">
          {services.map((s) => (
            <div key={s.name} class="tr" role="row">
              <span class="td two" role="cell">
                <Link to={clusterRoute(s.cluster, s.name)} class="name-link" data-row={s.name}>
                  {s.name}
                </Link>
                <Version service={s} />
              </span>
              {s.sync === 'rolling-out' ? <InProgress service={s} /> : <Done service={s} />}
            </div>
          ))}
        </div>
      </div>
    </section>
  );
}

function InProgress({ service }: { service: Service }) {
  return (
    <>
      <span class="td two" role="cell">
        <OldAndNew service={service} />
      </span>
      <span class="td wide two" role="cell">
        <span class="small cut">{progress(service)}</span>
        {service.waits?.services.length ? (
          <span class="small mute">Wave {service.waits.wave}</span>
        ) : (
          <span class="small mute cut" title={service.events[0]?.message}>
            {service.events[0]?.message ?? 'Waiting for ECS'}
          </span>
        )}
      </span>
      <span class="td end" role="cell">
        {service.state === 'queued' ? (
          <Badge tone="mute" icon="pause">
            Queued
          </Badge>
        ) : (
          <StatusBadge service={service} />
        )}
      </span>
    </>
  );
}

function Done({ service }: { service: Service }) {
  return (
    <>
      <span class="td" role="cell">
        <Tasks service={service} />
      </span>
      <span class="td wide cut small mute" role="cell">
        {service.verdict!.reason ? <UserText text={service.verdict!.reason} /> : <Ago at={service.verdict!.at} />}
      </span>
      <span class="td end" role="cell">
        <VerdictBadge verdict={service.verdict!} />
      </span>
    </>
  );
}

/** The tasks of the new version, and of the old one. */
function OldAndNew({ service }: { service: Service }) {
  const deployments = readDeployments(useService(service).data);
  const [fresh] = deployments;
  if (!fresh) return <Tasks service={service} />;
  const old = deployments.slice(1).reduce((sum, each) => sum + each.running, 0);
  return (
    <>
      <span class="tasks">
        <b>{fresh.running}</b> / {fresh.desired} new
      </span>
      <span class="tasks mute small">{old} old</span>
    </>
  );
}

/** One feed for the whole cluster: what was changed, and how it ended, as it happened since the page was opened. */
function Activity({ cluster }: { cluster: string }) {
  const entries = store.activity.value.filter((a) => a.cluster === cluster);
  if (!entries.length) return null;
  return (
    <section class="panel" aria-label="Activity">
      <header>
        <h2>Activity</h2>
        <span class="small mute">since this page was opened</span>
      </header>
      <div class="body">
        <Feed entries={entries.slice(0, 40).map((a) => ({ at: a.at, text: a.text }))} />
      </div>
    </section>
  );
}
