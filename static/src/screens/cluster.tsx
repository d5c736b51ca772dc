import { useComputed, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { asked, changeTag, removeServices, scale } from '../app/actions';
import { useKeys } from '../app/keyboard';
import { useSlow } from '../app/read';
import { moveFocus } from '../app/rows';
import { adjust, go, hindrance, route, store } from '../app/state';
import { plural } from '../lib/changes';
import { CHIPS, inChip, isShown, moved, sorted, wordsOf } from '../lib/filter';
import { type Service } from '../lib/model';
import type { Route } from '../lib/router';
import type { ClusterEntry } from '../lib/store';
import { Button } from '../ui/button';
import { SearchField } from '../ui/search';
import { Empty, Skeleton } from '../ui/states';
import { CountDialog } from './count-dialog';
import { Drawer } from './drawer';
import { ClusterFrame } from './frame';
import { Head, ServiceRow } from './service-row';
import { toggled } from './selection';
import { TagPicker } from './tag-picker';

type ClusterRoute = Extract<Route, { screen: 'cluster' }>;

export function ClusterScreen({ at }: { at: ClusterRoute }) {
  const known = store.names.value.includes(at.cluster);
  const entry = store.get(at.cluster);
  const slow = useSlow(!entry && !store.loaded.value);
  if (!known || !entry) {
    if (slow) return <Skeleton />;
    if (!store.loaded.value) return null;
    return (
      <Empty page icon="question" title={`No cluster is called ${at.cluster}`} actions={<Button onClick={() => go({ screen: 'fleet', filter: '' })}>All clusters</Button>}>
        It may have another name, or nobody manages it any more.
      </Empty>
    );
  }
  return (
    <>
      <ClusterFrame entry={entry} page="services">
        <Services entry={entry} at={at} />
      </ClusterFrame>
      {at.service && <Drawer key={`${at.cluster}/${at.service}`} entry={entry} name={at.service} tab={at.tab} />}
    </>
  );
}

function Services({ entry, at }: { entry: ClusterEntry; at: ClusterRoute }) {
  const words = wordsOf(at.filter);
  const selection = useSignal<ReadonlySet<string>>(new Set());
  const names = entry.names.value;
  const rows = names.map((name) => entry.rows.get(name)!);
  const visible = useComputed(() => {
    const view = route.value as ClusterRoute;
    const looked = wordsOf(view.filter ?? '');
    return entry.names.value.filter((name) => isShown(entry.rows.get(name)!.value, looked, view.chip ?? ''));
  });
  const order = useOrder(entry, at.sort);
  useServiceKeys(entry, selection);
  const opened = Boolean(at.service);
  if (!names.length) {
    return (
      <Empty icon="box" title="No services yet" actions={<Button kind="primary" icon="edit" onClick={() => go({ screen: 'stackfile', cluster: entry.name, revision: null })}>Edit the stackfile</Button>}>
        The desired state of {entry.name} names no service, so nothing runs.
      </Empty>
    );
  }
  return (
    <>
      <div class="toolbar">
        <Chips rows={rows.map((r) => r.value)} chip={at.chip} />
        <SearchField label="Filter services" value={at.filter} onChange={(filter) => adjust({ filter })} />
      </div>
      <p class="visually-hidden" role="status">{words.length || at.chip ? `${visible.value.length} of ${names.length} services shown` : ''}</p>
      {order.moved > 0 && <div class="moved"><Button icon="drift" onClick={order.sortNow}>{plural(order.moved, 'row')} moved – sort again</Button></div>}
      <div class="table services" role="table" aria-label={`Services of ${entry.name}`} data-open={opened} aria-rowcount={names.length + 1} hidden={!visible.value.length} onFocusIn={order.hold} onFocusOut={order.release} onPointerEnter={order.hold} onPointerLeave={order.release}>
        <Head sort={at.sort} selection={selection} visible={visible.value} />
        <div class="tbody" role="rowgroup">
          {order.names.map((name) => (
            <ServiceRow key={name} row={entry.rows.get(name)!} visible={visible} open={at.service === name} selection={selection} />
          ))}
        </div>
      </div>
      {!visible.value.length && (
        <Empty icon="search" title={`0 of ${names.length} match`} actions={<Button onClick={() => adjust({ filter: '', chip: '' })}>Clear the filter</Button>}>
          No service fits {at.filter ? `“${at.filter}”` : 'what you chose'}.
        </Empty>
      )}
      <SelectionBar entry={entry} selection={selection} />
    </>
  );
}

/** The order of the rows: it does not change under the pointer, nor while the focus is in the table. */
function useOrder(entry: ClusterEntry, sort: string) {
  const held = useSignal(0);
  const shownOrder = useSignal<{ sort: string; names: readonly string[] } | null>(null);
  const wanted = useComputed(() => {
    const key = (route.value as ClusterRoute).sort ?? '';
    // By name nothing moves when a row changes: then rows need not be read.
    const byName = !key || key.endsWith('name');
    return sorted(entry.names.value.map((name) => (byName ? entry.rows.get(name)!.peek() : entry.rows.get(name)!.value)), key);
  });
  const before = shownOrder.peek();
  const keep = held.value > 0 && before !== null && before.sort === sort;
  const names = keep ? [...before.names.filter((n) => entry.rows.has(n)), ...wanted.value.filter((n) => !before.names.includes(n))] : wanted.value;
  shownOrder.value = useMemo(() => ({ sort, names }), [names.join('\n'), sort]);
  return {
    names,
    moved: keep ? moved(names, wanted.value) : 0,
    hold: () => void held.value++,
    release: () => (held.value = Math.max(0, held.value - 1)),
    sortNow: () => {
      shownOrder.value = null;
      held.value = 0;
    },
  };
}

function useServiceKeys(entry: ClusterEntry, selection: { value: ReadonlySet<string> }) {
  useKeys([
    { keys: 'j', says: 'Next row', group: 'Lists', run: () => moveFocus(1) },
    { keys: 'k', says: 'Row before', group: 'Lists', run: () => moveFocus(-1) },
    { keys: 'arrowdown', says: '', group: 'Lists', run: () => moveFocus(1) },
    { keys: 'arrowup', says: '', group: 'Lists', run: () => moveFocus(-1) },
    { keys: 'enter', says: 'Open the row', group: 'Lists', run: () => (document.activeElement as HTMLElement)?.click?.() },
    {
      keys: 'x',
      says: 'Choose the row',
      group: 'Lists',
      run: () => {
        const name = (document.activeElement as HTMLElement)?.dataset.row;
        if (name) selection.value = toggled(selection.value, name);
      },
    },
  ], [entry]);
}

function Chips({ rows, chip }: { rows: Service[]; chip: string }) {
  return (
    <div class="chips" role="group" aria-label="Show">
      {CHIPS.map((c) => {
        const n = rows.filter((r) => inChip(r, c.chip)).length;
        if (!n && c.chip && c.chip !== chip) return null;
        return <button key={c.chip} type="button" class="chip" aria-pressed={chip === c.chip} onClick={() => adjust({ chip: c.chip })}>{c.label} <span class="number">{n}</span></button>;
      })}
    </div>
  );
}

function SelectionBar({ entry, selection }: { entry: ClusterEntry; selection: { value: ReadonlySet<string> } }) {
  const dialog = useSignal<'scale' | 'tag' | null>(null);
  const chosen = [...selection.value].map((name) => entry.rows.get(name)?.value).filter((s): s is Service => s !== undefined && s.sync !== 'unmanaged');
  if (!chosen.length) return null;
  const why = hindrance('PUT', '/clusters/{c}/services/{s}', entry.name);
  const whyDelete = hindrance('DELETE', '/clusters/{c}/services/{s}', entry.name);
  const clear = () => (selection.value = new Set());
  const ask = (action: ReturnType<typeof scale>) => (asked.value = { ...action, after: clear });
  return (
    <div class="selectbar" role="region" aria-label="Chosen services">
      <strong>{plural(chosen.length, 'service')} chosen</strong>
      <div class="row">
        <Button icon="scale" why={why} onClick={() => (dialog.value = 'scale')}>Scale</Button>
        <Button icon="tag" why={why} onClick={() => (dialog.value = 'tag')}>Change tag</Button>
        <Button icon="trash" why={whyDelete} onClick={() => ask(removeServices(entry.name, chosen))}>Delete</Button>
        <Button kind="quiet" icon="cross" label="Choose none" onClick={clear} />
      </div>
      {dialog.value === 'scale' && <CountDialog services={chosen} onClose={() => (dialog.value = null)} onPick={(n) => { dialog.value = null; ask(scale(entry.name, chosen, n)); }} />}
      {dialog.value === 'tag' && <TagPicker cluster={entry.name} services={chosen} onClose={() => (dialog.value = null)} onPick={(tag) => { dialog.value = null; ask(changeTag(entry.name, chosen, tag)); }} />}
    </div>
  );
}
