/** The versions of all clusters: read some clusters at a time, and again for those that have changed. */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Json } from '../lib/model';
import { type ApiError, asApiError, call } from '../lib/rest';
import type { ClusterVersions, VersionTable } from '../lib/versions';
import { readVersions } from '../lib/versions';
import { heed, store } from './state';

export interface Versions {
  table: VersionTable;
  /** True once every cluster was read. */
  loaded: boolean;
  error: ApiError | null;
  again: () => void;
}

/** So many clusters in a request: the page stays responsive while it reads thousands of cells. */
const AT_ONCE = 8;
/** Changes come in bursts: they are read together, in milliseconds. */
const PAUSE_MS = 1000;

/** What the versions of a cluster depend on. */
function markOf(name: string): string {
  const entry = store.get(name)!;
  const { rollingOut, failed, services } = entry.counts.value;
  return `${entry.summary.value.revision} ${rollingOut} ${failed} ${services}`;
}

export function useVersions(): Versions {
  const [table, setTable] = useState<VersionTable>(new Map());
  const [error, setError] = useState<ApiError | null>(null);
  const [loaded, setLoaded] = useState(false);
  const [round, setRound] = useState(0);
  const read = useRef(new Map<string, string>());
  const marks = new Map(store.names.value.map((name) => [name, markOf(name)]));
  useEffect(() => {
    if (!store.loaded.peek()) return undefined;
    const due = [...marks].filter(([name, mark]) => read.current.get(name) !== mark).map(([name]) => name);
    const abort = new AbortController();
    const readAll = async () => {
      try {
        for (let i = 0; i < due.length; i += AT_ONCE) {
          const names = due.slice(i, i + AT_ONCE);
          const { data } = await call<Json>('/versions', {
            query: { cluster: names, pushes: true },
            signal: abort.signal,
          });
          const fresh = readVersions(data);
          for (const name of names) read.current.set(name, marks.get(name)!);
          setTable((known) => merged(known, fresh));
        }
        setError(null);
        setLoaded(true);
      } catch (thrown) {
        if (!abort.signal.aborted) setError(heed(asApiError(thrown)));
      }
    };
    const timer = setTimeout(readAll, loaded ? PAUSE_MS : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [[...marks].join(' '), store.loaded.value, round]);
  const again = useCallback(() => setRound((n) => n + 1), []);
  return { table, loaded, error, again };
}

function merged(known: VersionTable, fresh: ReadonlyMap<string, ClusterVersions>): VersionTable {
  return new Map([...known, ...fresh]);
}
