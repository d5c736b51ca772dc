/** The versions of all clusters: read some clusters at a time, and again for those that have changed. */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Json } from '../lib/model';
import { type ApiError, asApiError, call } from '../lib/rest';
import { stable } from '../lib/stable';
import { readVersions, requestsFor, type VersionTable } from '../lib/versions';
import { heed, store } from './state';

export interface Versions {
  table: VersionTable;
  /** True once every cluster was read. */
  loaded: boolean;
  error: ApiError | null;
  again: () => void;
}

/** Requests at the same time. */
const AT_ONCE = 3;
/** Changes come in bursts: they are read together, in milliseconds. */
const PAUSE_MS = 1000;

/** What the versions of a cluster depend on. */
function markOf(name: string): string {
  const entry = store.get(name)!;
  const { rollingOut, failed, services } = entry.counts.value;
  return `${entry.summary.value.revision} ${rollingOut} ${failed} ${services}`;
}

const marks = stable<ReadonlyMap<string, string>>(
  () => new Map(store.names.value.map((name) => [name, markOf(name)])),
  (a, b) => a.size === b.size && [...a].every(([name, mark]) => b.get(name) === mark),
);

export function useVersions(): Versions {
  const [table, setTable] = useState<VersionTable>(new Map());
  const [error, setError] = useState<ApiError | null>(null);
  const [loaded, setLoaded] = useState(false);
  const [round, setRound] = useState(0);
  const read = useRef(new Map<string, string>());
  // Of the same moment: an effect runs later, and finds what has come since.
  const [current, complete] = [marks.value, store.loaded.value];
  useEffect(() => {
    if (!complete) return undefined;
    const due = [...current.keys()].filter((name) => read.current.get(name) !== current.get(name));
    const abort = new AbortController();
    const answers: { names: readonly string[]; versions: VersionTable }[] = [];
    const left = requestsFor(due, (name) => store.get(name)?.names.peek().length ?? 0).values();
    const readNext = async () => {
      for (const names of left) {
        const query = { cluster: names, pushes: true };
        const { data } = await call<Json>('/versions', { query, signal: abort.signal });
        answers.push({ names, versions: readVersions(data) });
      }
    };
    // As one change of the table: each costs as much as drawing all of it.
    const take = () => {
      if (!answers.length) return;
      const fresh = answers.splice(0);
      for (const name of fresh.flatMap(({ names }) => names)) read.current.set(name, current.get(name)!);
      setTable((known) => new Map([known, ...fresh.map(({ versions }) => versions)].flatMap((some) => [...some])));
    };
    const readAll = async () => {
      try {
        await Promise.all(Array.from({ length: AT_ONCE }, readNext));
        take();
        setError(null);
        setLoaded(true);
      } catch (thrown) {
        take();
        if (!abort.signal.aborted) setError(heed(asApiError(thrown)));
      }
    };
    const timer = setTimeout(readAll, loaded ? PAUSE_MS : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [current, complete, round]);
  const again = useCallback(() => setRound((n) => n + 1), []);
  return { table, loaded, error, again };
}
