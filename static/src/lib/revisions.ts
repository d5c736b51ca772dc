/** The history of a cluster, as `GET …/revisions` gives it. */

import type { Json } from './model';
import { instant } from './time';

export interface Revision {
  id: string;
  at: number | null;
  by: string | null;
  message: string | null;
  source: string | null;
  summary: string | null;
  /** The services that it changes, where the server says so. */
  services: string[];
  deleted: boolean;
}

export interface RevisionPage { revisions: Revision[]; next: string | null; note: string | null }

const text = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter((v): v is Json => typeof v === 'object' && v !== null) : []);

export function readRevisions(sent: Json): RevisionPage {
  const revisions = objects(sent.content ?? sent.revisions).map((each) => {
    const rows = [...objects(each.services), ...objects(each.changes)];
    return {
      id: text(each.revision) ?? text(each.id) ?? '',
      at: instant(each.changed_at ?? each.at ?? each.stored_at),
      by: text(each.by),
      message: text(each.message),
      source: text(each.source),
      summary: text(each.summary) ?? text(each.what),
      services: [...new Set([...rows.map((r) => text(r.service) ?? text(r.name) ?? ''), ...(Array.isArray(each.services) ? each.services.filter((s): s is string => typeof s === 'string') : [])].filter(Boolean))],
      deleted: each.deleted === true,
    };
  });
  return { revisions: revisions.filter((r) => r.id), next: text(sent.next) ?? text(sent.next_page) ?? text(sent.cursor), note: text(sent.note) ?? text(sent.message) };
}
