/** What all rows of the services table look at; each row computes from it what concerns itself. */

import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { afterFrame, whenIdle } from '../app/frames';
import { now, route } from '../app/state';
import { Filling } from '../lib/filling';
import { CHIPS, inChip, isShown, keptOrder, moved, sorted, wordsOf } from '../lib/filter';
import type { Route } from '../lib/router';
import { sameFields, sameList, stable } from '../lib/stable';
import type { ClusterEntry } from '../lib/store';
import { Hiding } from './hiding';
import type { LoadView } from './load';
import { FREE, type Held } from './rows';
import { Sight } from './sight';

export interface TableState {
  chip: ReadonlySignal<string>;
  opened: ReadonlySignal<string | null>;
  selection: Signal<ReadonlySet<string>>;
  /** The names of the rows that are shown, and how many each chip has. */
  visible: ReadonlySignal<ReadonlySet<string>>;
  hiding: Hiding;
  sight: Sight;
  /** Which rows have all their cells; the others are their names alone. */
  filling: Filling;
  chips: ReadonlySignal<Record<string, number>>;
  order: ReadonlySignal<Order>;
  held: Signal<Held>;
  /** CPU and memory; null until they are read. */
  load: Signal<LoadView | null>;
}

/** So few that filling them never makes a stroke or a frame wait. */
const FILLED_AT_ONCE = 10;

export interface Order {
  names: readonly string[];
  moved: number;
  sort: string;
}

export function toggled(set: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(name)) next.add(name);
  return next;
}

export function tableState(entry: ClusterEntry): TableState {
  const view = (): Extract<Route, { screen: 'cluster' }> | null =>
    route.value.screen === 'cluster' ? route.value : null;
  const words = stable(() => wordsOf(view()?.filter ?? ''), sameList);
  const chip = stable(() => view()?.chip ?? '', Object.is);
  const rows = () => entry.names.value.map((name) => entry.rows.get(name)!.value);
  const visible = stable(
    () =>
      new Set(
        rows()
          .filter((r) => isShown(r, words.value, chip.value))
          .map((r) => r.name),
      ),
    (a, b) => sameList([...a], [...b]),
  );
  const held = signal(FREE);
  const ordered = order(entry, held, () => view()?.sort ?? '');
  return {
    chip,
    held,
    opened: stable(() => view()?.service ?? null, Object.is),
    selection: signal<ReadonlySet<string>>(new Set()),
    visible,
    hiding: new Hiding(visible, ordered),
    sight: new Sight(),
    filling: new Filling(FILLED_AT_ONCE, { idle: whenIdle, soon: afterFrame }),
    chips: stable(
      () => Object.fromEntries(CHIPS.map((c) => [c.chip, rows().filter((r) => inChip(r, c.chip)).length])),
      sameFields,
    ),
    order: ordered,
    load: signal(null),
  };
}

/**
 * The order of the rows. It does not change under the pointer, nor while the focus is in the table; and when rows change, not
 * before the clock ticks: an order that changes ten times a second can be neither read nor painted.
 */
function order(entry: ClusterEntry, held: ReadonlySignal<Held>, sortOf: () => string): ReadonlySignal<Order> {
  let shown: Order | null = null;
  return stable<Order>(
    () => {
      const sort = sortOf();
      void now.value;
      const wanted = sorted(
        entry.names.value.map((name) => entry.rows.get(name)!.peek()),
        sort,
      );
      if ((held.value.pointer || held.value.focus) && shown?.sort === sort) {
        const names = keptOrder(shown.names, wanted);
        shown = { sort, names, moved: moved(names, wanted) };
      } else shown = { sort, names: wanted, moved: 0 };
      return shown;
    },
    (a, b) => a.sort === b.sort && a.moved === b.moved && sameList(a.names, b.names),
  );
}
