/** The wall of clusters: in which state a tile is, which one comes first, and how names form groups. */

import { type Mark, markRank, serviceMark } from './marks';
import type { Cluster, Counts, OpenRollout, Service } from './model';

export type TileState = 'unreadable' | 'failing' | 'paused' | 'rolling' | 'drifted' | 'frozen' | 'calm';

const WORST_FIRST: TileState[] = ['unreadable', 'failing', 'paused', 'rolling', 'drifted', 'frozen', 'calm'];

/** The one state of a cluster that matters most now. */
export function tileState({ frozen, unreadable }: Cluster, counts: Counts): TileState {
  if (unreadable !== null) return 'unreadable';
  if (counts.failed) return 'failing';
  if (counts.paused) return 'paused';
  if (counts.rollingOut) return 'rolling';
  if (counts.drifted) return 'drifted';
  return frozen ? 'frozen' : 'calm';
}

export function urgency(state: TileState): number {
  return WORST_FIRST.indexOf(state);
}

/** The services of a tile, the worst first, then by name as they come. */
export function worstFirst(services: readonly Service[]): Service[] {
  const ranks = new Map(services.map((service) => [service, markRank(serviceMark(service))]));
  return services.toSorted((a, b) => ranks.get(a)! - ranks.get(b)!);
}

/** What the totals count: services in a state, and frozen clusters. */
export type TallyKey = 'failing' | 'paused' | 'rolling' | 'drifted' | 'frozen' | 'healthy';
export type Tallies = Record<TallyKey, number>;
export const TALLIES: { key: TallyKey; word: string }[] = [
  { key: 'failing', word: 'failing' },
  { key: 'paused', word: 'paused' },
  { key: 'rolling', word: 'rolling out' },
  { key: 'drifted', word: 'drifted' },
  { key: 'frozen', word: 'frozen' },
  { key: 'healthy', word: 'healthy' },
];

const COUNTED: Partial<Record<Mark, TallyKey>> = {
  failing: 'failing',
  paused: 'paused',
  rolling: 'rolling',
  drifted: 'drifted',
  healthy: 'healthy',
};

/** How much a cluster adds to each total. */
export function tallied(cluster: Cluster, services: readonly Service[]): Tallies {
  const totals: Tallies = {
    failing: 0,
    paused: 0,
    rolling: 0,
    drifted: 0,
    frozen: cluster.frozen ? 1 : 0,
    healthy: 0,
  };
  for (const service of services) {
    const key = COUNTED[serviceMark(service)];
    if (key) totals[key]++;
  }
  return totals;
}

export interface NameGroup {
  pattern: string;
  names: string[];
}

export const OTHERS = 'Other clusters';

/** Names that begin alike up to a dash, an underscore or a dot form a group; the rest is one group at the end. */
export function byPattern(names: readonly string[]): NameGroup[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const start = /^[^-_.]+/.exec(name)?.[0] ?? name;
    groups.set(start, [...(groups.get(start) ?? []), name]);
  }
  const shared = [...groups].filter(([, members]) => members.length > 1);
  const alone = [...groups].filter(([, members]) => members.length === 1).flatMap(([, members]) => members);
  const patterns = shared.map(([start, members]) => ({ pattern: `${start}*`, names: members }));
  return alone.length ? [...patterns, { pattern: OTHERS, names: alone }] : patterns;
}

/** From how many clusters on the wall is dense unless the viewer chose otherwise. */
export const DENSE_FROM = 19;

/** Up to that many failing clusters have a tile of two columns. */
export const WIDE_FAILURES = 3;

/** The rollout that a service is in: the newest that has it. */
export function rolloutOf({ rollouts }: Cluster, service: string): OpenRollout | null {
  return rollouts.findLast((rollout) => rollout.services.includes(service)) ?? null;
}

/** A drift as a large numeral with its words: `2 of 4`, `tasks, changed outside Nysa`. */
export function driftInShort({ drift }: Service): { numeral: string; words: string } {
  const count = drift?.find((difference) => difference.path === 'desired_count');
  if (count && typeof count.before === 'number')
    return { numeral: `${count.before} of ${String(count.after)}`, words: 'tasks, changed outside Nysa' };
  const fields = drift?.map((difference) => difference.path) ?? [];
  if (!fields.length) return { numeral: '1', words: 'service, changed outside Nysa' };
  return {
    numeral: String(fields.length),
    words: `${fields.length === 1 ? 'field differs' : 'fields differ'}: ${fields.join(', ')}`,
  };
}
