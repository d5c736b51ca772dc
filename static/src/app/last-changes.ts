import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { type Happening, lastDeployments, readActivity } from '../lib/activity';
import type { Json } from '../lib/model';
import { call } from '../lib/rest';
import type { ClusterEntry } from '../lib/store';
import { whenIdle } from './frames';
import { useRead } from './read';
import { offered } from './state';

const LIMIT = 100;
const NONE: ReadonlyMap<string, Happening> = new Map();

/** The newest deployment of each service of the cluster in view, among the newest ones of the cluster. */
export const lastChanges = signal(NONE);

/** Reads them when the page has time for it, and again with each change. */
export function LastChangesReader({ entry }: { entry: ClusterEntry }) {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    whenIdle(() => setIdle(true));
    return () => (lastChanges.value = NONE);
  }, []);
  const cluster = entry.name;
  const read = idle && offered('GET', '/activity');
  const { data } = useRead<Json>(read ? `${cluster} ${entry.summary.value.changedAt}` : null, (signal) =>
    call('/activity', { signal, query: { cluster, kind: ['change', 'override'], limit: LIMIT } }),
  );
  useEffect(() => {
    if (data) lastChanges.value = lastDeployments(readActivity(data).happenings);
  }, [data]);
  return null;
}
