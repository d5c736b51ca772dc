import type { Json, Service } from '../lib/model';
import { call, path } from '../lib/rest';
import { store } from './state';
import { type Reading, useRead } from './read';

/** The effective configuration of a service, read again with each revision; servers without it answer 404. */
export function useConfiguration({ cluster, name }: Service): Reading<Json> {
  const revision = store.get(cluster)?.summary.value.revision;
  return useRead<Json>(`configuration ${cluster} ${name} ${revision}`, (signal) =>
    call(path('clusters', cluster, 'services', name, 'configuration'), { signal }),
  );
}
