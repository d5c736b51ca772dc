import type { ComponentChildren } from 'preact';
import { accountParts } from '../../app/accounts';
import { continueHindrance } from '../../app/stopping';
import { now } from '../../app/state';
import { plural } from '../../lib/changes';
import { versionOf } from '../../lib/images';
import { incidentOf } from '../../lib/incident';
import { serviceMark } from '../../lib/marks';
import { isPaused, isWindow, progress, rolledOut, type Service } from '../../lib/model';
import { clusterRoute } from '../../lib/router';
import type { ClusterEntry } from '../../lib/store';
import { afterPause, stageInWords } from '../../lib/staged';
import { exact, until } from '../../lib/time';
import { driftInShort, rolloutOf, tileState, type TileState } from '../../lib/wall';
import { Link } from '../../ui/button';
import { Clock, Countdown } from '../../ui/clock';
import { Flag } from '../../ui/flag';
import { Icon } from '../../ui/icons';
import { UserText } from '../../ui/text';
import { Ago } from '../../ui/time';
import { type Hiding, useHidden } from '../hiding';
import { IncidentActions } from '../service/incident-actions';
import { LastDeployment } from './last-deployment';
import { ServiceSquares } from './service-squares';
import { TileTicks } from './tile-ticks';

/** How many squares a tile has at most. */
const MOST_SQUARES = 60;

/** One cluster on the wall. A solid tile asks for a person, a tinted one informs, a calm one has no words of state. */
export function Tile({ entry, hiding, wide }: { entry: ClusterEntry; hiding: Hiding; wide: boolean }) {
  const element = useHidden<HTMLElement>(hiding, entry.name);
  const state = tileState(entry.summary.value, entry.counts.value);
  const Body = BODIES[state];
  return (
    <article
      ref={element}
      class="tile"
      data-state={state}
      data-wide={wide && state === 'failing'}
      data-yours={
        state === 'paused' && entry.services().some((service) => isPaused(service) && !continueHindrance(service))
      }
    >
      <Body entry={entry} />
      <TileTicks entry={entry} />
    </article>
  );
}

function Top({ entry, children }: { entry: ClusterEntry; children?: ComponentChildren }) {
  return (
    <>
      <div class="top">
        <h2>
          <Link to={clusterRoute(entry.name)} data-row={entry.name}>
            {entry.name}
          </Link>
        </h2>
        {children}
      </div>
      {accountParts.value && <accountParts.value.AccountOf cluster={entry.name} />}
      <ServiceSquares entry={entry} most={MOST_SQUARES} linked />
    </>
  );
}

const of = (entry: ClusterEntry, mark: string): Service | undefined =>
  entry.services().find((service) => serviceMark(service) === mark);

function Failing({ entry }: { entry: ClusterEntry }) {
  const service = entry.worst.value;
  if (!service) return <Top entry={entry} />;
  const incident = incidentOf(service, entry.summary.value);
  const others = entry.counts.value.failed - 1;
  return (
    <>
      <Top entry={entry} />
      <div class="incident">
        <div class="clock">
          {incident.since !== null && <Clock since={incident.since} />}
          <span>failing</span>
        </div>
        <div>
          <p class="cause">
            <b>
              <Link to={clusterRoute(entry.name, service.name)}>{incident.title}</Link>
            </b>
            {incident.serves}
            {incident.by && (
              <>
                {' '}
                Deployed by <UserText text={incident.by} />
                {incident.reason && (
                  <>
                    , <UserText text={incident.reason} quoted />
                  </>
                )}
                .
              </>
            )}
            {others > 0 && (
              <>
                {' '}
                <Link to={{ ...clusterRoute(entry.name), chip: 'failed' }}>and {others} more failing</Link>
              </>
            )}
          </p>
          <IncidentActions service={service} incident={incident} />
        </div>
      </div>
    </>
  );
}

function Unreadable({ entry }: { entry: ClusterEntry }) {
  return (
    <>
      <Top entry={entry}>
        <Flag mark="unreadable">Unreadable</Flag>
      </Top>
      <p class="cause">
        <b>The desired state cannot be read</b>
        <UserText text={entry.summary.value.unreadable ?? ''} clamped />
      </p>
    </>
  );
}

/** A rollout that waits for a person: solid where the viewer may continue it. */
function Paused({ entry }: { entry: ClusterEntry }) {
  const service = of(entry, 'paused');
  const pause = service?.staged?.pause;
  if (!service) return <Top entry={entry} />;
  const yours = continueHindrance(service) === null;
  const others = entry.counts.value.paused - 1;
  return (
    <>
      <Top entry={entry}>
        <Flag mark="paused">{yours ? 'Waiting for you' : `Waiting for ${pause?.may ?? 'another person'}`}</Flag>
      </Top>
      {pause?.until && (
        <div class="clock">
          <Countdown until={pause.until} />
          <span>{afterPause(pause, versionOf(service.previousImage ?? service.deployedImage))}</span>
        </div>
      )}
      <p class="last">
        <span class="line">
          <Link to={clusterRoute(entry.name, service.name)}>
            <b>
              {service.name} <Change service={service} />
            </b>
          </Link>
          {others > 0 && ` and ${others} more`}
        </span>
        <span class="line">
          {pause?.message ? <UserText text={pause.message} /> : `Paused at ${stageInWords(pause?.stage ?? '')}`}
        </span>
      </p>
    </>
  );
}

function Rolling({ entry }: { entry: ClusterEntry }) {
  const service = of(entry, 'rolling');
  const rollout = service && rolloutOf(entry.summary.value, service.name);
  const moving = entry.counts.value.rollingOut;
  const { done, total } = rolledOut(entry.summary.value, moving);
  const { message, by } = entry.summary.value;
  return (
    <>
      {rollout?.since && rollout.usual && <Tide since={rollout.since} usual={rollout.usual} />}
      <Top entry={entry}>
        <Flag mark="rolling">Rolling out</Flag>
      </Top>
      <div class="clock">
        {rollout?.since && <Clock since={rollout.since} />}
        <span>
          {rollout?.usual ? `usually ${usually(rollout.usual)}` : total > 1 ? `${done} of ${total} done` : ''}
        </span>
      </div>
      {service && (
        <p class="last">
          <span class="line">
            <b>
              {total > 1 ? (
                plural(moving, 'service')
              ) : (
                <>
                  {service.name} <Change service={service} />
                </>
              )}
            </b>
          </span>
          <span class="line">
            {message ? <UserText text={message} /> : progress(service)} · <UserText text={by ?? 'external'} />
          </span>
        </p>
      )}
    </>
  );
}

function usually(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function Change({ service }: { service: Service }) {
  const from = versionOf(service.deployedImage ?? service.previousImage);
  const to = versionOf(service.image);
  if (from === to || !service.deployedImage) return <>{to}</>;
  return (
    <>
      {from} <Icon name="arrow" />
      <span class="visually-hidden"> to </span> {to}
    </>
  );
}

/** How far a rollout is against its usual time; it stops short of the end, which only ECS knows. */
function Tide({ since, usual }: { since: number; usual: number }) {
  const share = Math.min(0.96, Math.max(0, (now.value - since) / usual));
  return <i class="tide" style={{ width: `${(share * 100).toFixed(1)}%` }} />;
}

function Drifted({ entry }: { entry: ClusterEntry }) {
  const service = of(entry, 'drifted');
  const drift = service && driftInShort(service);
  return (
    <>
      <Top entry={entry}>
        <Flag mark="drifted">Drifted</Flag>
      </Top>
      {service && drift && (
        <>
          <div class="clock">
            <b>{drift.numeral}</b>
            <span>{drift.words}</span>
          </div>
          <p class="last">
            <span class="line">
              <Link to={clusterRoute(entry.name, service.name, 'diff')}>
                <b>{service.name}</b>
              </Link>
            </span>
            <span class="line">Deploy again to restore the desired state</span>
          </p>
        </>
      )}
    </>
  );
}

function Frozen({ entry }: { entry: ClusterEntry }) {
  const { frozen } = entry.summary.value;
  return (
    <>
      <Top entry={entry}>
        <Flag mark="frozen">Frozen</Flag>
      </Top>
      {frozen && (
        <>
          <div class="clock">
            {frozen.at !== null && <Clock since={frozen.at} />}
            <span title={frozen.until === null ? undefined : exact(frozen.until)}>
              {frozen.until === null ? 'until manually lifted' : `until ${until(frozen.until, now.value)}`}
            </span>
          </div>
          <p class="last">
            <span class="line">
              <b>
                <UserText text={frozen.reason} />
              </b>
            </span>
            <span class="line">
              {isWindow(frozen) ? (
                'In a freeze window'
              ) : (
                <>
                  Frozen by <UserText text={frozen.by ?? 'an unknown user'} />
                </>
              )}{' '}
              · <Ago at={frozen.at} />
            </span>
          </p>
        </>
      )}
    </>
  );
}

function Calm({ entry }: { entry: ClusterEntry }) {
  const services = entry.counts.value.services || entry.summary.value.serviceCount;
  return (
    <>
      <Top entry={entry}>
        <span class="n" title={plural(services, 'service')}>
          {services}
        </span>
      </Top>
      <LastDeployment entry={entry} />
    </>
  );
}

const BODIES: Record<TileState, (props: { entry: ClusterEntry }) => preact.VNode> = {
  unreadable: Unreadable,
  failing: Failing,
  paused: Paused,
  rolling: Rolling,
  drifted: Drifted,
  frozen: Frozen,
  calm: Calm,
};
