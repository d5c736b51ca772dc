/** Series of metrics, as the API sends them, and the paths that draw them. */

import type { Json } from './model';
import { instant } from './time';

export interface Series {
  name: string;
  unit: string;
  points: { at: number; value: number | null }[];
}

export interface Mark {
  at: number;
  failed: boolean;
  image: string | null;
}

export interface Metrics {
  from: number;
  to: number;
  series: Series[];
  marks: Mark[];
}

const objects = (value: unknown): Json[] =>
  Array.isArray(value) ? value.filter((item): item is Json => typeof item === 'object' && item !== null) : [];

export function readMetrics(sent: Json): Metrics {
  return {
    from: instant(sent.from) ?? 0,
    to: instant(sent.to) ?? 0,
    series: inOrder(
      objects(sent.series).map((series) => ({
        name: String(series.name),
        unit: String(series.unit ?? ''),
        points: (Array.isArray(series.points) ? series.points : []).map((point: unknown) => {
          const [at, value] = point as [unknown, unknown];
          return { at: instant(at) ?? 0, value: typeof value === 'number' ? value : null };
        }),
      })),
    ),
    marks: objects(sent.marks).flatMap((mark) => {
      const at = instant(mark.at);
      return at === null
        ? []
        : [{ at, failed: mark.failed === true, image: typeof mark.image === 'string' ? mark.image : null }];
    }),
  };
}

const TITLES: Record<string, string> = {
  cpu: 'CPU',
  memory: 'Memory',
  requests: 'Requests',
  errors: '5xx',
  error_rate: '5xx',
  request_rate: 'Requests',
  latency: 'Mean latency',
  latency_p95: 'p95 latency',
  healthy_targets: 'Healthy targets',
};

/** The order in which users notice metrics; others come last. */
const ORDER = ['requests', 'errors', 'error_rate', 'latency_p95', 'latency', 'cpu', 'memory'];

export function inOrder<Named extends { name: string }>(metrics: readonly Named[]): Named[] {
  const rank = ({ name }: Named) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return metrics.toSorted((a, b) => rank(a) - rank(b));
}

export function titleOfMetric({ name }: Pick<Series, 'name'>): string {
  return TITLES[name] ?? name;
}

/** A value with its unit: seconds below one as milliseconds, counts short. */
export function valueOf(value: number | null, { name }: Pick<Series, 'name'>): { text: string; unit: string } {
  if (value === null) return { text: '–', unit: '' };
  if (name === 'cpu' || name === 'memory') return { text: short(value), unit: '%' };
  if (name === 'request_rate') return { text: short(Math.round(value)), unit: '/min' };
  // A hundredth of a percent of all requests is worth a digit.
  if (name === 'error_rate') return { text: value >= 10 ? value.toFixed(0) : trimmed(value.toFixed(2)), unit: '%' };
  if (name.startsWith('latency'))
    return value < 1 ? { text: short(value * 1000), unit: 'ms' } : { text: short(value), unit: 's' };
  return { text: short(value), unit: '' };
}

/** Digits without zeros at the end. */
export function trimmed(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

function short(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(2);
}

export interface Shape {
  line: string;
  area: string;
  top: number;
}

export interface Frame {
  from: number;
  to: number;
  width: number;
  height: number;
}

/** Where a time is, in pixels from the left edge. */
export function xOf(at: number, { from, to, width }: Frame): number {
  return Math.round(((at - from) / Math.max(1, to - from)) * width * 10) / 10;
}

/** The line of a series and the area below it; a gap where no value is. */
export function shapeOf({ name, points }: Series, frame: Frame): Shape {
  const values = measured(points);
  const top = name === 'cpu' || name === 'memory' ? Math.max(100, ...values) : niceTop(Math.max(0, ...values));
  const runs: string[][] = [[]];
  for (const { at, value } of points) {
    if (value === null) runs.push([]);
    else runs.at(-1)!.push(`${xOf(at, frame)} ${Math.round((1 - value / top) * frame.height * 10) / 10}`);
  }
  const drawn = runs.filter((run) => run.length > 0);
  const close = (run: string[]) =>
    `M${run.join('L')}L${run.at(-1)!.split(' ')[0]} ${frame.height}L${run[0]!.split(' ')[0]} ${frame.height}Z`;
  return { line: drawn.map((run) => `M${run.join('L')}`).join(''), area: drawn.map(close).join(''), top };
}

/** The least of 1, 2 and 5 times a power of ten that is not below the value. */
export function niceTop(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= value)!;
}

/** A series in words for a screen reader: `CPU: now 40 %, 12 % to 58 %`. `recent`: the last points, of which one is the present value. */
export function seriesInWords(series: Series, recent = series.points): string {
  const values = measured(series.points);
  if (!values.length) return `${titleOfMetric(series)}: no values`;
  const words = (value: number) => Object.values(valueOf(value, series)).join(' ').trim();
  const last = measured(recent).at(-1);
  const present = last === undefined ? 'no present value' : `now ${words(last)}`;
  return `${titleOfMetric(series)}: ${present}, ${words(Math.min(...values))} to ${words(Math.max(...values))}`;
}

function measured(points: Series['points']): number[] {
  return points.flatMap(({ value }) => (value === null ? [] : [value]));
}
