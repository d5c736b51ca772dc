import { type Signal, useComputed, useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { asked, restart, SERVICES } from '../app/actions';
import { lastChanges } from '../app/last-changes';
import { opened } from '../app/menus';
import { hindrance } from '../app/state';
import type { Happening } from '../lib/activity';
import { versionOf } from '../lib/images';
import { serviceMark, taskMarks } from '../lib/marks';
import { hasFailed, presentTrouble, progress, type Scaling, type Service } from '../lib/model';
import { clusterRoute, format } from '../lib/router';
import { percent } from '../lib/staged';
import { healthOf, statusOf, VerdictBadge } from '../ui/badge';
import { Button } from '../ui/button';
import { Flash } from '../ui/flash';
import { Icon } from '../ui/icons';
import { TaskSquares } from '../ui/squares';
import { UserText } from '../ui/text';
import { Age, Ago } from '../ui/time';
import { LoadCells } from './load';
import { HeldMark } from './quarantine';
import { Sight } from './sight';
import { type TableState, toggled } from './table-state';

interface RowProps {
  row: Signal<Service>;
  table: TableState;
}

/** A row renders when its service changes; that it is hidden, opened or selected goes to its attributes alone. */
export function ServiceRow({ row, table }: RowProps) {
  const service = row.value;
  const { name, cluster } = service;
  const element = useRef<HTMLDivElement>(null);
  const near = useSignal(false);
  const inSight = useSignal(!Sight.known);
  useLayoutEffect(() => {
    const leave = [
      table.hiding.add(name, element.current!),
      table.sight.add(element.current!, (seen) => void (inSight.value = seen)),
    ];
    return () => leave.forEach((each) => each());
  }, [table, name]);
  const open = useComputed(() => table.opened.value === name);
  const selected = useComputed(() => table.selection.value.has(name));
  return (
    // oxlint-disable-next-line jsx-a11y/mouse-events-have-key-events -- the focus shows the actions as well
    <div
      ref={element}
      class="tr"
      role="row"
      data-mark={serviceMark(service)}
      data-open={open}
      data-selected={selected}
      onPointerEnter={() => (near.value = true)}
      onPointerLeave={() => (near.value = false)}
      onFocusIn={() => (near.value = true)}
      onFocusOut={(e) => (near.value = element.current!.contains(e.relatedTarget as Node | null))}
    >
      <span class="td" role="cell">
        <input
          type="checkbox"
          aria-label={`Select ${name}`}
          checked={selected}
          disabled={service.sync === 'unmanaged'}
          onChange={() => (table.selection.value = toggled(table.selection.value, name))}
        />
      </span>
      <span class="td two" role="cell">
        <span class="cut">
          <a href={format(clusterRoute(cluster, name))} class="name-link" data-row={name} aria-label={`${name}, open`}>
            {name}
          </a>
          <HeldMark cluster={cluster} service={name} />
        </span>
        <Flash value={statusOf(service)[2]}>
          <StatusLine service={service} />
        </Flash>
      </span>
      <Cells service={service} />
      <LoadCells service={service} table={table} inSight={inSight} />
      {near.value && service.sync !== 'unmanaged' && <RowActions service={service} />}
    </div>
  );
}

/** Its tasks, its version, and its last change: who made it, or how its rollout goes on or has failed. */
function Cells({ service }: { service: Service }) {
  return (
    <>
      <span class="td tasks-cell" role="cell">
        <Flash value={`${service.running}/${service.desired}`}>
          <TaskSquares
            marks={taskMarks(service)}
            most={service.desired > MOST_SQUARES ? FEWER_SQUARES : MOST_SQUARES}
          />
          <Tasks service={service} hidden={service.running === service.desired && service.desired <= MOST_SQUARES} />
        </Flash>
      </span>
      <span class="td middle two" role="cell">
        <Flash value={service.image}>
          <Version service={service} />
        </Flash>
        <VersionNote service={service} />
      </span>
      <span class="td wide two" role="cell">
        <LastRollout service={service} />
      </span>
    </>
  );
}

/** Up to that many tasks are drawn in a row; of more, fewer, with the rest as a number. */
const MOST_SQUARES = 8;
const FEWER_SQUARES = 4;

/** What can be done to the service of a row: there while the pointer or the focus is in it. */
function RowActions({ service }: { service: Service }) {
  const { cluster, name } = service;
  const why = hindrance('PATCH', SERVICES, cluster, [name]);
  return (
    <span class="rowactions" role="cell">
      <Button
        icon="up-arrow"
        why={why}
        onClick={() => (opened.value = { kind: 'deploy', cluster, services: [service] })}
      >
        Deploy<span class="visually-hidden"> {name}</span>
      </Button>
      <Button
        icon="restart"
        label={`Restart ${name}`}
        why={why}
        onClick={() => (asked.value = restart(cluster, [service]))}
      />
    </span>
  );
}

/** The state of a service where it differs from healthy; calm ones have no words in sight. */
function StatusLine({ service }: { service: Service }) {
  const [tone, icon, word, title] = statusOf(service);
  const health = healthOf(service);
  const calm = service.sync === 'in-sync' && health === null && tone === 'good';
  if (calm) return <span class="visually-hidden">{word}</span>;
  const shown = service.sync === 'in-sync' && health && tone === 'good' ? health : ([tone, icon, word, title] as const);
  return (
    <span class="why" data-tone={shown[0] === 'good' ? 'mute' : shown[0]} title={shown[3]}>
      <Icon name={shown[1]} />
      {shown[2] !== word && <span class="visually-hidden">{word}, </span>}
      {shown[2]}
      {service.sync !== 'in-sync' && health && health[2] !== word && <> · {health[2]}</>}
    </span>
  );
}

/** The version that is wanted; while another one still runs, both. */
export function Version({ service }: { service: Service }) {
  const wanted = versionOf(service.image ?? service.deployedImage);
  const runs =
    service.deployedImage && service.image && service.deployedImage !== service.image
      ? versionOf(service.deployedImage)
      : null;
  return (
    <span class="version" title={service.image ?? service.deployedImage ?? ''}>
      {runs && runs !== wanted && (
        <>
          <span class="from cut">{runs}</span>
          <Icon name="arrow" />
          <span class="visually-hidden"> to </span>
        </>
      )}
      <span class="cut">{wanted}</span>
    </span>
  );
}

/** For how long the version has been deployed; while another one runs, the traffic of the new one where it is known. */
function VersionNote({ service: { image, deployedImage, imageSince, staged } }: { service: Service }) {
  if (image !== null && image !== deployedImage)
    return staged?.traffic ? <small class="age">{percent(staged.traffic.new)} of traffic</small> : null;
  if (imageSince === null) return null;
  return (
    <small class="age">
      <span class="visually-hidden">deployed for </span>
      <Age at={imageSince} />
    </small>
  );
}

const limits = ({ min, max, suspended }: Scaling) =>
  `scaled from ${min} to ${max}${suspended ? ', partly or wholly suspended' : ''}`;

/** Running and desired tasks; `hidden` where squares beside it show as much. */
export function Tasks({ service, hidden = false }: { service: Service; hidden?: boolean }) {
  const { running, desired, pending, scaling } = service;
  if (running === null)
    return (
      <span class="tasks mute" title="Waiting for ECS">
        – / {desired}
      </span>
    );
  const tone = running < desired ? (running === 0 ? 'bad' : 'warn') : undefined;
  return (
    <span
      class={hidden && !scaling ? 'tasks visually-hidden' : 'tasks'}
      data-tone={tone}
      title={`${running} running, ${pending ?? 0} pending, ${desired} desired${scaling ? `, ${limits(scaling)}` : ''}`}
    >
      <b>{running}</b>
      {scaling && running === desired ? null : ` / ${desired}`}
      {scaling && (
        <span class="mute">
          {' '}
          of {scaling.min}–{scaling.max}
        </span>
      )}
      {pending ? <span class="mute"> +{pending}</span> : null}
    </span>
  );
}

/** Who changed it last, when, and why. */
function LastChange({ change: { message, summary, by, at } }: { change: Happening }) {
  return (
    <>
      <span class="cut small" title={summary}>
        <UserText text={message ?? summary} />
      </span>
      <span class="cut small mute">
        <UserText text={by ?? 'external'} /> · <Ago at={at} />
      </span>
    </>
  );
}

function LastRollout({ service }: { service: Service }) {
  if (service.sync === 'rolling-out') {
    const trouble = presentTrouble(service);
    return (
      <span class="cut number" title={trouble?.what}>
        {trouble ? trouble.what : progress(service)}
      </span>
    );
  }
  if (!service.verdict || (service.verdict.ending === 'succeeded' && !hasFailed(service))) {
    const change = lastChanges.value.get(service.name);
    if (change) return <LastChange change={change} />;
    if (!service.verdict) return <span class="mute">–</span>;
    return (
      <span class="mute small">
        Succeeded <Ago at={service.verdict.at} />
      </span>
    );
  }
  const reason = presentTrouble(service)?.what ?? (service.verdict.reason || service.stops[0]?.reason);
  return (
    <>
      <VerdictBadge verdict={service.verdict} />
      {reason && (
        <span class="cut small" title={reason}>
          {reason}
        </span>
      )}
    </>
  );
}
