/** Everything that is known, as signals: one for each row, so that a changed row repaints alone. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { readFreezeWindows } from './freeze-windows';
import {
  type Cluster,
  count,
  type Counts,
  expecting,
  type Json,
  readCluster,
  readFreeze,
  readLastChange,
  readService,
  readServices,
  type Service,
  worst,
} from './model';
import { sameFields, sameJson, sameList, stable } from './stable';
import { instant } from './time';
import { tallied, type Tallies } from './wall';

export interface Activity {
  id: number;
  cluster: string;
  service: string | null;
  at: number;
  kind: 'desired' | 'rollout' | 'freeze' | 'deleted';
  text: string;
  revision: string | null;
}

/** One cluster: its summary, the names of its services, and a signal for each of them. */
export class ClusterEntry {
  readonly summary: Signal<Cluster>;
  readonly names = signal<readonly string[]>([]);
  /** False until its services are known: a summary alone came first. */
  readonly complete = signal(false);
  readonly rows = new Map<string, Signal<Service>>();
  /** What the server last sent of each row, and of the rollouts: what deltas are relative to. */
  readonly sentRows = new Map<string, Json>();
  sentRollouts: readonly Json[] = [];
  /** Counts changes of the audit without a revision: the audit page reads again with each. */
  readonly audited = signal(0);
  /** Counts what became of runs of its tasks: a list of runs reads again with each. */
  readonly ran = signal(0);
  /** All rows, for readers of the whole cluster: each depends on one signal instead of on every row. */
  private readonly all: ReadonlySignal<readonly Service[]>;
  readonly counts: ReadonlySignal<Counts>;
  readonly worst: ReadonlySignal<Service | null>;
  /** How much it adds to each total of the fleet. */
  readonly tallies: ReadonlySignal<Tallies>;
  /** What a filter looks for: its own name and those of its services, in lower case. */
  readonly text: ReadonlySignal<string>;

  constructor(readonly name: string) {
    this.summary = signal(readCluster(name, {}));
    this.all = computed(() => this.names.value.map((service) => this.rows.get(service)!.value));
    this.counts = stable(() => count(this.services()), sameFields);
    this.worst = computed(() => worst(this.services()));
    this.tallies = stable(() => tallied(this.summary.value, this.services()), sameFields);
    this.text = computed(() => `${name} ${this.names.value.join(' ')}`.toLowerCase());
  }

  /** All of them; inside a signal the reader depends on every row. */
  services(): readonly Service[] {
    return this.all.value;
  }

  /** Puts rows in place of the former ones; a row that is the same stays the same signal. */
  replaceRows(services: Service[]): void {
    const now = new Set(services.map((s) => s.name));
    for (const service of services) this.put(service);
    for (const name of this.rows.keys()) if (!now.has(name)) this.drop(name);
    this.setNames([...now]);
    this.complete.value = true;
  }

  /** The whole of a row of which the server sent a delta (a JSON merge patch of its fields), or all. */
  merged(name: string, row: Json): Json {
    const whole = row.delta === true ? { ...this.sentRows.get(name), ...row } : row;
    this.sentRows.set(name, whole);
    return whole;
  }

  drop(name: string): void {
    this.rows.delete(name);
    this.sentRows.delete(name);
  }

  put(service: Service): void {
    const known = this.rows.get(service.name);
    if (!known) this.rows.set(service.name, signal(service));
    else if (!sameJson(known.peek(), service)) known.value = service;
  }

  setNames(names: string[]): void {
    const sorted = names.toSorted();
    if (!sameList(sorted, this.names.peek())) this.names.value = sorted;
  }
}

/** The events of proposals. */
const PROPOSALS = new Set(['proposal', 'approved', 'rejected']);

const KEPT_ACTIVITY = 200;

export class Store {
  readonly names = signal<readonly string[]>([]);
  readonly clusters = new Map<string, ClusterEntry>();
  /** True once the server has confirmed that everything was sent, or a first read ended. */
  readonly loaded = signal(false);
  /** How often everything was sent: what is not sent again after a cut is read again then. */
  readonly syncs = signal(0);
  readonly activity = signal<readonly Activity[]>([]);
  /** Counts what became of proposals: they are read again with each. */
  readonly proposed = signal(0);
  private nextActivity = 1;

  get(name: string): ClusterEntry | null {
    return this.clusters.get(name) ?? null;
  }

  /** The revisions that a reconnect names, so that the server sends only what is new. */
  known(): Record<string, string> {
    const known: Record<string, string> = {};
    for (const [name, entry] of this.clusters) {
      const { revision } = entry.summary.peek();
      if (revision && entry.complete.peek()) known[name] = revision;
    }
    return known;
  }

  /** Applies what came since the last frame as one change. */
  apply(messages: Json[]): void {
    batch(() => messages.forEach((message) => this.one(message)));
  }

  entry(name: string): ClusterEntry {
    const known = this.clusters.get(name);
    if (known) return known;
    const entry = new ClusterEntry(name);
    this.clusters.set(name, entry);
    const names = this.names.peek();
    this.names.value = names.toSpliced(names.findLastIndex((other) => other < name) + 1, 0, name);
    return entry;
  }

  forget(name: string): void {
    if (this.clusters.delete(name)) this.names.value = this.names.peek().filter((other) => other !== name);
  }

  /** A cluster as `GET /clusters/{c}` or a `cluster` event gives it. */
  snapshot(name: string, sent: Json): void {
    batch(() => {
      const entry = this.entry(name);
      entry.summary.value = readCluster(name, sent);
      entry.sentRollouts = asList(sent.rollouts);
      if (sent.services === undefined) return;
      for (const row of asList(sent.services)) entry.merged(String(row.name), row);
      entry.replaceRows(readServices(name, sent.services));
    });
  }

  private one(message: Json): void {
    const name = typeof message.cluster === 'string' ? message.cluster : '';
    if (!name) return;
    if (message.type === 'cluster') {
      this.snapshot(name, message);
      // It may stand for others that this reader was too slow for.
      this.audited(name);
    } else if (message.type === 'desired') this.desired(name, message);
    else if (message.type === 'rollout') this.rollout(name, message);
    else if (message.type === 'deleted') this.deleted(name, message);
    else if (message.type === 'audit') this.audited(name);
    else if (message.type === 'run') this.ran(name);
    else if (PROPOSALS.has(String(message.type))) this.proposed.value += 1;
    else if (message.type === 'frozen' || message.type === 'thawed') this.freeze(name, message);
  }

  private audited(name: string): void {
    const entry = this.get(name);
    if (entry) entry.audited.value += 1;
  }

  private ran(name: string): void {
    const entry = this.get(name);
    if (entry) entry.ran.value += 1;
  }

  private desired(name: string, message: Json): void {
    const entry = this.entry(name);
    const before = entry.summary.peek();
    entry.summary.value = {
      ...before,
      revision: asText(message.revision) ?? before.revision,
      ...readLastChange(message),
    };
    this.changed(entry, message);
    const why = asText(message.message);
    this.note(
      name,
      null,
      'desired',
      message,
      `${asText(message.by) ?? 'An external change'} changed ${name}${why ? `: ${why}` : ''}`,
    );
  }

  /** The changes of a `desired` event: per service what is done to it, field by field. */
  private changed(entry: ClusterEntry, message: Json): void {
    const names = new Set(entry.names.peek());
    for (const row of asList(message.changes)) {
      const service = asText(row.service);
      if (!service) continue;
      if (row.action === 'destroy') {
        entry.drop(service);
        names.delete(service);
        continue;
      }
      const before = entry.rows.get(service)?.peek() ?? readService(entry.name, service, {});
      const fields = Object.fromEntries(asList(row.changes).map((c) => [String(c.path), c.after]));
      entry.put(expecting(before, fields, message.deploys !== false));
      names.add(service);
    }
    entry.setNames([...names]);
  }

  /** What runs has moved: the rows of the services that did, and the cluster's own state, whole or as deltas. */
  private rollout(name: string, message: Json): void {
    const entry = this.entry(name);
    entry.summary.value = { ...entry.summary.peek(), ...movedState(entry, message) };
    const names = new Set(entry.names.peek());
    for (const row of asList(message.services)) {
      const service = asText(row.name);
      if (!service) continue;
      if (row.gone === true) {
        entry.drop(service);
        names.delete(service);
        continue;
      }
      const before = entry.rows.get(service)?.peek();
      const after = readService(name, service, entry.merged(service, row));
      entry.put(after);
      names.add(service);
      if (after.verdict && before && !before.verdict) this.note(name, service, 'rollout', message, ended(after));
    }
    entry.setNames([...names]);
  }

  private deleted(name: string, message: Json): void {
    this.forget(name);
    this.note(
      name,
      null,
      'deleted',
      message,
      `${asText(message.by) ?? 'An unknown user'} stopped managing ${name}${asText(message.reason) ? `: ${asText(message.reason)}` : ''}`,
    );
  }

  private freeze(name: string, message: Json): void {
    const entry = this.entry(name);
    const frozen = message.type === 'frozen' ? readFreeze(message) : null;
    const windows = message.freeze_windows ? { freezeWindows: readFreezeWindows(message.freeze_windows) } : {};
    entry.summary.value = { ...entry.summary.peek(), frozen, ...windows };
    this.note(
      name,
      null,
      'freeze',
      message,
      `${asText(message.by) ?? 'An unknown user'} ${frozen ? `froze ${name}: ${frozen.reason}` : `thawed ${name}`}`,
    );
  }

  private note(cluster: string, service: string | null, kind: Activity['kind'], message: Json, text: string): void {
    const at = instant(message.at) ?? Date.now();
    const revision = asText(message.revision);
    const entry: Activity = { id: this.nextActivity++, cluster, service, at, kind, text, revision };
    this.activity.value = [entry, ...this.activity.peek()].slice(0, KEPT_ACTIVITY);
  }
}

/** The state of a cluster that a `rollout` carries; of a delta, what it has. In its `rollouts`, a mere revision is as it was. */
function movedState(entry: ClusterEntry, message: Json): Partial<Cluster> {
  const known = new Map(entry.sentRollouts.map((rollout) => [rollout.revision, rollout]));
  const isKnown = (rollout: Json) => message.delta === true && Object.keys(rollout).length === 1;
  const sent = (each: Json) => (isKnown(each) ? (known.get(each.revision) ?? each) : each);
  if (message.delta !== true || message.rollouts !== undefined) entry.sentRollouts = asList(message.rollouts).map(sent);
  const read = readCluster(entry.name, { ...message, rollouts: entry.sentRollouts });
  const { observedAt, changed, rollouts } = read;
  const has = (field: string) => message.delta !== true || field in message;
  return {
    observedAt,
    changed,
    rollouts,
    ...(has('frozen') ? { frozen: read.frozen } : {}),
    ...(has('freeze_windows') ? { freezeWindows: read.freezeWindows } : {}),
    ...(has('failing') ? { failing: read.failing } : {}),
  };
}

/** What a verdict is called in a sentence. */
export const ENDINGS: Record<string, string> = {
  succeeded: 'rolled out',
  'rolled-back': 'was rolled back',
  superseded: 'was overtaken by a newer revision',
  stalled: 'has stalled',
  'scaled-to-zero': 'was scaled to zero',
  aborted: 'was aborted',
  removed: 'is gone from ECS',
};

function ended({ name, verdict }: Service): string {
  const how = ENDINGS[verdict!.ending] ?? verdict!.ending;
  return `${name} ${how}${verdict!.reason ? `: ${verdict!.reason}` : ''}`;
}

function asText(value: unknown): string | null {
  return typeof value === 'string' && value ? value : null;
}

function asList(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((v): v is Json => typeof v === 'object' && v !== null) : [];
}
