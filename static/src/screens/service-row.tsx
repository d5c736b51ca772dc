import { type Signal, useComputed } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { adjust, go, route } from '../app/state';
import { versionOf } from '../lib/images';
import { presentTrouble, progress, type Service } from '../lib/model';
import { clusterRoute, format } from '../lib/router';
import { HealthBadge, StatusBadge, statusOf, VerdictBadge } from '../ui/badge';
import { plainClick } from '../ui/button';
import { Flash } from '../ui/flash';
import { Icon } from '../ui/icons';
import { HeldMark } from './quarantine';
import { type TableState, toggled } from './table-state';

const COLUMNS: { key: string; label: string; class?: string }[] = [
  { key: 'name', label: 'Service' },
  { key: 'version', label: 'Version', class: 'middle' },
  { key: 'tasks', label: 'Tasks' },
  { key: 'status', label: 'Status' },
];

export function Head({ sort, table }: { sort: string; table: TableState }) {
  const names = table.visible.value;
  const all = names.size > 0 && [...names].every((name) => table.selection.value.has(name));
  return (
    <div class="thead" role="rowgroup">
      <div class="tr" role="row">
        <span class="th" role="columnheader">
          <input
            type="checkbox"
            aria-label="Choose all shown"
            checked={all}
            onChange={() => (table.selection.value = new Set(all ? [] : names))}
          />
        </span>
        {COLUMNS.map((c) => (
          <SortHead key={c.key} column={c} sort={sort} />
        ))}
        <span class="th wide" role="columnheader">
          Health
        </span>
        <span class="th wide" role="columnheader">
          Last rollout
        </span>
      </div>
    </div>
  );
}

function SortHead({ column, sort }: { column: (typeof COLUMNS)[number]; sort: string }) {
  const active = (sort.replace(/^-/, '') || 'name') === column.key;
  const descending = active && sort.startsWith('-');
  const next = active && !descending ? `-${column.key}` : column.key === 'name' ? '' : column.key;
  return (
    <span
      class={`th ${column.class ?? ''}`}
      role="columnheader"
      aria-sort={active ? (descending ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" onClick={() => adjust({ sort: next })}>
        {column.label}
        {active && <Icon name={descending ? 'down' : 'up'} />}
      </button>
    </span>
  );
}

/** A row renders when its service changes; that it is hidden, opened or chosen goes to its attributes alone. */
export function ServiceRow({ row, table }: { row: Signal<Service>; table: TableState }) {
  const service = row.value;
  const { name, cluster } = service;
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => table.hiding.add(name, element.current!), [table, name]);
  const open = useComputed(() => table.opened.value === name);
  const chosen = useComputed(() => table.selection.value.has(name));
  const choose = () => (table.selection.value = toggled(table.selection.value, name));
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- the link in it does the same by keyboard
    <div
      ref={element}
      class="tr"
      role="row"
      data-open={open}
      data-selected={chosen}
      onClick={(e) => (e.target as HTMLElement).closest('a, button, input, label') || openService(cluster, name)}
    >
      <span class="td" role="cell">
        <input
          type="checkbox"
          aria-label={`Choose ${name}`}
          checked={chosen}
          disabled={service.sync === 'unmanaged'}
          onChange={choose}
        />
      </span>
      <span class="td cut" role="cell">
        <a
          href={format(clusterRoute(cluster, name))}
          class="name-link"
          data-row={name}
          aria-label={`${name}, open`}
          onClick={(e) => plainClick(e) && openService(cluster, name)}
        >
          {name}
        </a>
        <HeldMark cluster={cluster} service={name} />
      </span>
      <span class="td middle" role="cell">
        <Flash value={service.image}>
          <Version service={service} />
        </Flash>
      </span>
      <span class="td" role="cell">
        <Flash value={`${service.running}/${service.desired}`}>
          <Tasks service={service} />
        </Flash>
      </span>
      <span class="td" role="cell">
        <Flash value={statusOf(service)[2]}>
          <StatusBadge service={service} />
        </Flash>
      </span>
      <span class="td wide" role="cell">
        <HealthBadge health={service.health} />
      </span>
      <span class="td wide last cut" role="cell">
        <LastRollout service={service} />
      </span>
    </div>
  );
}

/** Opens a service beside the list: filter, sort order and tab stay. */
function openService(cluster: string, service: string): void {
  const at = route.peek();
  go(at.screen === 'cluster' ? { ...at, cluster, service } : clusterRoute(cluster, service));
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

export function Tasks({ service }: { service: Service }) {
  const { running, desired, pending } = service;
  if (running === null)
    return (
      <span class="tasks mute" title="Waiting for ECS">
        – / {desired}
      </span>
    );
  const tone = running < desired ? (running === 0 ? 'bad' : 'warn') : undefined;
  return (
    <span class="tasks" data-tone={tone} title={`${running} running, ${pending ?? 0} pending, ${desired} desired`}>
      <b>{running}</b> / {desired}
      {pending ? <span class="mute"> +{pending}</span> : null}
    </span>
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
  if (!service.verdict) return <span class="mute">–</span>;
  const reason = presentTrouble(service)?.what ?? (service.verdict.reason || service.stops[0]?.reason);
  return (
    <>
      <VerdictBadge ending={service.verdict.ending} />
      {reason && service.verdict.ending !== 'succeeded' && (
        <span class="cut" title={reason}>
          {reason}
        </span>
      )}
    </>
  );
}
