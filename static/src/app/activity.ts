import { computed, signal } from '@preact/signals';
import { type Happening, readActivity } from '../lib/activity';
import type { Json } from '../lib/model';
import type { Deployed } from '../lib/ticks';
import { type Call, call } from '../lib/rest';
import { offered, store } from './state';
import { type Reading, useRead } from './read';

const LIMIT = 200;

/** The newest deployments of each cluster, for the ticks on the wall; null before they are read. */
export const deployments = signal<ReadonlyMap<string, readonly Deployed[]> | null>(null);

/** The newest change and freeze of any cluster, and how many rollouts go on and have failed: all is read again with each. */
const newest = computed(() => {
  const entries = store.names.value.map((name) => store.get(name)!);
  const changed = Math.max(0, ...entries.map((entry) => entry.summary.value.changedAt ?? 0));
  const frozen = sum(entries.map((entry) => entry.summary.value.frozen?.at ?? 0));
  const counts = entries.map((entry) => entry.counts.value);
  return [changed, frozen, sum(counts.map((each) => each.rollingOut)), sum(counts.map((each) => each.failed))].join(
    ' ',
  );
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** What happened in all clusters of late; null data where the server does not offer it. */
export function useActivity(query: Call['query'] = {}): Reading<Json> {
  const key = offered('GET', '/activity') ? `activity ${newest.value} ${JSON.stringify(query)}` : null;
  return useRead<Json>(key, (signal) => call('/activity', { signal, query: { limit: LIMIT, ...query } }));
}

export function happeningsOf(reading: Reading<Json>): readonly Happening[] {
  return reading.data ? readActivity(reading.data).happenings : [];
}

/** Delivery figures, read again as the activity is; null data where the server does not offer them. */
export function useFigures(query: Call['query']): Reading<Json> {
  const key = offered('GET', '/stats/deployments') ? `figures ${newest.value} ${JSON.stringify(query)}` : null;
  return useRead<Json>(key, (signal) => call('/stats/deployments', { signal, query: { ...query } }));
}
