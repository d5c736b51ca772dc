/** Which clusters want attention: a division that stands still under somebody's hand. */

import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { route, store } from '../app/state';
import { matchesText, wordsOf } from '../lib/filter';
import type { Counts } from '../lib/model';
import { sameList, stable } from '../lib/stable';
import type { ClusterEntry } from '../lib/store';
import { FREE, type Held } from './rows';

export interface Groups {
  /** Those with failures first. */
  attention: readonly ClusterEntry[];
  rest: readonly ClusterEntry[];
  /** How many stand in the other group than they would. */
  moved: number;
}

/** 2 where something fails, 1 where something drifted, 0 where nobody need look. */
function urgency(counts: Counts): number {
  return counts.failed > 0 ? 2 : counts.drifted > 0 ? 1 : 0;
}

export interface FleetState {
  shown: ReadonlySignal<readonly string[]>;
  groups: ReadonlySignal<Groups>;
  held: Signal<Held>;
}

export function fleetState(): FleetState {
  const words = stable(() => wordsOf(route.value.screen === 'fleet' ? route.value.filter : ''), sameList);
  const shown = stable(
    () => store.names.value.filter((name) => matchesText(words.value, name.toLowerCase())),
    sameList,
  );
  const held = signal(FREE);
  return { shown, held, groups: grouped(() => shown.value.map((name) => store.get(name)!), held) };
}

function grouped(entries: () => readonly ClusterEntry[], held: ReadonlySignal<Held>): ReadonlySignal<Groups> {
  let known = new Map<ClusterEntry, number>();
  return stable<Groups>(
    () => {
      const all = entries();
      const now = new Map(all.map((entry) => [entry, urgency(entry.counts.value)]));
      const holds = held.value.pointer || held.value.focus;
      const shown = new Map(all.map((entry) => [entry, (holds ? known.get(entry) : undefined) ?? now.get(entry)!]));
      known = shown;
      return {
        attention: all.filter((entry) => shown.get(entry)!).toSorted((a, b) => shown.get(b)! - shown.get(a)!),
        rest: all.filter((entry) => !shown.get(entry)),
        moved: all.filter((entry) => shown.get(entry) !== now.get(entry)).length,
      };
    },
    (a, b) => a.moved === b.moved && sameList(a.attention, b.attention) && sameList(a.rest, b.rest),
  );
}
