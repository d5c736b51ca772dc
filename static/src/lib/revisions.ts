/** The history of a cluster, as `GET …/revisions` gives it. */

import { type Json, readVerdict, type Verdict } from './model';
import { instant } from './time';

export interface Revision {
  id: string;
  at: number | null;
  by: string | null;
  message: string | null;
  source: string | null;
  /** What it changed, in a line. */
  summary: string | null;
  /** The services that its changes name; empty where it replaced the whole document. */
  services: string[];
  deleted: boolean;
  /** Whether the cluster was removed with it, here or by another program. */
  removed: boolean;
  /** Whether it changed what stands before changes and nothing else: a freeze, its end, a release from quarantine. */
  guardsOnly: boolean;
  /** A freeze or its end; null for anything else. */
  guard: { verb: 'freeze' | 'thaw'; until: number | null } | null;
  /** What it is a rollback of: to which revision, and of one service or of all (null). */
  rollback: { to: string; service: string | null } | null;
  /** How far the services are that it changed, or how that ended; null where it is not known (any more). */
  rollout: RolloutInShort | null;
}

export interface RolloutInShort {
  percent: number;
  verdict: Verdict | null;
  failed: string[];
}

export interface RevisionPage {
  revisions: Revision[];
  next: string | null;
  note: string | null;
}

const GUARD_VERBS = new Set(['freeze', 'thaw', 'release']);

const text = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);
const objects = (value: unknown): Json[] =>
  Array.isArray(value) ? value.filter((v): v is Json => typeof v === 'object' && v !== null) : [];

export function readRevisions(sent: Json): RevisionPage {
  const revisions = objects(sent.content).map((each) => ({
    id: text(each.revision) ?? '',
    at: instant(each.changed_at),
    by: text(each.by),
    message: text(each.message),
    source: text(each.source),
    summary: text(each.summary),
    services: [...new Set(did(each).flatMap(touched))],
    deleted: each.deleted === true,
    removed: each.removed === true,
    guardsOnly: did(each).length > 0 && did(each).every((d) => GUARD_VERBS.has(String(d.verb))),
    guard: readGuard(did(each)),
    rollback: readRollback(did(each).find((d) => d.verb === 'rollback')),
    rollout: readRollout(each.rollout as Json | null | undefined),
  }));
  return { revisions: revisions.filter((r) => r.id), next: text(sent.next), note: text(sent.message) };
}

/** What was done, as it was asked for; one entry for each change that the revision holds. */
function did(sent: Json): Json[] {
  return objects(sent.changes).map((change) => (change.did ?? {}) as Json);
}

function readGuard(done: Json[]): Revision['guard'] {
  const [only] = done;
  if (done.length !== 1 || (only!.verb !== 'freeze' && only!.verb !== 'thaw')) return null;
  return { verb: only!.verb, until: instant(only!.until) };
}

/** Of a change of very many services only their number is on record. */
function touched({ service, services }: Json): string[] {
  return (Array.isArray(services) ? services : [service]).filter(
    (name): name is string => typeof name === 'string' && name !== '',
  );
}

function readRollout(sent: Json | null | undefined): RolloutInShort | null {
  if (!sent || typeof sent.percent !== 'number') return null;
  return {
    percent: sent.percent,
    verdict: readVerdict(sent.verdict),
    failed: Array.isArray(sent.failed) ? sent.failed.map(String) : [],
  };
}

/** How it ended for one of several services, where that of all together tells; null while it is open. */
export function endingFor({ rollout, services }: Revision, service: string): Verdict | null {
  if (!rollout?.verdict) return null;
  const alone = services.length === 1 && services[0] === service;
  return alone || rollout.verdict.ending === 'succeeded' || rollout.failed.includes(service) ? rollout.verdict : null;
}

function readRollback(asked: Json | undefined): Revision['rollback'] {
  const to = text(asked?.revision);
  return to ? { to, service: text(asked?.service) } : null;
}

/** A time in which changes were refused: from the freeze to its end, each null where its revision is not loaded. */
export interface Frozen {
  since: number | null;
  /** When it ended, or will end; null for one that goes on until it is lifted. */
  until: number | null;
  by: string | null;
  reason: string | null;
}

/** An item of the history: a day as a heading, a freeze as a band, or a revision with the one before it. */
export type Item =
  | { kind: 'day'; at: number | null; key: string }
  | { kind: 'freeze'; frozen: Frozen; key: string }
  | { kind: 'revision'; revision: Revision; before: Revision | null; key: string };

/** The revisions as a line of time, the newest first; those that `shows` rejects are left out. */
export function timeline(
  revisions: readonly Revision[],
  shows: (revision: Revision) => boolean,
  dayOf: (at: number) => string,
): Item[] {
  const items: Item[] = [];
  let day: string | null = null;
  let thaw: Revision | null = null;
  for (const [i, revision] of revisions.entries()) {
    const { guard, id } = revision;
    if (guard?.verb === 'thaw') {
      thaw = revision;
      // Its freeze is older: the band is drawn there, unless that is not loaded.
      if (revisions.slice(i + 1).some((older) => older.guard?.verb === 'freeze')) continue;
    }
    if (guard) {
      items.push({ kind: 'freeze', frozen: frozenBy(revision, thaw), key: id });
      thaw = null;
      continue;
    }
    if (!shows(revision)) continue;
    const own = revision.at === null ? '' : dayOf(revision.at);
    if (own !== day) items.push({ kind: 'day', at: revision.at, key: `day ${own} ${id}` });
    day = own;
    items.push({ kind: 'revision', revision, before: revisions[i + 1] ?? null, key: id });
  }
  return items;
}

function frozenBy(revision: Revision, thaw: Revision | null): Frozen {
  const { guard, at, by, message } = revision;
  if (guard!.verb === 'thaw') return { since: null, until: at, by, reason: message };
  return { since: at, until: thaw?.at ?? guard!.until, by, reason: message };
}

/** What the dot of a revision shows. */
export type Dot = 'failed' | 'back' | 'rolling' | 'removed' | 'none' | 'deployed';

export function dotOf({ rollout, rollback, removed, deleted, guardsOnly }: Revision): Dot {
  if (rollout?.verdict?.failed) return 'failed';
  if (removed || deleted) return 'removed';
  if (rollback) return 'back';
  if (guardsOnly) return 'none';
  return rollout && !rollout.verdict && rollout.percent < 100 ? 'rolling' : 'deployed';
}

/** Two ticked revisions, the older one first; a third one takes the place of the one that was ticked first. */
export function ticked(before: readonly string[], id: string): string[] {
  return before.includes(id) ? before.filter((each) => each !== id) : [...before, id].slice(-2);
}
