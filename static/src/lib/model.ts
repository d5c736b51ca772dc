/** What the page knows, and how it is read from what the server sends. The only file that knows the wire's names. */

import { instant } from './time';

export type Json = Record<string, unknown>;

/** Does ECS have what is wanted? */
export type Sync = 'in-sync' | 'rolling-out' | 'drifted' | 'unmanaged' | 'unknown';
/** Does what runs do well? */
export type Health = 'healthy' | 'degraded' | 'failing' | 'stopped' | 'unknown';
export type RolloutState = 'queued' | 'rolling-out' | 'steady' | 'failed' | 'rolled-back';

export interface Verdict { ending: string; reason: string; at: number | null; by: string | null }
export interface EcsEvent { at: number | null; message: string }
export interface Stop { at: number | null; reason: string; exitCode: number | null; task: string | null; kind: string | null }

export interface Service {
  cluster: string;
  name: string;
  /** The image that is wanted, null where the service is not managed. */
  image: string | null;
  /** The image that runs, null where that is not known. */
  deployedImage: string | null;
  previousImage: string | null;
  desired: number;
  running: number | null;
  pending: number | null;
  failed: number | null;
  state: RolloutState | null;
  percent: number | null;
  verdict: Verdict | null;
  sync: Sync;
  health: Health;
  events: EcsEvent[];
  stops: Stop[];
  quarantined: string[];
}

export interface Freeze { by: string | null; reason: string; until: number | null }

export interface Cluster {
  name: string;
  revision: string | null;
  changedAt: number | null;
  by: string | null;
  message: string | null;
  source: string | null;
  frozen: Freeze | null;
  /** When ECS was last read for this cluster, where the server says so. */
  observedAt: number | null;
  /** What the server counts, where it sends no services. */
  serviceCount: number;
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const object = (value: unknown): Json | null => (value && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : null);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const first = <T>(...values: (T | null | undefined)[]): T | null => values.find((v) => v !== null && v !== undefined) ?? null;

export function readFreeze(value: unknown): Freeze | null {
  const freeze = object(value);
  if (!freeze || freeze.frozen === false) return null;
  return { by: text(freeze.by), reason: text(freeze.reason) ?? 'no reason given', until: instant(freeze.until) };
}

export function readCluster(name: string, sent: Json): Cluster {
  const summary = { ...sent, ...object(sent.summary) };
  const services = list(sent.services ?? summary.services);
  return {
    name,
    revision: text(sent.revision) ?? text(summary.revision),
    changedAt: instant(first(summary.changed_at, summary.changedAt)),
    by: text(summary.by),
    message: text(summary.message),
    source: text(summary.source),
    frozen: readFreeze(first(summary.frozen, summary.freeze)),
    observedAt: instant(summary.observed_at),
    serviceCount: number(summary.service_count) ?? services.length,
  };
}

function readVerdict(value: unknown): Verdict | null {
  if (typeof value === 'string') return { ending: value, reason: '', at: null, by: null };
  const verdict = object(value);
  const ending = verdict && first(text(verdict.ending), text(verdict.verdict));
  if (!verdict || !ending) return null;
  return { ending, reason: text(verdict.reason) ?? '', at: instant(verdict.at), by: text(verdict.by) };
}

export function readEvents(value: unknown): EcsEvent[] {
  return list(value).map((each) => {
    const event = object(each);
    return event ? { at: instant(first(event.at, event.created_at)), message: text(event.message) ?? '' } : { at: null, message: String(each) };
  });
}

export function readStops(value: unknown): Stop[] {
  return list(value).map((each) => {
    const stop = object(each);
    if (!stop) return { at: null, reason: String(each), exitCode: null, task: null, kind: null };
    return {
      at: instant(first(stop.stopped_at, stop.at)),
      reason: first(text(stop.reason), text(stop.stopped_reason), text(stop.message)) ?? 'stopped',
      exitCode: number(first(stop.exit_code, stop.exitCode)),
      task: text(first(stop.task, stop.id, stop.task_arn)),
      kind: first(text(stop.class), text(stop.kind)),
    };
  });
}

const STATES: RolloutState[] = ['queued', 'rolling-out', 'steady', 'failed', 'rolled-back'];

/** One service as a snapshot, a summary or a rollout event carries it; `before` is what was known of it. */
export function readService(cluster: string, name: string, sent: Json, before: Service | null = null): Service {
  const desiredPart = object(sent.desired);
  const deployed = { ...object(sent.observed), ...object(sent.deployed) };
  const rollout = { ...sent, ...object(sent.rollout) };
  const imageOf = (value: unknown): string | null => text(value) ?? text(object(value)?.image);
  const managed = sent.managed !== false;
  const image = managed ? first(imageOf(desiredPart?.image), text(sent.image), before?.image) : null;
  const state = STATES.find((s) => s === rollout.state) ?? before?.state ?? null;
  const service: Service = {
    cluster,
    name,
    image,
    deployedImage: first(text(deployed.image), text(sent.deployed_image), before?.deployedImage),
    previousImage: first(text(rollout.image_before), text(rollout.previous_image), before?.previousImage),
    desired: first(number(desiredPart?.desired_count), number(sent.desired_count), number(sent.desired), before?.desired) ?? 1,
    running: first(number(deployed.running), number(rollout.running), number(sent.running_count), before?.running),
    pending: first(number(deployed.pending), number(rollout.pending), number(sent.pending_count), before?.pending),
    failed: first(number(rollout.failed), number(deployed.failed), before?.failed),
    state,
    percent: first(number(rollout.percent), before?.percent),
    verdict: 'verdict' in rollout ? readVerdict(rollout.verdict) : (before?.verdict ?? null),
    sync: 'unknown',
    health: 'unknown',
    events: 'events' in rollout ? readEvents(rollout.events) : (before?.events ?? []),
    stops: 'stops' in rollout || 'stop_reasons' in rollout ? readStops(rollout.stops ?? rollout.stop_reasons) : (before?.stops ?? []),
    quarantined: 'quarantined' in sent ? list(sent.quarantined).map(String) : (before?.quarantined ?? []),
  };
  service.sync = syncOf(service, managed, sent.drift, text(sent.sync));
  service.health = healthOf(service, text(sent.health));
  return service;
}

function syncOf(service: Service, managed: boolean, drift: unknown, said: string | null): Sync {
  if (!managed) return 'unmanaged';
  if (service.state === 'queued' || service.state === 'rolling-out') return 'rolling-out';
  if (said === 'drifted' || drift === true || list(drift).length) return 'drifted';
  if (said === 'in-sync' || said === 'in_sync' || said === 'synced') return 'in-sync';
  if (service.state === 'rolled-back') return 'drifted';
  return service.running === null ? 'unknown' : service.running >= service.desired || service.state === 'steady' ? 'in-sync' : 'unknown';
}

function healthOf({ running, desired, state }: Service, said: string | null): Health {
  if (said === 'healthy' || said === 'degraded' || said === 'failing' || said === 'stopped') return said;
  if (running === null) return 'unknown';
  if (desired === 0) return 'stopped';
  if (running >= desired) return state === 'failed' ? 'degraded' : 'healthy';
  return running === 0 && state !== 'queued' && state !== 'rolling-out' ? 'failing' : 'degraded';
}

/** The services of a snapshot: a list of objects with names, or a mapping by name. */
export function readServices(cluster: string, sent: unknown): Service[] {
  const named = object(sent);
  const pairs: [string, Json][] = named
    ? Object.entries(named).map(([name, value]) => [name, object(value) ?? {}])
    : list(sent).map((each) => [text(object(each)?.name) ?? text(each) ?? '', object(each) ?? {}]);
  return pairs.filter(([name]) => name).map(([name, value]) => readService(cluster, name, value));
}

export interface Counts { services: number; drifted: number; rollingOut: number; failed: number; unmanaged: number; percent: number | null }

export function count(services: Iterable<Service>): Counts {
  const counts: Counts = { services: 0, drifted: 0, rollingOut: 0, failed: 0, unmanaged: 0, percent: null };
  let moving = 0;
  for (const service of services) {
    if (service.sync === 'unmanaged') counts.unmanaged++;
    else counts.services++;
    if (service.sync === 'drifted') counts.drifted++;
    if (service.sync === 'rolling-out') {
      counts.rollingOut++;
      moving += service.percent ?? 0;
    }
    if (hasFailed(service)) counts.failed++;
  }
  if (counts.rollingOut) counts.percent = Math.round(moving / counts.rollingOut);
  return counts;
}

/** True where somebody should look: a rollout that ended badly, or tasks that do not stay up. */
export function hasFailed(service: Service): boolean {
  return service.state === 'failed' || service.state === 'rolled-back' || service.health === 'failing';
}
