import { asked, restart, SERVICES } from '../../app/actions';
import { useConfiguration } from '../../app/configuration';
import { useService } from '../../app/read';
import { hindrance, minute, now, store } from '../../app/state';
import { plural } from '../../lib/changes';
import { isCompared } from '../../lib/comparing';
import { readConfiguration } from '../../lib/configuration';
import { dayAfter, dayOf } from '../../lib/days';
import { repositoryName, versionOf } from '../../lib/images';
import { taskMarks } from '../../lib/marks';
import { type EcsEvent, hasFailed, type Json, readEvents, type Service } from '../../lib/model';
import { activityRoute } from '../../lib/router';
import { percent } from '../../lib/staged';
import { HealthBadge, StatusBadge, VerdictBadge } from '../../ui/badge';
import { Button, CopyButton, Link, LinkButton } from '../../ui/button';
import { lazy } from '../../ui/lazy';
import { TaskSquares } from '../../ui/squares';
import { Banner } from '../../ui/states';
import { UserText } from '../../ui/text';
import { Ago } from '../../ui/time';
import { HeldBanner } from '../quarantine';
import { Version } from '../service-row';
import { Addresses } from './addresses';
import { FlightCard } from './flight-card';
import { IncidentSlab } from './incident-slab';
import { RolloutNow, shownRollout } from './rollout-now';

const Figures = lazy(() => import('../telemetry/telemetry').then((parts) => parts.Figures));
const NewTaskLog = lazy(() => import('../telemetry/telemetry').then((parts) => parts.NewTaskLog));
const RolloutComparison = lazy(() => import('../telemetry/telemetry').then((parts) => parts.RolloutComparison));

/** The service now: its version and tasks, what fails or rolls out, where else it runs. */
export function OverviewTab({ service }: { service: Service }) {
  const failing = hasFailed(service);
  const isShown = !failing && (service.sync === 'rolling-out' || shownRollout(service) !== null);
  const comparison = isCompared(service, minute.value) && <RolloutComparison service={service} />;
  return (
    <>
      {failing && <IncidentSlab service={service} />}
      {!failing && <RolloutNow service={service} />}
      {isShown && comparison}
      {isShown && <NewTaskLog service={service} />}
      {!failing && <EndingNote service={service} />}
      <StaleSecrets service={service} />
      <HeldBanner service={service} />
      <FlightCard service={service} />
      <Hero service={service} />
      {service.schedule === null && <Figures service={service} />}
      <div class="columns">
        <section>
          <h3>Status</h3>
          <dl class="facts">
            <dt>Image</dt>
            <dd>
              <Image reference={service.image ?? service.deployedImage} />
            </dd>
            {!(service.sync === 'in-sync' && service.health === 'healthy') && (
              <>
                <dt>Status</dt>
                <dd class="row">
                  <StatusBadge service={service} />
                  <HealthBadge health={service.health} />
                </dd>
              </>
            )}
            {service.scaling && (
              <>
                <dt>Autoscaling</dt>
                <dd>
                  {service.scaling.min} to {service.scaling.max} tasks
                  {service.scaling.suspended && <span class="mute"> · suspended</span>}
                </dd>
              </>
            )}
            {service.failed ? (
              <>
                <dt>Failed tasks</dt>
                <dd>{service.failed} in this rollout</dd>
              </>
            ) : null}
            {service.verdict && (
              <>
                <dt>Last rollout</dt>
                <dd>
                  <VerdictBadge verdict={service.verdict} />{' '}
                  <span class="mute">
                    <Ago at={service.verdict.at} />
                  </span>
                </dd>
              </>
            )}
            <LatestEvent service={service} />
          </dl>
        </section>
        <Elsewhere service={service} />
      </div>
      {!isShown && comparison}
      <div>
        <LinkButton icon="history" to={activityRoute({ service: service.name, since: dayAfter(dayOf(now.value), -7) })}>
          Who changed it in the last week
        </LinkButton>
      </div>
    </>
  );
}

/** The newest event of ECS: of a service that is calm the live channel has none, so that it is read. */
function LatestEvent({ service }: { service: Service }) {
  const [latest] = service.events;
  return latest ? <EventFacts event={latest} /> : <ReadEvent service={service} />;
}

function ReadEvent({ service }: { service: Service }) {
  const rollout = useService(service).data?.rollout as Json | null | undefined;
  const [latest] = readEvents(rollout?.events);
  return latest ? <EventFacts event={latest} /> : null;
}

function EventFacts({ event: { at, message } }: { event: EcsEvent }) {
  return (
    <>
      <dt>Latest ECS event</dt>
      <dd>
        {message}{' '}
        <span class="mute">
          <Ago at={at} />
        </span>
      </dd>
    </>
  );
}

/** Beyond that many letters, a version is no numeral. */
const LONG_VERSION = 12;

/** The version that is desired, large; its tasks as squares. */
function Hero({ service }: { service: Service }) {
  const { data } = useConfiguration(service);
  const version = versionOf(service.image ?? service.deployedImage);
  const runs =
    service.deployedImage && service.deployedImage !== service.image ? versionOf(service.deployedImage) : null;
  const { running, desired, verdict, staged } = service;
  return (
    <section class="hero">
      <div>
        <span class="numeral" data-long={version.length > LONG_VERSION}>
          {version}
        </span>
        <p>
          {runs && runs !== version ? (
            <>
              <b>{runs}</b> {staged?.traffic ? `still has ${percent(staged.traffic.old)} of the traffic` : 'still runs'}
            </>
          ) : verdict?.ending === 'succeeded' ? (
            <>
              live, rolled out <Ago at={verdict.at} />
            </>
          ) : null}
        </p>
        {data && <Addresses addresses={readConfiguration(data).addresses} />}
      </div>
      <div>
        <TaskSquares marks={taskMarks(service)} size="large" />
        <p>
          {running === null ? (
            `${desired} desired`
          ) : (
            <>
              <b>{running}</b> running · {desired} desired
            </>
          )}
        </p>
      </div>
    </section>
  );
}

/** The secrets whose new values no task has yet, and the restart that gives them to new tasks. */
function StaleSecrets({ service }: { service: Service }) {
  const { cluster, name, staleSecrets } = service;
  if (!staleSecrets.length) return null;
  const why = hindrance('PATCH', SERVICES, cluster, [name]);
  return (
    <Banner
      tone="warn"
      icon="alert"
      title={`${plural(staleSecrets.length, 'secret')} changed after the tasks started`}
      actions={
        <Button icon="restart" why={why} onClick={() => (asked.value = restart(cluster, [service]))}>
          Restart
        </Button>
      }
    >
      <ul>
        {staleSecrets.map((secret) => (
          <li key={secret.name}>
            <code>{secret.name}</code> <Ago at={secret.since} />
          </li>
        ))}
      </ul>
    </Banner>
  );
}

/** How the last rollout ended where that is worth a note though nothing fails: overtaken, aborted by a removal, scaled to zero. */
function EndingNote({ service }: { service: Service }) {
  const { verdict } = service;
  if (!verdict || verdict.ending === 'succeeded' || service.sync === 'rolling-out') return null;
  return (
    <Banner tone="mute" icon="info" title={<VerdictBadge verdict={verdict} />}>
      {verdict.reason && <UserText text={verdict.reason} />}
    </Banner>
  );
}

function Image({ reference }: { reference: string | null }) {
  if (!reference) return <span class="mute">–</span>;
  return (
    <span class="row" style={{ flexWrap: 'nowrap' }}>
      <code class="cut" title={reference}>
        {reference.replace(/^.*\//, '…/')}
      </code>
      <CopyButton text={reference} label="Copy the image" />
    </span>
  );
}

const ELSEWHERE_SHOWN = 6;

/** The same repository in other clusters: what runs there. */
function Elsewhere({ service }: { service: Service }) {
  const repository = service.image ? repositoryName(service.image) : null;
  if (!repository) return null;
  const found: { cluster: string; service: Service }[] = [];
  for (const name of store.names.value) {
    if (name === service.cluster) continue;
    for (const row of store.get(name)?.rows.values() ?? []) {
      const other = row.value;
      if (other.image && repositoryName(other.image) === repository) found.push({ cluster: name, service: other });
    }
  }
  if (!found.length) return null;
  return (
    <section>
      <h3>In other clusters</h3>
      <dl class="facts">
        {found.slice(0, ELSEWHERE_SHOWN).map((f) => (
          <>
            <dt>
              <Link
                to={{
                  screen: 'cluster',
                  cluster: f.cluster,
                  service: f.service.name,
                  tab: 'overview',
                  filter: '',
                  chip: '',
                  sort: '',
                }}
              >
                {f.cluster}
              </Link>
            </dt>
            <dd>
              <Version service={f.service} />
            </dd>
          </>
        ))}
      </dl>
      {found.length > ELSEWHERE_SHOWN && <p class="hint">and {found.length - ELSEWHERE_SHOWN} more</p>}
    </section>
  );
}
