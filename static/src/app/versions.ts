/** The versions of all clusters as the live channel has them, with what ECR has of their images: read some clusters at a time. */

import { computed, type ReadonlySignal } from '@preact/signals';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isInEcr } from '../lib/images';
import type { Json } from '../lib/model';
import { type ApiError, asApiError, call } from '../lib/rest';
import { stable } from '../lib/stable';
import type { ClusterEntry } from '../lib/store';
import {
  type Placed,
  placed,
  type Pushes,
  readPushes,
  readUnanswered,
  requestsFor,
  samePlaces,
  type VersionTable,
  versionsOf,
} from '../lib/versions';
import { heed, store } from './state';

export interface Versions {
  /** Of every cluster; empty until all are known. */
  table: VersionTable;
  loaded: boolean;
  /** True once it is known of every image what ECR has of it, or that ECR does not answer. */
  resolved: boolean;
  error: ApiError | null;
  again: () => void;
}

/** Requests at the same time. */
const AT_ONCE = 3;
/** Changes come in bursts: they are read together, in milliseconds. */
const PAUSE_MS = 1000;
/** How soon is asked again about images whose push ECR did not state in time, in milliseconds. */
const AGAIN_MS = 30_000;

interface Followed {
  places: ReadonlySignal<readonly Placed[]>;
  /** What ECR's part of its versions depends on: a tag may have moved with a rollout. Empty where no image is in ECR. */
  mark: ReadonlySignal<string>;
}

const followed = new WeakMap<ClusterEntry, Followed>();

function follow(entry: ClusterEntry): Followed {
  const known = followed.get(entry);
  if (known) return known;
  const places = stable(() => placed(entry.services()), samePlaces);
  const mark = computed(() => {
    const images = places.value.map(({ image }) => image).filter(isInEcr);
    if (!images.length) return '';
    const { rollingOut, failed, services } = entry.counts.value;
    return [entry.summary.value.revision, rollingOut, failed, services, ...images].join(' ');
  });
  const made = { places, mark };
  followed.set(entry, made);
  return made;
}

function ofEach<T>(value: (entry: ClusterEntry) => T): ReadonlySignal<ReadonlyMap<string, T>> {
  return stable<ReadonlyMap<string, T>>(
    () => new Map(store.loaded.value ? store.names.value.map((name) => [name, value(store.get(name)!)]) : []),
    (a, b) => a.size === b.size && [...a].every(([name, one]) => b.get(name) === one),
  );
}

const allPlaces = ofEach((entry) => follow(entry).places.value);
const allMarks = ofEach((entry) => follow(entry).mark.value);

export function useVersions(): Versions {
  const [pushes, setPushes] = useState<Pushes>(new Map());
  const [error, setError] = useState<ApiError | null>(null);
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((n) => n + 1), []);
  const read = useRef(new Map<string, string>());
  const resolved = useRef(false);
  const [loaded, places, marks] = [store.loaded.value, allPlaces.value, allMarks.value];
  const due = [...marks].filter(([name, mark]) => mark && read.current.get(name) !== mark).map(([name]) => name);
  resolved.current ||= loaded && !due.length;
  useEffect(() => {
    if (!due.length) {
      setError(null);
      return undefined;
    }
    const abort = new AbortController();
    const answers: { names: readonly string[]; pushes: Pushes; unanswered: ReadonlySet<string> }[] = [];
    const left = requestsFor(due, (name) => store.get(name)?.names.peek().length ?? 0).values();
    const readNext = async () => {
      for (const names of left) {
        const query = { cluster: names, pushes: true };
        const { data } = await call<Json>('/versions', { query, signal: abort.signal });
        answers.push({ names, pushes: readPushes(data), unanswered: readUnanswered(data) });
      }
    };
    // As one change of the table: each costs as much as drawing all of it.
    const take = () => {
      if (!answers.length) return;
      const fresh = answers.splice(0);
      const unanswered = new Set(fresh.flatMap((answer) => [...answer.unanswered]));
      for (const name of fresh.flatMap(({ names }) => names)) {
        if (!places.get(name)!.some(({ image }) => unanswered.has(image))) read.current.set(name, marks.get(name)!);
      }
      setPushes((known) => new Map([known, ...fresh.map((answer) => answer.pushes)].flatMap((some) => [...some])));
    };
    const readAll = async () => {
      try {
        await Promise.all(Array.from({ length: AT_ONCE }, readNext));
        resolved.current = true;
        take();
        setError(null);
        if (!abort.signal.aborted) timer = setTimeout(again, AGAIN_MS);
      } catch (thrown) {
        take();
        if (!abort.signal.aborted) setError(heed(asApiError(thrown)));
      }
    };
    let timer = setTimeout(readAll, resolved.current ? PAUSE_MS : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [marks, round]);
  const table = useMemo(
    () => new Map([...places].map(([name, of]) => [name, versionsOf(of, pushes)])),
    [places, pushes],
  );
  return { table, loaded, resolved: resolved.current, error, again };
}
