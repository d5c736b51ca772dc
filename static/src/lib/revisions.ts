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
    rollback: readRollback(did(each).find((d) => d.verb === 'rollback')),
    rollout: readRollout(each.rollout as Json | null | undefined),
  }));
  return { revisions: revisions.filter((r) => r.id), next: text(sent.next), note: text(sent.message) };
}

/** What was done, as it was asked for; one entry for each change that the revision holds. */
function did(sent: Json): Json[] {
  return objects(sent.changes).map((change) => (change.did ?? {}) as Json);
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
