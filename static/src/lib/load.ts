/** CPU and memory of a cluster's services over the last hour, as the API sends them, for lines of the size of a word. */

import { type Frame, seriesInWords, type Series, shapeOf, valueOf, xOf } from './metrics';
import type { Json } from './model';
import { instant } from './time';

export type LoadMetric = 'cpu' | 'memory';
const METRICS: readonly LoadMetric[] = ['cpu', 'memory'];

/** The series of each service, by name; a service without any value is left out. */
export type ClusterLoad = ReadonlyMap<string, Readonly<Partial<Record<LoadMetric, Series>>>>;

export function readLoad(sent: Json): ClusterLoad {
  const start = instant(sent.from) ?? 0;
  const step = typeof sent.step === 'number' ? sent.step * 1000 : 0;
  const content = (sent.content ?? {}) as Record<string, Record<string, unknown>>;
  const load = new Map<string, Partial<Record<LoadMetric, Series>>>();
  for (const [service, values] of Object.entries(content)) {
    const series = METRICS.flatMap((name) => {
      const one = seriesOf(name, values[name], start, step);
      return one ? [[name, one] as const] : [];
    });
    if (series.length) load.set(service, Object.fromEntries(series));
  }
  return load;
}

function seriesOf(name: LoadMetric, sent: unknown, start: number, step: number): Series | null {
  const values = Array.isArray(sent) ? sent : [];
  const points = values.map((value: unknown, i) => ({
    at: start + i * step,
    value: typeof value === 'number' ? value : null,
  }));
  return points.some(({ value }) => value !== null) ? { name, unit: 'Percent', points } : null;
}

/** Without a value for so many of the newest points, a service has no present value. */
const RECENT = 5;

export interface Spark {
  line: string;
  area: string;
  /** Where the line ends, null where nothing was measured of late. */
  end: { x: number; y: number } | null;
  /** Where the deployment is; null where it is not in the range. */
  mark: number | null;
  /** The present value with its unit, null where there is none; and the series in words. */
  value: { text: string; unit: string } | null;
  words: string;
}

/** A series as a line in a box of this size. `deployed`: when the service was last deployed. */
export function sparkOf(series: Series, deployed: number | null, width: number, height: number): Spark {
  const { points } = series;
  const frame: Frame = { from: points[0]!.at, to: points.at(-1)!.at, width, height };
  const { line, area, top } = shapeOf(series, frame);
  const recent = points.slice(-RECENT);
  const last = recent.findLast(({ value }) => value !== null);
  const inside = deployed !== null && deployed >= frame.from && deployed <= frame.to;
  return {
    line,
    area,
    end: last ? { x: xOf(last.at, frame), y: Math.round((1 - last.value! / top) * height * 10) / 10 } : null,
    mark: inside ? xOf(deployed, frame) : null,
    value: last ? valueOf(Math.round(last.value!), series) : null,
    words: seriesInWords(series, recent),
  };
}
