import { type Signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { type Action, asked, removeServices, restart, SERVICE, SERVICES } from '../app/actions';
import { useKeys } from '../app/keyboard';
import { LastChangesReader } from '../app/last-changes';
import { opened } from '../app/menus';
import { useQuarantine } from '../app/quarantine';
import { useSlow } from '../app/read';
import { moveFocus } from '../app/rows';
import { adjust, hindrance, store } from '../app/state';
import { inRuns } from '../lib/filling';
import { CHIPS } from '../lib/filter';
import { incidentOf } from '../lib/incident';
import { hasFailed, type Service } from '../lib/model';
import type { Route } from '../lib/router';
import type { ClusterEntry } from '../lib/store';
import { Button, LinkButton } from '../ui/button';
import { Clock } from '../ui/clock';
import { lazy } from '../ui/lazy';
import { SearchField } from '../ui/search';
import { Empty, Skeleton } from '../ui/states';
import { Drawer } from './service/drawer';
import { IncidentActions } from './service/incident-actions';
import { ClusterFrame } from './frame';
import { Moved } from './moved';
import { type Held, holding, usePieces, useSameElements, useTopFirst } from './rows';
import { Head } from './service-head';
import { useServiceOutlines } from './service-outlines';
import { ServiceRow } from './service-row';
import { ServiceRows } from './service-rows';
import { type TableState, tableState, toggled } from './table-state';

/** The page of a cluster that is not there. */
export const Gone = lazy(() => import('./gone').then((part) => part.Gone));

type ClusterRoute = Extract<Route, { screen: 'cluster' }>;

export function ClusterScreen({ at }: { at: ClusterRoute }) {
  const known = store.names.value.includes(at.cluster);
  const entry = store.get(at.cluster);
  const slow = useSlow(!entry && !store.loaded.value);
  if (!known || !entry) {
    if (slow) return <Skeleton />;
    if (!store.loaded.value) return null;
    return <Gone key={at.cluster} name={at.cluster} />;
  }
  return (
    <>
      <ClusterFrame entry={entry} page="services">
        <LastChangesReader key={entry.name} entry={entry} />
        <Services entry={entry} at={at} />
      </ClusterFrame>
      {at.service && <Drawer key={`${at.cluster}/${at.service}`} entry={entry} name={at.service} tab={at.tab} />}
    </>
  );
}

function Services({ entry, at }: { entry: ClusterEntry; at: ClusterRoute }) {
  const table = useMemo(() => tableState(entry), [entry]);
  const total = entry.names.value.length;
  const shown = table.visible.value.size;
  const filtered = at.filter !== '' || at.chip !== '';
  useEffect(() => table.hiding.follow(), [table]);
  useQuarantine(entry);
  useServiceKeys(table.selection);
  const { sort, service } = at;
  // The same element while it is the same: a stroke in the filter does not look at a thousand rows.
  const list = useMemo(
    () => <Table entry={entry} table={table} sort={sort} narrow={Boolean(service)} hidden={!shown} />,
    [entry, table, sort, Boolean(service), !shown],
  );
  const slow = useSlow(!entry.complete.value);
  // Its name alone is known so far: that is not the same as no services.
  if (!entry.complete.value) return slow ? <Skeleton /> : null;
  if (!total) {
    return (
      <Empty
        icon="box"
        title="No services yet"
        actions={
          <LinkButton kind="primary" icon="edit" to={{ screen: 'stackfile', cluster: entry.name, revision: null }}>
            Edit the stackfile
          </LinkButton>
        }
      >
        The desired state of {entry.name} names no service, so nothing runs.
      </Empty>
    );
  }
  return (
    <>
      {!at.service && <FailingStrip entry={entry} held={table.held} />}
      <div class="toolbar">
        <Chips table={table} />
        <SearchField label="Filter services" value={at.filter} onChange={(filter) => adjust({ filter })} />
      </div>
      <p class="visually-hidden" role="status">
        {filtered ? `${shown} of ${total} services shown` : ''}
      </p>
      {list}
      {!shown && (
        <Empty
          icon="search"
          title={`0 of ${total} match`}
          actions={<Button onClick={() => adjust({ filter: '', chip: '' })}>Clear the filter</Button>}
        >
          No service fits {at.filter ? `“${at.filter}”` : 'what you chose'}.
        </Empty>
      )}
      <SelectionBar entry={entry} selection={table.selection} />
    </>
  );
}

/** The worst service in one line, above the rows; it neither comes nor goes while the pointer or the focus is in them. */
function FailingStrip({ entry, held }: { entry: ClusterEntry; held: Signal<Held> }) {
  const shown = useRef<Service | null>(null);
  const worst = entry.worst.value;
  if (!held.value.pointer && !held.value.focus) shown.current = worst && hasFailed(worst) ? worst : null;
  const service = shown.current;
  if (!service) return null;
  const incident = incidentOf(service, entry.summary.value);
  return (
    <div class="strip">
      {incident.since !== null && <Clock since={incident.since} />}
      <span>
        <b>{incident.title}.</b> {incident.serves}
      </span>
      <IncidentActions service={service} incident={incident} />
    </div>
  );
}

/** The lowest row, for how many of them a window has in sight at most. */
const ROW_PX = 56;

/** Rows that are not complete are on the page in groups of up to that many. */
const OUTLINES_TOGETHER = 20;

function Table({
  entry,
  table,
  sort,
  narrow,
  hidden,
}: {
  entry: ClusterEntry;
  table: TableState;
  sort: string;
  narrow: boolean;
  hidden: boolean;
}) {
  const { names, moved } = table.order.value;
  const { filling } = table;
  void filling.rounds.value;
  const rows = useTopFirst(names);
  const first = Math.ceil(innerHeight / ROW_PX);
  filling.begin(rows.slice(0, first));
  // The rows in sight come a frame before the others.
  const all = usePieces(rows.length, first, Infinity) >= rows.length;
  useEffect(() => (all ? filling.follow(rows) : undefined), [filling, rows, all]);
  const element = useSameElements((row: Signal<Service>) => (
    <ServiceRow key={row.peek().name} row={row} table={table} />
  ));
  const outlines = useServiceOutlines(entry.name, table);
  const shown = inRuns(all ? rows : rows.slice(0, first), (name) => filling.has(name), OUTLINES_TOGETHER);
  return (
    <div class="movable" hidden={hidden} {...holding(table.held)}>
      <Moved what="row" n={moved} held={table.held} />
      <div
        class="table services"
        role="table"
        aria-label={`Services of ${entry.name}`}
        aria-rowcount={names.length + 1}
        data-open={narrow}
      >
        <Head cluster={entry.name} sort={sort} table={table} />
        <ServiceRows cluster={entry.name} table={table}>
          {shown.map((each) => (typeof each === 'string' ? element(entry.rows.get(each)!) : outlines(each)))}
        </ServiceRows>
      </div>
    </div>
  );
}

function useServiceKeys(selection: { value: ReadonlySet<string> }) {
  useKeys([
    { keys: 'j', label: 'Next row', group: 'Lists', run: () => moveFocus(1) },
    { keys: 'k', label: 'Previous row', group: 'Lists', run: () => moveFocus(-1) },
    { keys: 'arrowdown', label: '', group: 'Lists', run: () => moveFocus(1) },
    { keys: 'arrowup', label: '', group: 'Lists', run: () => moveFocus(-1) },
    {
      keys: 'enter',
      label: 'Open row',
      group: 'Lists',
      run: () => (document.activeElement as HTMLElement)?.click?.(),
    },
    {
      keys: 'x',
      label: 'Select row',
      group: 'Lists',
      run: () => {
        const name = (document.activeElement as HTMLElement)?.dataset.row;
        if (name) selection.value = toggled(selection.value, name);
      },
    },
  ]);
}

function Chips({ table }: { table: TableState }) {
  const chosen = table.chip.value;
  return (
    <div class="chips" role="group" aria-label="Show">
      {CHIPS.map(({ chip, label }) => {
        const n = table.chips.value[chip] ?? 0;
        if (!n && chip && chip !== chosen) return null;
        return (
          <button key={chip} type="button" class="chip" aria-pressed={chosen === chip} onClick={() => adjust({ chip })}>
            {label} <span class="number">{n}</span>
          </button>
        );
      })}
    </div>
  );
}

function SelectionBar({ entry, selection }: { entry: ClusterEntry; selection: { value: ReadonlySet<string> } }) {
  const chosen = [...selection.value]
    .map((name) => entry.rows.get(name)?.value)
    .filter((s): s is Service => s !== undefined && s.sync !== 'unmanaged');
  if (!chosen.length) return null;
  const names = chosen.map((service) => service.name);
  const why = hindrance('PATCH', SERVICES, entry.name, names);
  const whyDelete = hindrance('DELETE', SERVICE, entry.name, names);
  const clear = () => (selection.value = new Set());
  const open = (kind: 'scale' | 'deploy') =>
    (opened.value = { kind, cluster: entry.name, services: chosen, after: clear });
  const ask = (action: Action) => (asked.value = { ...action, after: clear });
  return (
    <div class="selectbar" role="region" aria-label="Selected services">
      <strong>{chosen.length} selected</strong>
      <div class="row">
        <Button icon="scale" why={why} onClick={() => open('scale')}>
          Scale
        </Button>
        <Button icon="up-arrow" why={why} onClick={() => open('deploy')}>
          Deploy
        </Button>
        <Button icon="restart" why={why} onClick={() => ask(restart(entry.name, chosen))}>
          Restart
        </Button>
        <Button icon="trash" why={whyDelete} onClick={() => ask(removeServices(entry.name, chosen))}>
          Delete
        </Button>
        <Button kind="quiet" icon="cross" label="Clear selection" onClick={clear} />
      </div>
    </div>
  );
}
