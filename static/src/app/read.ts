/** Reading from the API inside a component: what came, what went wrong, and a skeleton only where it takes long. */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Json, Service } from '../lib/model';
import { type Answer, type ApiError, asApiError, call, path } from '../lib/rest';
import { heed } from './state';

export interface Reading<T> {
  data: T | null;
  /** The key that `data` is the answer for: another one than was asked with, until the new answer is there. */
  of: string | null;
  revision: string | null;
  error: ApiError | null;
  slow: boolean;
  again: () => void;
}

const SKELETON_AFTER_MS = 150;
const NOTHING = { data: null, of: null, revision: null, error: null, slow: false };

/** Reads again whenever `key` changes; keeps showing what it had until the new answer is there. null reads nothing. */
export function useRead<T>(key: string | null, read: (signal: AbortSignal) => Promise<Answer<T>>): Reading<T> {
  const [state, set] = useState<Omit<Reading<T>, 'again'>>(NOTHING);
  const [round, setRound] = useState(0);
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    if (key === null) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => set((s) => ({ ...s, slow: true })), SKELETON_AFTER_MS);
    latest
      .current(abort.signal)
      .then(
        ({ data, revision }) => set({ data, of: key, revision, error: null, slow: false }),
        (error: unknown) => {
          if (!abort.signal.aborted) set((s) => ({ ...s, error: heed(asApiError(error)), slow: false }));
        },
      )
      .finally(() => clearTimeout(timer));
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, round]);
  const again = useCallback(() => setRound((n) => n + 1), []);
  return { ...state, again };
}

/** True once something takes longer than a glance. */
export function useSlow(waiting: boolean): boolean {
  const [slow, set] = useState(false);
  useEffect(() => {
    if (!waiting) {
      set(false);
      return undefined;
    }
    const timer = setTimeout(() => set(true), SKELETON_AFTER_MS);
    return () => clearTimeout(timer);
  }, [waiting]);
  return waiting && slow;
}

/** The details of one service: read again for each state, as the live channel carries the summary only. */
export function useService(service: Service): Reading<Json> {
  const { cluster, name } = service;
  const key = [
    cluster,
    name,
    service.state,
    service.running,
    service.pending,
    service.fresh?.running,
    service.image,
    service.verdict?.ending,
    service.stops[0]?.task,
  ].join(' ');
  return useRead<Json>(key, (signal) => call(path('clusters', cluster, 'services', name), { signal }));
}
