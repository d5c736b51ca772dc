/** Runs of a task and its schedule, as the API sends them. */

import type { Mark } from './marks';
import type { Json } from './model';
import { instant } from './time';

const asText = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);
const asList = (value: unknown): Json[] =>
  Array.isArray(value) ? value.filter((item): item is Json => typeof item === 'object' && item !== null) : [];

export interface Run {
  id: string;
  trigger: string;
  state: string;
  at: number | null;
  due: number | null;
  seconds: number | null;
  exitCode: number | null;
  overlaps: boolean;
  by: string | null;
  message: string | null;
  what: string | null;
}

export interface Schedule {
  expression: string;
  timezone: string;
  state: string;
  next: number[];
  failingSince: number | null;
}

export interface Runs {
  schedule: Schedule | null;
  /** The newest first. */
  runs: Run[];
  next: string | null;
}

export function readRuns(sent: Json): Runs {
  const schedule = sent.schedule as Json | null | undefined;
  return {
    schedule: schedule ? readSchedule(schedule) : null,
    runs: asList(sent.content).map(readRun),
    next: asText(sent.next),
  };
}

function readSchedule(sent: Json): Schedule {
  const next = Array.isArray(sent.next) ? sent.next.map(instant) : [];
  return {
    expression: asText(sent.expression) ?? '',
    timezone: asText(sent.timezone) ?? 'UTC',
    state: asText(sent.state) ?? 'pending',
    next: next.filter((at): at is number => at !== null),
    failingSince: instant(sent.failing_since),
  };
}

export function readRun(sent: Json): Run {
  const reason = sent.reason as Json | null | undefined;
  return {
    id: asText(sent.id) ?? '',
    trigger: asText(sent.trigger) ?? 'other',
    state: asText(sent.state) ?? 'running',
    at: instant(sent.created_at),
    due: instant(sent.due),
    seconds: typeof sent.seconds === 'number' ? sent.seconds : null,
    exitCode: typeof sent.exit_code === 'number' ? sent.exit_code : null,
    overlaps: sent.overlaps === true,
    by: asText(sent.by),
    message: asText(sent.message),
    what: reason ? asText(reason.what) : null,
  };
}

const MARKS: Record<string, Mark> = {
  succeeded: 'healthy',
  failed: 'failing',
  refused: 'failing',
  missed: 'missing',
  requested: 'starting',
  starting: 'starting',
  running: 'rolling',
};

/** The square of a run. */
export function markOf(run: Run): Mark {
  return MARKS[run.state] ?? 'unknown';
}

const TRIGGERS: Record<string, string> = {
  schedule: 'by schedule',
  revision: 'once for a revision',
  other: 'by another program',
};

/** What started it: `by schedule`, `by maria`. */
export function startedBy(run: Run): string {
  return TRIGGERS[run.trigger] ?? `by ${run.by ?? 'a caller'}`;
}

const STATES: Record<string, string> = {
  pending: 'No run yet',
  running: 'Running now',
  overlapping: 'Runs overlap',
  ok: 'Last run succeeded',
  failing: 'Last run failed',
  missed: 'Last run missed',
  disabled: 'Disabled',
};

/** The state of a schedule in words. */
export function stateInWords(schedule: Schedule): string {
  return STATES[schedule.state] ?? schedule.state;
}
