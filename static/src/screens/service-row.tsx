import type { ReadonlySignal, Signal } from '@preact/signals';
import { adjust, go, route } from '../app/state';
import { versionOf } from '../lib/images';
import type { Service } from '../lib/model';
import { clusterRoute, format } from '../lib/router';
import { Bar, HealthBadge, StatusBadge, VerdictBadge } from '../ui/badge';
import { Link } from '../ui/button';
import { Flash } from '../ui/flash';
import { Icon } from '../ui/icons';
import { toggled } from './selection';

const COLUMNS: { key: string; label: string; class?: string }[] = [
  { key: 'name', label: 'Service' },
  { key: 'version', label: 'Version', class: 'middle' },
  { key: 'tasks', label: 'Tasks' },
  { key: 'status', label: 'Status' },
];

export function Head({ sort, selection, visible }: { sort: string; selection: Signal<ReadonlySet<string>>; visible: readonly string[] }) {
  const all = visible.length > 0 && visible.every((name) => selection.value.has(name));
  return (
    <div class="thead" role="rowgroup">
      <div class="tr" role="row">
        <span class="th" role="columnheader"><input type="checkbox" aria-label="Choose all shown" checked={all} onChange={() => (selection.value = new Set(all ? [] : visible))} /></span>
        {COLUMNS.map((c) => <SortHead key={c.key} column={c} sort={sort} />)}
        <span class="th wide" role="columnheader">Health</span>
        <span class="th wide" role="columnheader">Last rollout</span>
      </div>
    </div>
  );
}

function SortHead({ column, sort }: { column: (typeof COLUMNS)[number]; sort: string }) {
  const active = (sort.replace(/^-/, '') || 'name') === column.key;
  const descending = active && sort.startsWith('-');
  const next = active && !descending ? `-${column.key}` : column.key === 'name' ? '' : column.key;
  return (
    <span class={`th ${column.class ?? ''}`} role="columnheader" aria-sort={active ? (descending ? 'descending' : 'ascending') : 'none'}>
      <button type="button" onClick={() => adjust({ sort: next })}>{column.label}{active && <Icon name={descending ? 'down' : 'up'} />}</button>
    </span>
  );
}

interface RowProps { row: Signal<Service>; visible: ReadonlySignal<readonly string[]>; open: boolean; selection: Signal<ReadonlySet<string>> }

export function ServiceRow({ row, visible, open, selection }: RowProps) {
  const service = row.value;
  const { name, cluster } = service;
  const chosen = selection.value.has(name);
  const at = route.peek();
  const to = { ...clusterRoute(cluster, name), ...(at.screen === 'cluster' ? { filter: at.filter, chip: at.chip, sort: at.sort, tab: at.tab } : {}) };
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- the link in it does the same by keyboard
    <div class="tr" role="row" hidden={!visible.value.includes(name)} data-open={open} data-selected={chosen} onClick={(e) => (e.target as HTMLElement).closest('a, button, input, label') || go(format(to))}>
      <span class="td" role="cell">
        <input type="checkbox" aria-label={`Choose ${name}`} checked={chosen} disabled={service.sync === 'unmanaged'} onChange={() => (selection.value = toggled(selection.value, name))} />
      </span>
      <span class="td cut" role="cell"><Link to={to} class="name-link" data-row={name} aria-label={`${name}, open`}>{name}</Link></span>
      <span class="td middle" role="cell"><Flash value={service.image}><Version service={service} /></Flash></span>
      <span class="td" role="cell"><Flash value={`${service.running}/${service.desired}`}><Tasks service={service} /></Flash></span>
      <span class="td" role="cell"><Flash value={service.state}><StatusBadge service={service} /></Flash></span>
      <span class="td wide" role="cell"><HealthBadge health={service.health} /></span>
      <span class="td wide last cut" role="cell"><LastRollout service={service} /></span>
    </div>
  );
}

/** The version that is wanted; while another one still runs, both. */
export function Version({ service }: { service: Service }) {
  const wanted = versionOf(service.image ?? service.deployedImage);
  const runs = service.deployedImage && service.image && service.deployedImage !== service.image ? versionOf(service.deployedImage) : null;
  return (
    <span class="version" title={service.image ?? service.deployedImage ?? ''}>
      {runs && runs !== wanted && <><span class="from cut">{runs}</span><Icon name="arrow" /><span class="visually-hidden"> becomes </span></>}
      <span class="cut">{wanted}</span>
    </span>
  );
}

export function Tasks({ service }: { service: Service }) {
  const { running, desired, pending } = service;
  if (running === null) return <span class="tasks mute" title="Not seen in ECS yet">– / {desired}</span>;
  const tone = running < desired ? (running === 0 ? 'bad' : 'warn') : undefined;
  return (
    <span class="tasks" data-tone={tone} title={`${running} running, ${pending ?? 0} pending, ${desired} wanted`}>
      <b>{running}</b> / {desired}
      {pending ? <span class="mute"> +{pending}</span> : null}
    </span>
  );
}

function LastRollout({ service }: { service: Service }) {
  if (service.sync === 'rolling-out') {
    const percent = service.percent ?? 0;
    return <><Bar percent={percent} label={`${service.name} rolled out`} /><span class="number">{percent} %</span></>;
  }
  if (!service.verdict) return <span class="mute">–</span>;
  const reason = service.trouble?.what ?? (service.verdict.reason || service.stops[0]?.reason);
  return <><VerdictBadge ending={service.verdict.ending} />{reason && service.verdict.ending !== 'succeeded' && <span class="cut" title={reason}>{reason}</span>}</>;
}
