/** A deployment in stages as ECS makes it: strategy, stages, split of the traffic, and what it waits for. */

import type { Json } from './model';
import { instant } from './time';

export interface LifecycleStage {
  /** ECS's name: `BAKE_TIME`. */
  stage: string;
  since: number | null;
  state: 'done' | 'now' | 'next';
}

/** A pause that waits for a person; then ECS acts by itself. */
export interface Pause {
  hook: string;
  stage: string | null;
  since: number | null;
  until: number | null;
  onTimeout: 'rollback' | 'continue';
  message: string | null;
  /** Who may continue it, in words. */
  may: string | null;
}

export interface Staged {
  /** `blue_green`, `linear`, `canary`; null for a rolling deployment. */
  strategy: string | null;
  /** ECS's service deployment: what a stop names as seen; null where none is under way. */
  deployment: string | null;
  stage: string | null;
  stages: readonly LifecycleStage[];
  /** In percent of the production traffic. */
  traffic: { old: number; new: number } | null;
  pause: Pause | null;
  /** When the bake, or the bake of a step, ends. */
  until: number | null;
  breaker: { failures: number; threshold: number } | null;
  alarms: { names: readonly string[]; triggered: readonly string[] } | null;
}

const text = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);
const object = (value: unknown): Json | null =>
  value && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : null;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The keys of a row that is beyond a plain rolling deployment. */
const STAGED = [
  'strategy',
  'deployment_arn',
  'stage',
  'stages',
  'traffic',
  'waiting',
  'until',
  'breaker',
  'alarms',
] as const;

/** What a row states beyond a plain rolling deployment; null where it states nothing. */
export function readStaged(row: Json): Staged | null {
  // Nearly every row has none of them, and a page reads thousands.
  if (!STAGED.some((key) => row[key])) return null;
  const [traffic, breaker, alarms] = [object(row.traffic), object(row.breaker), object(row.alarms)];
  const staged: Staged = {
    strategy: text(row.strategy),
    deployment: text(row.deployment_arn),
    stage: text(row.stage),
    stages: list(row.stages).map((each) => readStage(object(each) ?? {})),
    traffic: traffic && { old: Number(traffic.old), new: Number(traffic.new) },
    pause: readPause(object(row.waiting)),
    until: instant(row.until),
    breaker: breaker && { failures: Number(breaker.failures), threshold: Number(breaker.threshold) },
    alarms: alarms && { names: list(alarms.names).map(String), triggered: list(alarms.triggered).map(String) },
  };
  return Object.values(staged).some((value) => value !== null && !(Array.isArray(value) && !value.length))
    ? staged
    : null;
}

function readStage(sent: Json): LifecycleStage {
  const state = sent.state === 'done' || sent.state === 'now' ? sent.state : 'next';
  return { stage: String(sent.stage ?? ''), since: instant(sent.since), state };
}

function readPause(sent: Json | null): Pause | null {
  return (
    sent && {
      hook: String(sent.hook ?? ''),
      stage: text(sent.stage),
      since: instant(sent.since),
      until: instant(sent.until),
      onTimeout: sent.on_timeout === 'continue' ? 'continue' : 'rollback',
      message: text(sent.message),
      may: text(sent.may),
    }
  );
}

const STRATEGIES: Record<string, string> = { blue_green: 'blue/green', linear: 'linear', canary: 'canary' };

export function strategyInWords(strategy: string | null): string {
  return strategy === null ? 'rolling' : (STRATEGIES[strategy] ?? strategy);
}

const STAGES: Record<string, string> = {
  RECONCILE_SERVICE: 'Service prepared',
  PRE_SCALE_UP: 'Before new tasks start',
  SCALE_UP: 'New tasks start',
  POST_SCALE_UP: 'After new tasks started',
  TEST_TRAFFIC_SHIFT: 'Test traffic moves',
  POST_TEST_TRAFFIC_SHIFT: 'After test traffic moved',
  PRE_PRODUCTION_TRAFFIC_SHIFT: 'Before production traffic moves',
  PRODUCTION_TRAFFIC_SHIFT: 'Production traffic moves',
  POST_PRODUCTION_TRAFFIC_SHIFT: 'After production traffic moved',
  BAKE_TIME: 'Bake',
  CLEAN_UP: 'Old tasks stop',
};

/** ECS's stage as a person reads it; one that is not known, as it is. */
export function stageInWords(stage: string): string {
  return STAGES[stage] ?? stage;
}

/** A share in percent: `95`, `2.5`. */
export function percent(share: number): string {
  return `${Math.round(share * 10) / 10} %`;
}

/** What ECS does when a pause is over and no person has acted. */
export function afterPause({ onTimeout }: Pause, former: string): string {
  return onTimeout === 'continue' ? 'then ECS continues' : `then ECS rolls back to ${former}`;
}
