/** Old against new during a rollout, as `GET …/metrics` answers it: the values of both sides, and their difference. */

import { versionOf } from './images';
import type { Json } from './model';
import { titleOfMetric, valueOf } from './metrics';
import { duration, instant } from './time';

/** A metric of both sides; `byGroup`: of old and new tasks at the same time, by their target groups. */
export interface Compared {
  name: string;
  byGroup: boolean;
  old: number | null;
  new: number | null;
}

export interface MetricComparison {
  image: string | null;
  imageBefore: string | null;
  ended: boolean;
  /** How long it has been measured since the rollout began, in milliseconds; 0 before the first minute. */
  measured: number;
  metrics: Compared[];
}

const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const text = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);

/** The comparison of an answer; null where no rollout is compared. */
export function readComparison({ comparison }: Json): MetricComparison | null {
  const sent = comparison as Json | null | undefined;
  if (!sent) return null;
  const since = (sent.since ?? {}) as Json;
  return {
    image: text(sent.image),
    imageBefore: text(sent.image_before),
    ended: sent.ended_at !== null,
    measured: Math.max(0, (instant(since.to) ?? 0) - (instant(since.from) ?? 0)),
    metrics: (Array.isArray(sent.metrics) ? (sent.metrics as Json[]) : []).map((metric) => ({
      name: String(metric.name),
      byGroup: metric.by === 'target-group',
      old: number(metric.old),
      new: number(metric.new),
    })),
  };
}

const RATES = new Set(['cpu', 'memory', 'error_rate']);

/** A value with its unit: `41 %`, `412 /min`, `84 ms`. */
export function comparedValue(value: number | null, { name }: Compared): { text: string; unit: string } {
  if (value === null) return { text: '–', unit: '' };
  if (name === 'requests') return { ...valueOf(Math.round(value), { name }), unit: '/min' };
  // A hundredth of a percent of all requests is worth a digit.
  if (name === 'error_rate') return { text: value >= 10 ? value.toFixed(0) : trimmed(value.toFixed(2)), unit: '%' };
  return valueOf(value, { name });
}

/** Differences below these are noise: in percentage points, and as a share. */
const SAME_POINTS: Record<string, number> = { error_rate: 0.05 };
const SAME_SHARE = 0.01;
/** So many percentage points more of 5xx are worth a colour. */
const BAD_POINTS = 0.5;

/** The difference with its sign: `+4 points` of a percentage, `−12 %` of anything else; '' where a side is unknown. */
export function differenceOf(metric: Compared): string {
  const { name, old, new: fresh } = metric;
  if (old === null || fresh === null) return '';
  if (RATES.has(name)) {
    const points = fresh - old;
    if (Math.abs(points) < (SAME_POINTS[name] ?? 0.5)) return 'same';
    const digits = Math.abs(points) < 1 ? 2 : Math.abs(points) < 10 ? 1 : 0;
    return `${sign(points)}${trimmed(Math.abs(points).toFixed(digits))} points`;
  }
  if (!old) return fresh ? 'from 0' : 'same';
  const share = fresh / old - 1;
  if (Math.abs(share) < SAME_SHARE) return 'same';
  return `${sign(share)}${Math.round(Math.abs(share) * 100)} %`;
}

/** Whether the new side answers clearly more requests with a 5xx. */
export function isWorse({ name, old, new: fresh }: Compared): boolean {
  return name === 'error_rate' && old !== null && fresh !== null && fresh - old >= BAD_POINTS;
}

function sign(value: number): string {
  return value < 0 ? '−' : '+';
}

function trimmed(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

/** The heads of both sides: the versions where they differ. */
export function sidesOf({ image, imageBefore, metrics }: MetricComparison): [string, string] {
  const mixed = metrics.some(({ byGroup }) => byGroup);
  const [old, fresh] = mixed ? ['Old tasks', 'New tasks'] : ['Before', 'Since'];
  const versions = [versionOf(imageBefore), versionOf(image)];
  if (imageBefore === null || versions[0] === versions[1]) return [old!, fresh!];
  return [`${old} · ${versions[0]}`, `${fresh} · ${versions[1]}`];
}

/** How the values came about, as sentences. */
export function basisOf({ ended, measured, metrics }: MetricComparison): string {
  const grouped = metrics.filter(({ byGroup }) => byGroup).map(titleOfMetric);
  const timed = metrics.filter(({ byGroup }) => !byGroup).map(titleOfMetric);
  if (!measured) return 'CloudWatch has the first values about three minutes after the rollout began.';
  const span = duration(measured);
  const parts = [];
  if (grouped.length) parts.push(`${listed(grouped)}: old and new tasks over the same ${span}, by target group.`);
  if (timed.length) {
    const together = ended ? '' : ', of old and new tasks together';
    const what = grouped.length ? `${listed(timed)}: mean` : 'Mean';
    parts.push(`${what} of the hour before the rollout against the ${span} since${together}.`);
  }
  return parts.join(' ');
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
