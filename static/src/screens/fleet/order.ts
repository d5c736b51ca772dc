/** Which clusters are on the wall, and in which order: one that stays while the pointer or the focus is in it. */

import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { accountParts, inAccount } from '../../app/accounts';
import { route, store } from '../../app/state';
import { matchesText, wordsOf } from '../../lib/filter';
import { type FleetRoute, fleetRoute } from '../../lib/router';
import { sameList, stable } from '../../lib/stable';
import type { ClusterEntry } from '../../lib/store';
import { byPattern, type TallyKey, tileState, urgency } from '../../lib/wall';
import { Hiding } from '../hiding';
import { FREE, type Held } from '../rows';

export interface Wall {
  groups: readonly { title: string; entries: readonly ClusterEntry[] }[];
  /** How many would have another place if they were sorted now. */
  moved: number;
}

/** `shown` are the clusters that all filters leave, `hiding` hides those on the wall that the words do not match. */
export interface FleetState {
  shown: ReadonlySignal<readonly string[]>;
  failing: ReadonlySignal<number>;
  hiding: Hiding;
  wall: ReadonlySignal<Wall>;
  held: Signal<Held>;
}

const view = (): FleetRoute => (route.value.screen === 'fleet' ? route.value : fleetRoute());

export function fleetState(): FleetState {
  const words = stable(() => wordsOf(view().filter), sameList);
  const state = stable(() => view().state, Object.is);
  const account = stable(() => view().account, Object.is);
  const grouped = stable(() => view().group, Object.is);
  const placed = stable(
    () => store.names.value.filter((name) => inAccount(name, account.value) && inState(store.get(name)!, state.value)),
    sameList,
  );
  // A cluster is found by its own name and by those of its services.
  const shown = stable(
    () =>
      words.value.length
        ? placed.value.filter((name) => matchesText(words.value, store.get(name)!.text.value))
        : placed.value,
    sameList,
  );
  const failing = computed(() => shown.value.filter((name) => store.get(name)!.counts.value.failed > 0).length);
  const held = signal(FREE);
  const wall = arranged(placed, grouped, held);
  const hiding = new Hiding(
    computed(() => new Set(shown.value)),
    computed(() => ({ names: wall.value.groups.flatMap(({ entries }) => entries.map((entry) => entry.name)) })),
  );
  return { shown, failing, held, wall, hiding };
}

function inState(entry: ClusterEntry, state: string): boolean {
  return !state || (entry.tallies.value[state as TallyKey] ?? 0) > 0;
}

export function urgencyOf(entry: ClusterEntry): number {
  return urgency(tileState(entry.summary.value, entry.counts.value));
}

function groupsOf(group: string, names: readonly string[]): { title: string; names: readonly string[] }[] {
  if (group === 'pattern') return byPattern(names).map(({ pattern, ...rest }) => ({ title: pattern, ...rest }));
  if (group === 'account' && accountParts.value) return accountParts.value.groupsOf(names);
  return [{ title: '', names }];
}

function arranged(
  placed: ReadonlySignal<readonly string[]>,
  grouped: ReadonlySignal<string>,
  held: ReadonlySignal<Held>,
): ReadonlySignal<Wall> {
  let known = new Map<ClusterEntry, number>();
  return stable<Wall>(
    () => {
      const entries = placed.value.map((name) => store.get(name)!);
      const now = new Map(entries.map((entry) => [entry, urgencyOf(entry)]));
      const holds = held.value.pointer || held.value.focus;
      const kept = new Map(entries.map((entry) => [entry, (holds ? known.get(entry) : undefined) ?? now.get(entry)!]));
      known = kept;
      const sort = (some: readonly ClusterEntry[]) => some.toSorted((a, b) => kept.get(a)! - kept.get(b)!);
      const groups = groupsOf(grouped.value, placed.value).map(({ title, names }) => ({
        title,
        entries: sort(names.map((name) => store.get(name)!)),
      }));
      return { groups, moved: entries.filter((entry) => kept.get(entry) !== now.get(entry)).length };
    },
    (a, b) =>
      a.moved === b.moved &&
      a.groups.length === b.groups.length &&
      a.groups.every((group, i) => group.title === b.groups[i]!.title && sameList(group.entries, b.groups[i]!.entries)),
  );
}

/** Whether the filter leaves nothing of a group; the only one, which has no title, is the wall itself. */
export function isEmpty(title: string, entries: readonly ClusterEntry[], { shown }: FleetState): boolean {
  if (!title) return false;
  const shownNames = new Set(shown.value);
  return !entries.some(({ name }) => shownNames.has(name));
}
