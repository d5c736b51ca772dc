/** The history of a cluster, as `GET …/revisions` gives it. */

import type { Json } from './model';
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
}

export interface RevisionPage { revisions: Revision[]; next: string | null; note: string | null }

const text = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter((v): v is Json => typeof v === 'object' && v !== null) : []);

export function readRevisions(sent: Json): RevisionPage {
  const revisions = objects(sent.content).map((each) => ({
    id: text(each.revision) ?? '',
    at: instant(each.changed_at),
    by: text(each.by),
    message: text(each.message),
    source: text(each.source),
    summary: text(each.summary),
    services: [...new Set(objects(each.changes).map((c) => text((c.did as Json | undefined)?.service) ?? '').filter(Boolean))],
    deleted: each.deleted === true,
  }));
  return { revisions: revisions.filter((r) => r.id), next: text(sent.next), note: text(sent.message) };
}
