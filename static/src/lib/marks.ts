/** The state of a service or of a task as one square: which shape, which words, and which comes first. */

import { hasFailed, isPaused, type RolloutState, type Service } from './model';

export type Mark =
  | 'failing'
  | 'paused'
  | 'rolling'
  | 'drifted'
  | 'degraded'
  | 'starting'
  | 'new'
  | 'healthy'
  | 'stopped'
  | 'missing'
  | 'unmanaged'
  | 'unknown'
  | 'frozen';

export const MARK_WORDS: Record<Mark, string> = {
  failing: 'failing',
  paused: 'paused, waits for a person',
  rolling: 'rolling out',
  drifted: 'drifted',
  degraded: 'degraded',
  starting: 'starting',
  new: 'new and running',
  healthy: 'healthy',
  stopped: 'scaled to zero',
  missing: 'not running',
  unmanaged: 'not managed',
  unknown: 'unknown',
  frozen: 'frozen',
};

const WORST_FIRST: Mark[] = [
  'failing',
  'paused',
  'rolling',
  'drifted',
  'degraded',
  'starting',
  'healthy',
  'stopped',
  'unknown',
  'unmanaged',
];

/** The mark of a service on the wall. */
export function serviceMark(service: Service): Mark {
  if (service.sync === 'unmanaged') return 'unmanaged';
  if (hasFailed(service)) return 'failing';
  if (isPaused(service)) return 'paused';
  if (service.sync === 'rolling-out') return 'rolling';
  if (service.sync === 'drifted') return 'drifted';
  if (service.health === 'degraded') return 'degraded';
  if (service.health === 'starting') return 'starting';
  if (service.health === 'stopped') return 'stopped';
  return service.health === 'healthy' ? 'healthy' : 'unknown';
}

export function markRank(mark: Mark): number {
  return WORST_FIRST.indexOf(mark);
}

/** The name of a square: `billing-service: failing`. */
export function sentence(service: Service): string {
  const mark = serviceMark(service);
  const words = mark === 'rolling' && service.state ? ROLLING_WORDS[service.state] : undefined;
  return `${service.name}: ${words ?? MARK_WORDS[mark]}`;
}

/** States of a rollout that have a word of their own. */
const ROLLING_WORDS: Partial<Record<RolloutState, string>> = { baking: 'baking', shifting: 'shifting traffic' };

/** The tasks of a service: those of the version that goes, and those of the version that comes or stays. */
export interface TaskMarks {
  old: Mark[];
  fresh: Mark[];
}

export function taskMarks(service: Service): TaskMarks {
  const running = service.running ?? 0;
  if (service.running === null) return { old: [], fresh: repeat('unknown', service.desired) };
  if (service.sync === 'rolling-out' && service.state !== 'removing') return rollingTasks(service, running);
  const lacking = Math.max(0, service.desired - running);
  const pending = Math.min(lacking, service.pending ?? 0);
  const rest: Mark = hasFailed(service) ? 'failing' : 'missing';
  return {
    old: [],
    fresh: [...repeat('healthy', running), ...repeat('starting', pending), ...repeat(rest, lacking - pending)],
  };
}

function rollingTasks(service: Service, running: number): TaskMarks {
  const fresh = service.fresh?.running ?? 0;
  const lacking = Math.max(0, (service.fresh?.desired ?? service.desired) - fresh);
  const failing = service.trouble && lacking ? 1 : 0;
  return {
    old: repeat('healthy', Math.max(0, running - fresh)),
    fresh: [...repeat('new', fresh), ...repeat('failing', failing), ...repeat('starting', lacking - failing)],
  };
}

function repeat(mark: Mark, times: number): Mark[] {
  return Array.from({ length: Math.max(0, times) }, () => mark);
}

/** What the squares of tasks show, for a screen reader: `2 running, 1 starting`. */
export function tasksInWords({ old, fresh }: TaskMarks): string {
  const counted = (marks: readonly Mark[], suffix: string) =>
    [...new Set(marks)].map(
      (mark) => `${marks.filter((other) => other === mark).length} ${TASK_WORDS[mark] ?? MARK_WORDS[mark]}${suffix}`,
    );
  return [...counted(old, ' of the old version'), ...counted(fresh, '')].join(', ') || 'no tasks';
}

const TASK_WORDS: Partial<Record<Mark, string>> = { healthy: 'running', new: 'new running' };
