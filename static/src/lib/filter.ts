/** Which rows are shown, and in which order. */

import { versionOf } from './images';
import { hasFailed, isPaused, type Service } from './model';

export type Chip = '' | 'drifted' | 'rolling-out' | 'paused' | 'failed' | 'unmanaged';
export const CHIPS: { chip: Chip; label: string }[] = [
  { chip: '', label: 'All' },
  { chip: 'failed', label: 'Failed' },
  { chip: 'paused', label: 'Paused' },
  { chip: 'rolling-out', label: 'Rolling out' },
  { chip: 'drifted', label: 'Drifted' },
  { chip: 'unmanaged', label: 'Not managed' },
];

/** Every word must be found somewhere in the text, in any case and order. */
export function matchesText(words: readonly string[], text: string): boolean {
  return words.every((word) => text.includes(word));
}

export function wordsOf(filter: string): string[] {
  return filter.toLowerCase().split(/\s+/).filter(Boolean);
}

export function inChip(service: Service, chip: string): boolean {
  if (chip === 'drifted') return service.sync === 'drifted';
  if (chip === 'paused') return isPaused(service);
  if (chip === 'rolling-out') return service.sync === 'rolling-out';
  if (chip === 'failed') return hasFailed(service);
  if (chip === 'unmanaged') return service.sync === 'unmanaged';
  return true;
}

export function isShown(service: Service, words: readonly string[], chip: string): boolean {
  if (!inChip(service, chip)) return false;
  return (
    !words.length || matchesText(words, `${service.name} ${service.image ?? service.deployedImage ?? ''}`.toLowerCase())
  );
}

export type SortKey = 'name' | 'version' | 'tasks' | 'status';
export const SORT_KEYS: SortKey[] = ['name', 'version', 'tasks', 'status'];

/** The worst first. */
function gravity(service: Service): number {
  if (hasFailed(service)) return 0;
  if (isPaused(service)) return 1;
  if (service.sync === 'rolling-out') return 2;
  if (service.sync === 'drifted') return 3;
  if (service.health === 'degraded') return 4;
  return service.sync === 'unmanaged' ? 5 : 6;
}

let collator: Intl.Collator | null = null;

/** The order of names. Its collator is made when it is needed first: that takes as long as to draw twenty tiles. */
function compareNames(a: string, b: string): number {
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(a, b);
}

const ORDER: Record<SortKey, (a: Service, b: Service) => number> = {
  name: () => 0,
  version: (a, b) => compareNames(versionOf(a.image), versionOf(b.image)),
  tasks: (a, b) => a.desired - b.desired,
  status: (a, b) => gravity(a) - gravity(b),
};

/** `status` sorts by status, `-status` the other way round; equal rows by name. */
export function sorted(services: readonly Service[], sort: string): string[] {
  const key = SORT_KEYS.find((k) => k === sort.replace(/^-/, '')) ?? 'name';
  const direction = sort.startsWith('-') ? -1 : 1;
  const compare = (a: Service, b: Service) =>
    direction * ORDER[key](a, b) || (key === 'name' ? direction : 1) * compareNames(a.name, b.name);
  return services.toSorted(compare).map((s) => s.name);
}

/** The shown rows with the first of the wanted ones above them, and without those that are not wanted. */
export function topFirst(shown: readonly string[], wanted: readonly string[], many: number): string[] {
  const top = new Set(wanted.slice(0, many));
  const others = new Set(wanted.slice(many));
  return [...top, ...shown.filter((name) => others.has(name))];
}

/** A kept order with new names at its end and without those that are gone. */
export function keptOrder(order: readonly string[], names: readonly string[]): string[] {
  const [known, present] = [new Set(order), new Set(names)];
  return [...order.filter((name) => present.has(name)), ...names.filter((name) => !known.has(name))];
}

/** How many rows stand elsewhere than they would if they were sorted now. */
export function moved(shown: readonly string[], wanted: readonly string[]): number {
  const position = new Map(wanted.map((name, i) => [name, i]));
  const common = shown.filter((name) => position.has(name));
  return common.length - longestRise(common.map((name) => position.get(name)!)) + wanted.length - common.length;
}

/** The length of the longest increasing subsequence: rows that need not move. */
function longestRise(numbers: readonly number[]): number {
  const ends: number[] = [];
  for (const n of numbers) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const mid = (low + high) >> 1;
      if (ends[mid]! < n) low = mid + 1;
      else high = mid;
    }
    ends[low] = n;
  }
  return ends.length;
}

/** How well a query fits a text, for the palette: 0 not at all; letters in order are enough, starts of words count more. */
export function fuzzy(query: string, text: string): number {
  if (!query) return 1;
  const [q, t] = [query.toLowerCase().replace(/\s+/g, ''), text.toLowerCase()];
  const at = t.indexOf(q);
  if (at >= 0) return 1000 - at - (t.length - q.length) / 100;
  let score = 1;
  let from = 0;
  for (const letter of q) {
    const found = t.indexOf(letter, from);
    if (found < 0) return 0;
    if (found === 0 || /[^a-z0-9]/.test(t[found - 1]!)) score += 10;
    else if (found === from) score += 5;
    from = found + 1;
  }
  return score;
}
