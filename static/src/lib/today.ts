/** The deployments and freezes of one day, in the browser's time zone, on a line from midnight to midnight. */

import { type ActivityPage, type Happening, isDeployment, kindOf } from './activity';
import { plural } from './changes';
import type { Band, TickKind } from './ticks';

/** From midnight to midnight: 23 or 25 hours where the clocks change. */
export interface Day {
  start: number;
  end: number;
}

/** Deployments of one kind that have the same place on the line, the newest first. */
export interface DayTick {
  left: number;
  kind: TickKind;
  deployments: readonly Happening[];
}

export interface Counts {
  deployments: number;
  failed: number;
  back: number;
}

export interface DayRow {
  cluster: string;
  ticks: readonly DayTick[];
  freezes: readonly Band[];
  counts: Counts;
}

/** A cluster, and since when it is frozen; null where it is not. */
export interface DayCluster {
  name: string;
  frozenSince: number | null;
}

const GUARDS = new Set(['freeze', 'thaw']);

const LABELLED_HOURS = [0, 3, 6, 9, 12, 15, 18, 21];

export function dayAt(now: number): Day {
  const date = new Date(now);
  const midnight = (days: number) => +new Date(date.getFullYear(), date.getMonth(), date.getDate() + days);
  return { start: midnight(0), end: midnight(1) };
}

/** Percent of the line from its left edge, in steps of about a pixel. */
export function placeOn({ start, end }: Day, at: number): number {
  const share = (at - start) / (end - start);
  return Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
}

/** The times of every third hour of the day, by the clock on the wall. */
export function hoursOf({ start }: Day): number[] {
  const date = new Date(start);
  return LABELLED_HOURS.map((hour) => +new Date(date.getFullYear(), date.getMonth(), date.getDate(), hour));
}

/** A row for each cluster, in their order. `happenings` has the newest first, and may go back beyond the day. */
export function rowsOf(
  happenings: readonly Happening[],
  clusters: readonly DayCluster[],
  day: Day,
  now: number,
): DayRow[] {
  const byCluster = grouped(happenings, ({ cluster }) => cluster);
  return clusters.map(({ name, frozenSince }) => {
    const entries = byCluster.get(name) ?? [];
    const deployments = entries.filter((entry) => isDeployment(entry) && day.start <= entry.at && entry.at < day.end);
    return {
      cluster: name,
      ticks: ticksOf(deployments, day),
      freezes: freezesOf(entries, frozenSince, day, now),
      counts: {
        deployments: deployments.length,
        failed: deployments.filter((each) => kindOf(each) === 'failed').length,
        back: deployments.filter((each) => kindOf(each) === 'back').length,
      },
    };
  });
}

/** `Map.groupBy`, which Node 20 does not have: the tests run on it. */
function grouped<K, T>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

function ticksOf(deployments: readonly Happening[], day: Day): DayTick[] {
  const placed = deployments.map((each) => ({ left: placeOn(day, each.at), kind: kindOf(each), each }));
  return [...grouped(placed, ({ left, kind }) => `${kind} ${left}`).values()].map((same) => ({
    left: same[0]!.left,
    kind: same[0]!.kind,
    deployments: same.map(({ each }) => each),
  }));
}

/** The times of the day at which a cluster was frozen: by its entries, and by the freeze that goes on. */
function freezesOf(entries: readonly Happening[], frozenSince: number | null, day: Day, now: number): Band[] {
  const guards = entries.filter((entry) => entry.kind !== 'refusal' && GUARDS.has(entry.verb)).toReversed();
  const spans = guards.flatMap(({ at, verb, until }, i): [number, number][] => {
    // What is lifted without a known begin was frozen before the oldest entry.
    if (verb === 'thaw') return i ? [] : [[day.start, at]];
    const end = guards[i + 1]?.at ?? (until !== null || frozenSince !== null ? now : null);
    return end === null ? [] : [[at, Math.max(at, Math.min(until ?? end, end, now))]];
  });
  // The time is in whole minutes: a freeze may begin later.
  if (frozenSince !== null) spans.push([frozenSince, Math.max(frozenSince, now)]);
  const merged: [number, number][] = [];
  for (const [from, to] of spans.toSorted(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged
    .filter(([from, to]) => to > day.start && from < day.end)
    .map(([from, to]) => ({ left: placeOn(day, from), right: 100 - placeOn(day, to) }));
}

/** The rows that are shown, in their order, and the others: where there are too many, those with something first. */
export function chooseRows(rows: readonly DayRow[], most: number): { shown: DayRow[]; others: DayRow[] } {
  const rank = ({ counts, freezes }: DayRow) => (counts.deployments ? 0 : freezes.length ? 1 : 2);
  const chosen = new Set(rows.toSorted((a, b) => rank(a) - rank(b)).slice(0, most));
  return { shown: rows.filter((row) => chosen.has(row)), others: rows.filter((row) => !chosen.has(row)) };
}

export function totalOf(rows: readonly DayRow[]): Counts {
  const sum = (key: keyof Counts) => rows.reduce((total, { counts }) => total + counts[key], 0);
  return { deployments: sum('deployments'), failed: sum('failed'), back: sum('back') };
}

/** `17 deployments, 1 failed, 1 rolled back`. */
export function countsInWords({ deployments, failed, back }: Counts, separator = ', '): string {
  const parts = [deployments ? plural(deployments, 'deployment') : 'No deployments'];
  if (failed) parts.push(`${failed} failed`);
  if (back) parts.push(`${back} rolled back`);
  return parts.join(separator);
}

/** The cursor of the entries since a time that are neither on the newest page nor known; null where none are missing. */
export function missing(newest: ActivityPage, known: readonly Happening[], since: number): string | null {
  const oldest = newest.happenings.at(-1);
  if (!oldest || oldest.at < since) return null;
  const joined = known.length > 0 && known[0]!.at >= oldest.at;
  return joined ? null : newest.next;
}
