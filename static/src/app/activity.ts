import { computed, signal } from '@preact/signals';
import { type Happening, readActivity } from '../lib/activity';
import type { Json } from '../lib/model';
import type { Deployed } from '../lib/ticks';
import { call } from '../lib/rest';
import { offered, store } from './state';
import { type Reading, useRead } from './read';

const LIMIT = 200;

/** The newest deployments of each cluster, for the ticks on the wall; null before they are read. */
export const deployments = signal<ReadonlyMap<string, readonly Deployed[]> | null>(null);

/** The newest change of any cluster: what happened is read again with each. */
const newest = computed(() =>
  store.names.value.reduce((latest, name) => Math.max(latest, store.get(name)!.summary.value.changedAt ?? 0), 0),
);

/** What happened in all clusters of late; null data where the server does not offer it. */
export function useActivity(query: Record<string, string> = {}): Reading<Json> {
  const key = offered('GET', '/activity') ? `activity ${newest.value} ${JSON.stringify(query)}` : null;
  return useRead<Json>(key, (signal) => call('/activity', { signal, query: { limit: LIMIT, ...query } }));
}

export function happeningsOf(reading: Reading<Json>): readonly Happening[] {
  return reading.data ? readActivity(reading.data).happenings : [];
}
