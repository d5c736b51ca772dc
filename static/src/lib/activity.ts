/** What happened in all clusters, as `GET /activity` answers: changes, overrides, refusals and deletions. */

import type { Json } from './model';
import type { Deployed, TickKind } from './ticks';
import { instant } from './time';

export interface Happening {
  at: number;
  cluster: string;
  kind: string;
  /** The verb of what was asked for: `change`, `rollback`, `freeze`, … */
  verb: string;
  by: string | null;
  summary: string;
  message: string | null;
  revision: string | null;
  services: string[];
  /** When a freeze ends by itself; null where it does not, and for all else. */
  until: number | null;
  /** How the rollout of its revision ended; null while it goes on, and where none is recorded. */
  outcome: { failed: boolean; endedAt: number | null } | null;
}

export interface ActivityPage {
  happenings: Happening[];
  next: string | null;
}

const text = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);

export function readActivity(sent: Json): ActivityPage {
  const content = (Array.isArray(sent.content) ? sent.content : []) as Json[];
  return {
    happenings: content.flatMap((entry) => {
      const at = instant(entry.at);
      if (at === null) return [];
      const did = (entry.did ?? {}) as Json;
      const services = Array.isArray(entry.services) ? entry.services.map(String) : [];
      return [
        {
          at,
          cluster: String(entry.cluster),
          kind: String(entry.kind),
          verb: String(did.verb ?? ''),
          by: text(entry.by),
          summary:
            text(entry.summary) ??
            ([String(did.verb ?? entry.kind), services.join(', ')].filter(Boolean).join(' ') || 'changed'),
          message: text(entry.message),
          revision: text(entry.revision),
          services,
          until: instant(did.until),
          outcome: readOutcome(entry.outcome),
        },
      ];
    }),
    next: text(sent.next),
  };
}

function readOutcome(sent: unknown): Happening['outcome'] {
  const outcome = sent as Json | null | undefined;
  return outcome ? { failed: outcome.failed === true, endedAt: instant(outcome.ended_at) } : null;
}

/** Newer and older entries as one list, each once, the newest first. */
export function together(some: readonly Happening[], others: readonly Happening[]): Happening[] {
  const byKey = new Map([...others, ...some].map((entry) => [keyOf(entry), entry]));
  return [...byKey.values()].toSorted((a, b) => b.at - a.at);
}

export function keyOf({ at, cluster, kind, summary }: Happening): string {
  return `${at} ${cluster} ${kind} ${summary}`;
}

/** Whether an entry deployed something: neither a refusal nor what only guards changes. */
export function isDeployment({ kind, verb }: Happening): boolean {
  return (kind === 'change' || kind === 'override') && !GUARDS.has(verb);
}

/** The newest deployment of each service, of entries with the newest first. */
export function lastDeployments(happenings: readonly Happening[]): Map<string, Happening> {
  const found = new Map<string, Happening>();
  for (const happening of happenings.filter(isDeployment)) {
    for (const service of happening.services) if (!found.has(service)) found.set(service, happening);
  }
  return found;
}

/** Verbs that deploy nothing. */
const GUARDS = new Set(['freeze', 'thaw', 'release', 'freeze windows']);

/** How a deployment ended, for its tick. */
export function kindOf({ verb, outcome }: Happening): TickKind {
  return outcome?.failed ? 'failed' : verb === 'rollback' ? 'back' : 'succeeded';
}

/** The deployments of each cluster, for its ticks. */
export function deploymentsByCluster(happenings: readonly Happening[]): Map<string, Deployed[]> {
  const byCluster = new Map<string, Deployed[]>();
  for (const happening of happenings.filter(isDeployment)) {
    const { at, cluster } = happening;
    const known = byCluster.get(cluster) ?? [];
    known.push({ at, kind: kindOf(happening) });
    byCluster.set(cluster, known);
  }
  return byCluster;
}
