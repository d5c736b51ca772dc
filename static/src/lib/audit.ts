/** Who did what and who was refused, as the API answers. */

import type { Json } from './model';
import { instant } from './time';

export type Kind = 'change' | 'override' | 'refusal' | 'deletion' | 'proposal' | 'approval' | 'rejection';

export interface AuditEntry {
  kind: Kind;
  at: number | null;
  by: string | null;
  source: string;
  message: string | null;
  /** What was done, or asked for, in a line. */
  what: string;
  revision: string | null;
  override: string | null;
  /** Why it was refused. */
  reason: string | null;
  count: number;
}

const text = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);
const objects = (value: unknown): Json[] =>
  Array.isArray(value) ? value.filter((v): v is Json => typeof v === 'object' && v !== null) : [];

const KINDS: Kind[] = ['change', 'override', 'refusal', 'deletion', 'proposal', 'approval', 'rejection'];

export function readAudit(sent: Json): Known {
  const entries = objects(sent.content).map((each) => ({
    kind: KINDS.find((kind) => kind === each.kind) ?? 'change',
    at: instant(each.at),
    by: text(each.by),
    source: text(each.source) ?? '',
    message: text(each.message),
    what: text(each.summary) ?? asked((each.did ?? {}) as Json),
    revision: text(each.revision),
    override: text(each.override),
    reason: text(each.reason),
    count: typeof each.count === 'number' ? each.count : 1,
  }));
  return { entries, next: text(sent.next) };
}

/** What is known of an audit: entries without a gap, the newest first, and where older ones begin. */
export interface Known {
  entries: AuditEntry[];
  next: string | null;
}

/** The known entries with the newest page replaced: older pages stay where the two overlap, and are read again where not. */
export function renewed(known: Known, newest: Known): Known {
  const fresh = new Set(newest.entries.map(identity));
  const met = known.entries.findLastIndex((each) => fresh.has(identity(each)));
  if (met < 0 || !newest.next) return newest;
  return { entries: [...newest.entries, ...known.entries.slice(met + 1)], next: known.next };
}

/** Entries are written once: what is the same in all of this is the same entry. */
export function identity({ kind, at, by, source, what, revision, message, reason }: AuditEntry): string {
  return [kind, at, by, source, what, revision, message, reason].join(' ');
}

const VERBS: Record<string, string> = {
  adopt: 'adopt the cluster',
  change: 'change',
  create: 'create the cluster',
  deploy: 'deploy again',
  freeze: 'freeze',
  promote: 'promote',
  release: 'release from quarantine',
  remove: 'delete',
  'remove cluster': 'stop managing the cluster',
  replace: 'apply a whole stackfile',
  restart: 'restart',
  restore: 'restore the cluster',
  rollback: 'roll back',
  thaw: 'thaw',
};

/** What was asked for, where nothing came of it: `change user-service: image_tag v2`. */
function asked(did: Json): string {
  const verb = VERBS[String(did.verb)] ?? text(did.verb) ?? 'something';
  const services = Array.isArray(did.services)
    ? did.services.join(', ')
    : typeof did.count === 'number'
      ? `${did.count} services`
      : null;
  const values = ['image_tag', 'desired_count', 'from']
    .filter((key) => did[key] !== undefined)
    .map((key) => `${key} ${String(did[key])}`);
  return (
    [verb, text(did.service) ?? services].filter(Boolean).join(' ') + (values.length ? `: ${values.join(', ')}` : '')
  );
}

/** The source of a change, with a browser's user agent cut to its name. */
export function place(source: string): string {
  const [address, agent = ''] = source.split(/ (.*)/s);
  return agent.startsWith('Mozilla/') ? `${address}, in a browser` : source;
}

/** The words of a filter that an entry has; every one must be somewhere in it. */
export function mentions(entry: AuditEntry, words: readonly string[]): boolean {
  const all = [entry.by, entry.what, entry.message, entry.reason, entry.override, entry.source]
    .filter(Boolean)
    .join(' ')
    .toLowerCase();
  return words.every((word) => all.includes(word));
}
