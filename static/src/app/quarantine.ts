/** The images that were rolled away from, and are kept from coming back, by cluster and service. */

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type Held, readHeld } from '../lib/quarantine';
import type { Json } from '../lib/model';
import { call, path } from '../lib/rest';
import type { ClusterEntry } from '../lib/store';
import { useRead } from './read';

const held = signal<ReadonlyMap<string, readonly Held[]>>(new Map());
const NONE: readonly Held[] = [];

/** As it was last read; follows. */
export function heldOf(cluster: string, service: string): readonly Held[] {
  return held.value.get(`${cluster}/${service}`) ?? NONE;
}

/** Reads what is held in a cluster, again with each revision: a rollback and a release are revisions. */
export function useQuarantine(entry: ClusterEntry): void {
  const { name } = entry;
  const { data } = useRead<Json>(`quarantine ${name} ${entry.summary.value.revision}`, (abort) =>
    call(path('clusters', name, 'quarantine'), { signal: abort }),
  );
  useEffect(() => {
    if (!data) return;
    const found = new Map<string, Held[]>();
    for (const each of readHeld(data))
      found.set(`${name}/${each.service}`, [...(found.get(`${name}/${each.service}`) ?? []), each]);
    if (JSON.stringify([...found]) !== JSON.stringify([...held.peek()])) held.value = found;
  }, [data]);
}
