/** What the page knows, and how it is read from what the server sends. The only file that knows the wire's names. */

import { type FreezeWindows, readFreezeWindows } from './freeze-windows';
import { repositoryName } from './images';
import { percent, readStaged, type Staged } from './staged';
import { instant } from './time';
import type * as wire from './wire';

export type Json = Record<string, unknown>;

/** A message of the server before it is read: its keys are known, its values are checked here. */
type Sent<T> = { readonly [Key in keyof T]?: unknown };

/** Does ECS have what is wanted? */
export type Sync = Exclude<wire.ServiceState['sync'], 'unreadable'>;
/** Does what runs do well? */
export type Health = wire.ServiceState['health'] | 'starting';
export type RolloutState = Exclude<wire.ServiceState['state'], 'unreadable' | null> | 'paused' | 'shifting' | 'baking';

export interface Verdict {
  ending: string;
  reason: string;
  at: number | null;
  by: string | null;
  failed: boolean;
  /** What ended it, where that is known: `alarm`, `hook`, `hook-timeout`, `breaker`, `stopped`, `by-hand`. */
  cause: string | null;
}
export interface EcsEvent {
  at: number | null;
  message: string;
}
/** A task that stopped: ECS's own words, what they mean, and what to do about it. */
export interface Stop {
  at: number | null;
  reason: string;
  exitCode: number | null;
  task: string | null;
  kind: string | null;
  what: string | null;
  advice: string | null;
}
/** What keeps a service from running. */
export interface Trouble {
  kind: string;
  what: string;
  advice: string;
}

/** What a rollout waits for: other services, or a task of its own; its wave counts from 1. */
export interface Waits {
  services: readonly string[];
  gate: string | null;
  wave: number;
}

/** The newest run of a task before or after a rollout. */
export interface Gate {
  name: string;
  before: boolean;
  state: 'starting' | 'running' | 'succeeded' | 'failed';
  exitCode: number | null;
  reason: string | null;
  lines: readonly string[];
  startedAt: number | null;
  endedAt: number | null;
}

export interface Difference {
  path: string;
  before: unknown;
  after: unknown;
  concealed: boolean;
}

export interface Scaling {
  min: number;
  max: number;
  suspended: boolean;
}

export interface Service {
  cluster: string;
  name: string;
  /** The image that is wanted, null where the service is not managed. */
  image: string | null;
  /** The image that runs, null where that is not known. */
  deployedImage: string | null;
  previousImage: string | null;
  /** Since when the image that runs is deployed; null where that is not known. */
  imageSince: number | null;
  desired: number;
  /** Between how many tasks AWS scales it; null where the count is the stated one. */
  scaling: Scaling | null;
  running: number | null;
  pending: number | null;
  failed: number | null;
  state: RolloutState | null;
  /** The tasks of the version that is rolled out; null where ECS has not begun. */
  fresh: { running: number; desired: number } | null;
  verdict: Verdict | null;
  sync: Sync;
  health: Health;
  events: EcsEvent[];
  stops: Stop[];
  trouble: Trouble | null;
  /** What ECS runs against what is wanted, field by field; null where there is no drift. */
  drift: Difference[] | null;
  waits: Waits | null;
  gates: readonly Gate[];
  /** The secrets whose value changed after its oldest task had started. */
  staleSecrets: readonly StaleSecret[];
  /** How its schedule goes; null for a service without one. */
  schedule: ScheduleState | null;
  /** Its deployment in stages, and what monitors it; null for a plain rolling one. */
  staged: Staged | null;
}

/** `state`: `failing`, `missed`, `overlapping`, or one that needs no person; `since` when it began to fail. */
export interface ScheduleState {
  state: string;
  since: number | null;
}

export interface StaleSecret {
  name: string;
  since: number | null;
}

export interface Freeze {
  by: string | null;
  reason: string;
  at: number | null;
  until: number | null;
}

/** The rollout of a revision: its services, when it began, how it ended, and the median duration of its services in milliseconds where the server states one. */
export interface OpenRollout {
  revision: string | null;
  ending: string | null;
  services: readonly string[];
  since: number | null;
  usual: number | null;
}

export interface Cluster {
  name: string;
  revision: string | null;
  changedAt: number | null;
  by: string | null;
  message: string | null;
  source: string | null;
  frozen: Freeze | null;
  /** The times at which the calendar freezes it. */
  freezeWindows: FreezeWindows;
  /** When ECS was last read for this cluster, where the server states it. */
  observedAt: number | null;
  /** Why ECS cannot be asked, where it cannot. */
  failing: string | null;
  /** Why the desired state cannot be read, where it cannot. */
  unreadable: string | null;
  /** The services that the newest revision with a rollout has changed. */
  changed: readonly string[];
  /** The rollouts of the latest revisions, the oldest first. */
  rollouts: readonly OpenRollout[];
  /** What the server counts, where it sends no services. */
  serviceCount: number;
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const object = <T = Json>(value: unknown): Sent<T> | null =>
  value && typeof value === 'object' && !Array.isArray(value) ? (value as Sent<T>) : null;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const oneOf = <T extends string>(known: ReadonlySet<T>, value: unknown): T | null =>
  known.has(value as T) ? (value as T) : null;
const first = <T>(...values: (T | null | undefined)[]): T | null =>
  values.find((v) => v !== null && v !== undefined) ?? null;

export function readFreeze(value: unknown): Freeze | null {
  const freeze = object<wire.Freeze>(value);
  if (!freeze) return null;
  return {
    by: text(freeze.by),
    reason: text(freeze.reason) ?? 'no reason given',
    at: instant(freeze.at),
    until: instant(freeze.until),
  };
}

/** Whether a freeze window made the freeze: it ends by itself, and cannot be lifted. */
export function isWindow(freeze: Freeze | null): boolean {
  return freeze?.by === 'freeze window';
}

/** Who or what froze a cluster, for "frozen by". */
export function freezer(freeze: Freeze): string {
  return isWindow(freeze) ? 'a freeze window' : (freeze.by ?? 'an unknown user');
}

export function readCluster(name: string, sent: Sent<wire.Cluster>): Cluster {
  return {
    name,
    revision: text(sent.revision),
    ...readLastChange(sent),
    frozen: readFreeze(sent.frozen),
    freezeWindows: readFreezeWindows((sent as Json).freeze_windows),
    observedAt: instant(sent.observed_at),
    failing: readFailing(sent.failing),
    unreadable: text(sent.unreadable),
    changed: readChanged(sent.rollouts),
    rollouts: list(sent.rollouts).map(readOpenRollout),
    serviceCount: list(sent.services).length,
  };
}

/** Who changed the desired state last, when, why and from where: not who froze it since. */
export function readLastChange(sent: Sent<wire.Cluster>): Pick<Cluster, 'changedAt' | 'by' | 'message' | 'source'> {
  const last = object<wire.LastChange>(sent.last_change) ?? sent;
  return {
    changedAt: instant(last.changed_at),
    by: text(last.by),
    message: text(last.message),
    source: text(last.source),
  };
}

function readOpenRollout(value: unknown): OpenRollout {
  const rollout = object(value) ?? {};
  const usual = number(rollout.usual_seconds);
  return {
    revision: text(rollout.revision),
    ending: readVerdict(rollout.verdict)?.ending ?? null,
    services: list(rollout.services).map(String),
    since: instant(rollout.since),
    usual: usual === null ? null : usual * 1000,
  };
}

/** Of the revisions with a rollout, the oldest first: a freeze has none. */
function readChanged(rollouts: unknown): string[] {
  const services = list(rollouts).map((each) => list(object<wire.RevisionRollout>(each)?.services).map(String));
  return services.findLast((names) => names.length > 0) ?? [];
}

/** How many of the services that a revision changed are done, while `moving` are not. */
export function rolledOut({ changed }: Cluster, moving: number): { done: number; total: number } {
  const total = Math.max(changed.length, moving);
  return { done: total - moving, total };
}

function readFailing(value: unknown): string | null {
  const failing = object<wire.Failing>(value);
  return failing ? (first(text(failing.message), text(failing.error)) ?? 'ECS does not answer') : text(value);
}

/** The image of a task's main container: the one of the service's repository, else of the service's name, else the only one. */
export function mainImage(task: Json, service: Service): string | null {
  const containers = list(task.containers).map((each) => object(each) ?? {});
  const repositories = new Set(
    [service.image, service.deployedImage].filter((image) => image !== null).map(repositoryName),
  );
  const main =
    containers.find((each) => repositories.has(repositoryName(text(each.image) ?? ''))) ??
    containers.find((each) => each.name === service.name) ??
    (containers.length === 1 ? containers[0] : undefined);
  return text(main?.image) ?? text(task.image);
}

export interface Deployment {
  desired: number;
  running: number;
}

/** The deployments of a service's details: the one that comes first, those that it replaces after it. */
export function readDeployments(details: Json | null): Deployment[] {
  const found = list(details?.deployments)
    .map((each) => object(each)!)
    .filter(Boolean);
  return found
    .toSorted((a, b) => Number(b.status === 'PRIMARY') - Number(a.status === 'PRIMARY'))
    .map((each) => ({ desired: number(each.desired) ?? 0, running: number(each.running) ?? 0 }));
}

function readTrouble(value: unknown): Trouble | null {
  const trouble = object<wire.Trouble>(value);
  return (
    trouble && {
      kind: text(trouble.kind) ?? 'unknown',
      what: text(trouble.what) ?? '',
      advice: text(trouble.advice) ?? '',
    }
  );
}

export function readVerdict(value: unknown): Verdict | null {
  const verdict = object<wire.Verdict>(value);
  const ending = verdict && text(verdict.ending);
  if (!verdict || !ending) return null;
  return {
    ending,
    reason: text(verdict.reason) ?? '',
    at: instant(verdict.at),
    by: text(verdict.by),
    failed: verdict.failed === true,
    cause: text((verdict as Json).cause),
  };
}

export function readEvents(value: unknown): EcsEvent[] {
  return list(value).map((each) => {
    const event = object<wire.ServiceState['events'][number]>(each) ?? {};
    return { at: instant(event.at), message: text(event.message) ?? '' };
  });
}

export function readStops(value: unknown): Stop[] {
  return list(value).map((each) => {
    const stop = object<wire.ServiceState['stop_reasons'][number]>(each) ?? {};
    return {
      at: instant(stop.at),
      reason: text(stop.reason) ?? 'stopped',
      exitCode: number(stop.exit_code),
      task: text(stop.task),
      kind: text(stop.kind),
      what: text(stop.what),
      advice: text(stop.advice),
    };
  });
}

const STATES: ReadonlySet<RolloutState> = new Set([
  'queued',
  'rolling-out',
  'steady',
  'failed',
  'rolled-back',
  'removing',
  'removed',
  'running',
  'paused',
  'shifting',
  'baking',
]);
const SYNCS: ReadonlySet<Sync> = new Set(['in-sync', 'rolling-out', 'not-deployed', 'drifted', 'unmanaged', 'unknown']);
const HEALTHS: ReadonlySet<Health> = new Set(['healthy', 'starting', 'degraded', 'failing', 'stopped', 'unknown']);

/** One service, as the live channel sends it: always whole. A summary over REST may know less; then it is unknown. */
export function readService(cluster: string, name: string, sent: Sent<wire.ServiceState>): Service {
  const deployed = object<wire.Deployed>(sent.deployed);
  const scaling = readScaling(sent.autoscaling);
  const [stated, inEcs] = [number(sent.desired_count), number(deployed?.desired)];
  return {
    cluster,
    name,
    image: text(sent.image),
    deployedImage: text(deployed?.image),
    previousImage: text(sent.image_before),
    imageSince: instant(sent.image_since),
    desired: (scaling ? first(inEcs, stated) : first(stated, inEcs)) ?? 1,
    scaling,
    running: number(deployed?.running),
    pending: number(deployed?.pending),
    failed: first(number(sent.failed), number(deployed?.failed)),
    state: oneOf(STATES, sent.state),
    fresh: readFresh(sent),
    verdict: readVerdict(sent.verdict),
    sync: sent.managed === false ? 'unmanaged' : (oneOf(SYNCS, sent.sync) ?? 'unknown'),
    health: readHealth(sent),
    events: readEvents(sent.events),
    stops: readStops(sent.stop_reasons),
    trouble: readTrouble(sent.trouble),
    drift: Array.isArray(sent.drift) ? readDifferences(sent.drift) : null,
    waits: readWaits(sent.waits),
    gates: list(sent.gates).map(readGate),
    staleSecrets: list(sent.stale_secrets).map(readStaleSecret),
    schedule: readSchedule((sent as Json).schedule),
    staged: readStaged(sent as Json),
  };
}

function readStaleSecret(value: unknown): StaleSecret {
  const secret = object(value) ?? {};
  return { name: text(secret.name) ?? '', since: instant(secret.since) };
}

function readSchedule(value: unknown): ScheduleState | null {
  const schedule = object(value);
  return schedule && { state: text(schedule.state) ?? 'pending', since: instant(schedule.since) };
}

const SCHEDULE_CONCERNS: Record<string, string> = {
  failing: 'The last runs of its schedule failed',
  missed: 'No task started when its schedule was due',
};

/** What is wrong with the runs of a service's schedule; null where nothing is. */
export function scheduleConcern({ schedule }: Service): string | null {
  return schedule ? (SCHEDULE_CONCERNS[schedule.state] ?? null) : null;
}

function readWaits(value: unknown): Waits | null {
  const waits = object(value);
  return waits && { services: list(waits.services).map(String), gate: text(waits.gate), wave: number(waits.wave) ?? 1 };
}

const GATE_STATES: Gate['state'][] = ['starting', 'running', 'succeeded', 'failed'];

function readGate(value: unknown): Gate {
  const gate = object(value) ?? {};
  return {
    name: text(gate.name) ?? '',
    before: gate.stage === 'pre_deploy',
    state: GATE_STATES.find((s) => s === gate.state) ?? 'starting',
    exitCode: number(gate.exit_code),
    reason: text(gate.reason),
    lines: list(gate.lines).map(String),
    startedAt: instant(gate.started_at),
    endedAt: instant(gate.ended_at),
  };
}

function readScaling(sent: unknown): Scaling | null {
  const limits = object(sent);
  const [min, max] = [number(limits?.min), number(limits?.max)];
  if (min === null || max === null) return null;
  return { min, max, suspended: list(limits?.suspended).length > 0 };
}

function readFresh(sent: Sent<wire.ServiceState>): Service['fresh'] {
  // A server that does not tell new tasks from former ones gives the numbers of all.
  const counts = object(sent.new_tasks) ?? sent;
  const [running, desired] = [number(counts.running), number(counts.desired)];
  return running === null || desired === null ? null : { running, desired };
}

/** How far a rollout is, in words: no number stands for what ECS alone decides. */
export function progress({ state, fresh, waits, staged }: Service): string {
  if (state === 'removing') return 'Stopping tasks';
  if (waits?.services.length) return `Waits for ${waits.services.join(', ')}`;
  if (waits?.gate) return `Waits for ${waits.gate}`;
  if (state === 'paused') return staged?.pause?.message ?? 'Waits for a person';
  if (state === 'baking') return 'All new tasks running, baking';
  if (state === 'shifting') return `${percent(staged?.traffic?.new ?? 0)} of the traffic on the new tasks`;
  if (state === 'queued' || !fresh) return 'Waiting for ECS';
  if (fresh.running < fresh.desired || !fresh.desired) return `${fresh.running} of ${fresh.desired} new tasks running`;
  return fresh.desired === 1 ? 'New task running, finishing' : `All ${fresh.desired} new tasks running, finishing`;
}

/** Fewer tasks run than are desired, but a rollout goes on and nothing is wrong: that is a start, not a failure. */
function readHealth(sent: Sent<wire.ServiceState>): Health {
  const health = oneOf(HEALTHS, sent.health) ?? 'unknown';
  const lacking = health === 'failing' || health === 'degraded';
  return lacking && sent.sync === 'rolling-out' && !sent.trouble ? 'starting' : health;
}

export function readDifferences(value: unknown): Difference[] {
  return list(value).map((each) => {
    const change = object(each) ?? {};
    return {
      path: String(change.path),
      before: change.before ?? null,
      after: change.after ?? null,
      concealed: change.concealed === true,
    };
  });
}

/** A service that a new revision changes, until ECS is seen to follow. */
export function expecting(before: Service, fields: Record<string, unknown>, deploys: boolean): Service {
  const wanted = {
    ...before,
    image: text(fields.image) ?? before.image,
    desired: number(fields.desired_count) ?? before.desired,
  };
  return deploys
    ? {
        ...wanted,
        sync: 'rolling-out',
        state: 'queued',
        fresh: null,
        verdict: null,
        drift: null,
        waits: null,
        staged: null,
      }
    : wanted;
}

/** The services of a snapshot: a list of objects with names, or a mapping by name. */
export function readServices(cluster: string, sent: unknown): Service[] {
  const named = object(sent);
  const pairs: [string, Json][] = named
    ? Object.entries(named).map(([name, value]) => [name, object(value) ?? {}])
    : list(sent).map((each) => [text(object(each)?.name) ?? text(each) ?? '', object(each) ?? {}]);
  return pairs.filter(([name]) => name).map(([name, value]) => readService(cluster, name, value));
}

/** How many services are in which state; `seen` is true once ECS was read. */
export interface Counts {
  services: number;
  drifted: number;
  rollingOut: number;
  /** Of those that roll out: they wait for a person. */
  paused: number;
  failed: number;
  unmanaged: number;
  starting: number;
  degraded: number;
  failing: number;
  seen: boolean;
}

export function count(services: Iterable<Service>): Counts {
  const counts: Counts = {
    services: 0,
    drifted: 0,
    rollingOut: 0,
    paused: 0,
    failed: 0,
    unmanaged: 0,
    starting: 0,
    degraded: 0,
    failing: 0,
    seen: false,
  };
  for (const service of services) {
    if (service.sync === 'unmanaged') counts.unmanaged++;
    else counts.services++;
    if (service.sync === 'drifted') counts.drifted++;
    if (service.sync === 'rolling-out') counts.rollingOut++;
    if (isPaused(service)) counts.paused++;
    if (hasFailed(service)) counts.failed++;
    if (service.health === 'starting') counts.starting++;
    if (service.health === 'degraded') counts.degraded++;
    if (service.health === 'failing') counts.failing++;
    if (service.running !== null) counts.seen = true;
  }
  return counts;
}

/** True for what needs attention: a rollout that ended badly, or tasks that do not stay up. */
export function hasFailed(service: Service): boolean {
  return (
    service.state === 'failed' || service.state === 'rolled-back' || service.health === 'failing' || struggles(service)
  );
}

/** True while its rollout waits for a person. */
export function isPaused({ sync, state }: Service): boolean {
  return sync === 'rolling-out' && state === 'paused';
}

/** True while a rollout goes on whose tasks keep failing: ECS may take minutes to give up, and a person need not. */
export function struggles(service: Service): boolean {
  return service.sync === 'rolling-out' && service.trouble !== null;
}

/** What keeps it from running now; not what once did, before a rollout that went well. */
export function presentTrouble(service: Service): Trouble | null {
  return hasFailed(service) || service.health === 'degraded' ? service.trouble : null;
}

/** The newest stop that its trouble is made of: after it ECS stops tasks merely to go back. */
export function troublesomeStop(service: Service): Stop | null {
  return service.stops.find((stop) => stop.kind === service.trouble?.kind) ?? service.stops[0] ?? null;
}

/** Why a service needs attention, in a few words; null where it does not. */
export function concern(service: Service): string | null {
  if (hasFailed(service))
    return (
      presentTrouble(service)?.what ??
      scheduleConcern(service) ??
      (service.health === 'failing' ? 'No task runs' : service.verdict?.reason || 'The last rollout failed')
    );
  if (service.sync !== 'drifted') return null;
  return `ECS differs in ${service.drift?.map((d) => d.path).join(', ') || 'what it runs'}`;
}

/** The service that needs attention first: one that fails before one that only drifts. */
export function worst(services: readonly Service[]): Service | null {
  return services.find(hasFailed) ?? services.find((s) => s.sync === 'drifted') ?? null;
}
