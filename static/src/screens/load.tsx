/** The columns CPU and Memory of the services table: read once a minute while they are in sight, drawn by a later chunk. */

import { effect, type ReadonlySignal, signal, untracked, useComputed } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { afterFrame } from '../app/frames';
import { described, heed, now, offered } from '../app/state';
import type { LoadMetric } from '../lib/load';
import type { Json, Service } from '../lib/model';
import { asApiError, call, path } from '../lib/rest';
import { Icon } from '../ui/icons';
import type { TableState } from './table-state';

/** What draws a cell, or why none has anything to show. `deployed`: when the service was last deployed. */
export interface LoadView {
  draw: ((service: string, metric: LoadMetric, deployed: number | null) => ComponentChildren) | null;
  why: string | null;
}

const METRICS = '/clusters/{c}/metrics';
const COLUMNS: readonly [LoadMetric, string][] = [
  ['cpu', 'CPU'],
  ['memory', 'Memory'],
];
/** CloudWatch has nothing newer within a minute. */
const MINUTE_MS = 60_000;

export function LoadHeads({ cluster, table }: { cluster: string; table: TableState }) {
  const head = useRef<HTMLSpanElement>(null);
  useEffect(() => followLoad(cluster, table, head.current!), [cluster, table]);
  const why = table.load.value?.why ?? null;
  return (
    <>
      {COLUMNS.map(([metric, title], i) => (
        <span key={metric} ref={i ? null : head} class="th load" role="columnheader" title={why ?? undefined}>
          {title}
          {why === null ? (
            ', 1 h'
          ) : (
            <>
              <Icon name="info" />
              <span class="visually-hidden">: {why}</span>
            </>
          )}
        </span>
      ))}
    </>
  );
}

interface LoadCellsProps {
  service: Service;
  table: TableState;
  inSight: ReadonlySignal<boolean>;
}

/** The cells of a row. Out of sight it keeps what it shows: only rows in sight are drawn. */
export function LoadCells({ service, table, inSight }: LoadCellsProps) {
  const { name, verdict } = service;
  const last = useRef<LoadView | null>(null);
  const view = useComputed(() => {
    if (inSight.value) last.current = table.load.value;
    return last.current;
  }).value;
  const deployed = verdict?.at ?? null;
  // The same elements for the same values: a row that changes does not draw its lines again.
  return useMemo(
    () => (
      <>
        {COLUMNS.map(([metric]) => (
          <span key={metric} class="td load" role="cell">
            {view?.draw?.(name, metric, deployed)}
          </span>
        ))}
      </>
    ),
    [view, name, deployed],
  );
}

/** Reads once a minute while the columns are in sight and the tab is shown; what it gives back ends that. */
function followLoad(cluster: string, table: TableState, head: HTMLElement): () => void {
  const shown = signal(false);
  const observer = new IntersectionObserver((entries) => (shown.value = entries.at(-1)!.isIntersecting));
  // The rows come first.
  afterFrame(() => observer.observe(head));
  const abort = new AbortController();
  let asked = Number.NEGATIVE_INFINITY;
  // The server's time stands still while the tab is hidden.
  const stop = effect(() => {
    if (!shown.value || !described.value || Math.abs(now.value - asked) < MINUTE_MS) return;
    asked = now.peek();
    untracked(
      () => void readLoadView(cluster, abort.signal).then((view) => abort.signal.aborted || (table.load.value = view)),
    );
  });
  return () => {
    stop();
    abort.abort();
    observer.disconnect();
  };
}

async function readLoadView(cluster: string, aborted: AbortSignal): Promise<LoadView> {
  if (!offered('GET', METRICS)) return { draw: null, why: 'Not available on this server' };
  try {
    const [{ loadView }, { data }] = await Promise.all([
      import('./telemetry/telemetry'),
      call<Json>(path('clusters', cluster, 'metrics'), { signal: aborted, query: { range: '1h' } }),
    ]);
    return loadView(data);
  } catch (error) {
    return { draw: null, why: heed(asApiError(error)).message };
  }
}
