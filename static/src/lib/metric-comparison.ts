/** Old against new during a rollout, as `GET …/metrics` answers it: the values of both sides, and their difference. */

import { plural } from './changes';
import { versionOf } from './images';
import type { Json } from './model';
import { inOrder, titleOfMetric, trimmed, valueOf } from './metrics';
import { duration, instant } from './time';

/** How the sides are distinguished: at the same time by target group or task, by time, or the time before against new tasks alone. */
export type By = 'target-group' | 'task' | 'new-tasks' | 'time';

export interface Compared {
  name: string;
  by: By;
  old: number | null;
  new: number | null;
}

export interface MetricComparison {
  image: string | null;
  imageBefore: string | null;
  ended: boolean;
  /** How long it has been measured since the rollout began, in milliseconds; 0 before the first minute. */
  measured: number;
  /** How many tasks' own CPU and memory were read; null where the cluster has no metrics of tasks. */
  tasks: { old: number; new: number } | null;
  metrics: Compared[];
}

const BYS: readonly By[] = ['target-group', 'task', 'new-tasks'];

const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const text = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);

/** The comparison of an answer; null where no rollout is compared. */
export function readComparison({ comparison }: Json): MetricComparison | null {
  const sent = comparison as Json | null | undefined;
  if (!sent) return null;
  const since = (sent.since ?? {}) as Json;
  const tasks = sent.tasks as Json | null | undefined;
  return {
    image: text(sent.image),
    imageBefore: text(sent.image_before),
    ended: sent.ended_at !== null,
    measured: Math.max(0, (instant(since.to) ?? 0) - (instant(since.from) ?? 0)),
    tasks: tasks ? { old: number(tasks.old) ?? 0, new: number(tasks.new) ?? 0 } : null,
    metrics: inOrder(
      (Array.isArray(sent.metrics) ? (sent.metrics as Json[]) : []).map((metric) => ({
        name: String(metric.name),
        by: BYS.find((by) => by === metric.by) ?? 'time',
        old: number(metric.old),
        new: number(metric.new),
      })),
    ),
  };
}

const RATES = new Set(['cpu', 'memory', 'error_rate']);

/** A value with its unit: `41 %`, `412 /min`, `84 ms`. */
export function comparedValue(value: number | null, { name }: Compared): { text: string; unit: string } {
  return valueOf(value, { name: name === 'requests' ? 'request_rate' : name });
}

/** Differences below these are noise: in percentage points, and as a share. */
const SAME_POINTS: Record<string, number> = { error_rate: 0.05 };
const SAME_SHARE = 0.01;
/** So many percentage points more of 5xx are worth a colour. */
const BAD_POINTS = 0.5;

/** More and less of each metric; of all others `more` and `less`. */
const WORDS: Record<string, [string, string]> = { requests: ['more', 'fewer'], latency_p95: ['slower', 'faster'] };

/** The difference in words: `4 points more` of a percentage, `43 % slower` of anything else; '' where a side is unknown. */
export function differenceOf(metric: Compared): string {
  const { name, old, new: fresh } = metric;
  if (old === null || fresh === null) return '';
  const [more, less] = WORDS[name] ?? ['more', 'less'];
  if (RATES.has(name)) {
    const points = Math.abs(fresh - old);
    if (points < (SAME_POINTS[name] ?? 0.5)) return 'same';
    const digits = points < 1 ? 2 : points < 10 ? 1 : 0;
    return `${trimmed(points.toFixed(digits))} points ${fresh > old ? more : less}`;
  }
  if (!old) return fresh ? 'from 0' : 'same';
  const share = fresh / old - 1;
  if (Math.abs(share) < SAME_SHARE) return 'same';
  return `${Math.round(Math.abs(share) * 100)} % ${share > 0 ? more : less}`;
}

/** Whether the new side answers clearly more requests with a 5xx. */
export function isWorse({ name, old, new: fresh }: Compared): boolean {
  return name === 'error_rate' && old !== null && fresh !== null && fresh - old >= BAD_POINTS;
}

/** Whether some metric is of old and new tasks at the same time. */
const isAtOnce = ({ by }: Compared) => by === 'target-group' || by === 'task';

/** The heads of both sides: the versions where they differ. */
export function sidesOf({ image, imageBefore, metrics }: MetricComparison): [string, string] {
  const [old, fresh] = metrics.some(isAtOnce) ? ['Old tasks', 'New tasks'] : ['Before', 'Since'];
  const versions = [versionOf(imageBefore), versionOf(image)];
  if (imageBefore === null || versions[0] === versions[1]) return [old!, fresh!];
  return [`${old} · ${versions[0]}`, `${fresh} · ${versions[1]}`];
}

const DEPARTURES: Partial<Record<By, string>> = { time: 'before, since', 'new-tasks': 'before, new tasks' };

/** In what a metric departs from the heads of the sides; '' where it does not. */
export function departureOf({ by }: Compared, { metrics }: MetricComparison): string {
  if (metrics.some(isAtOnce)) return DEPARTURES[by] ?? '';
  return by === 'new-tasks' ? 'new tasks alone' : '';
}

/** How the values came about, as sentences. */
export function basisOf({ ended, measured, tasks, metrics }: MetricComparison): string {
  if (!measured) return 'CloudWatch has the first values about three minutes after the rollout began.';
  const span = duration(measured);
  const named = (...bys: By[]) => metrics.filter(({ by }) => bys.includes(by)).map(titleOfMetric);
  const [grouped, single, fresh, timed] = [named('target-group'), named('task'), named('new-tasks'), named('time')];
  const parts = [];
  if (grouped.length) parts.push(`${listed(grouped)}: old and new tasks over the same ${span}, by target group.`);
  if (single.length)
    parts.push(
      `${listed(single)}: ${tasks?.old ?? 0} old and ${plural(tasks?.new ?? 0, 'new task')} over the same ${span}.`,
    );
  if (fresh.length)
    parts.push(`${listed(fresh)}: mean of the hour before the rollout against ${plural(tasks?.new ?? 0, 'new task')}.`);
  if (timed.length) {
    const together = ended ? '' : ', of old and new tasks together';
    const what = timed.length < metrics.length ? `${listed(timed)}: mean` : 'Mean';
    parts.push(`${what} of the hour before the rollout against the ${span} since${together}.`);
  }
  return parts.join(' ');
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
