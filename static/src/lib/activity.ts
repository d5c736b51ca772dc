/** What happened in all clusters, as `GET /activity` answers: changes, overrides, refusals and deletions. */

import type { Json } from './model';
import type { Deployed } from './ticks';
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
        },
      ];
    }),
    next: text(sent.next),
  };
}

/** Verbs that deploy nothing. */
const GUARDS = new Set(['freeze', 'thaw', 'release']);

/** The deployments of each cluster, for its ticks. */
export function deploymentsByCluster(happenings: readonly Happening[]): Map<string, Deployed[]> {
  const byCluster = new Map<string, Deployed[]>();
  for (const { at, cluster, kind, verb } of happenings) {
    if ((kind !== 'change' && kind !== 'override') || GUARDS.has(verb)) continue;
    const known = byCluster.get(cluster) ?? [];
    known.push({ at, kind: verb === 'rollback' ? 'back' : 'succeeded' });
    byCluster.set(cluster, known);
  }
  return byCluster;
}
