/** The tags of a repository, grouped by image: several tags of one digest are one version. */

import { names } from './images';
import { instant } from './time';

export interface SentTag {
  tag: string;
  pushed_at: string;
  digest?: string;
  quarantined?: boolean;
}

export interface Version {
  tag: string;
  /** Other tags of the same digest. */
  also: string[];
  digest: string | null;
  pushedAt: number | null;
  /** Blocked after a rollback: a deployment is refused. */
  blocked: boolean;
}

/** How well a tag names a version: one that moves from image to image does not, a commit's hash does so for machines. */
function rank(tag: string): number {
  if (/^(latest|main|master|stable|edge|dev|prod)$/i.test(tag)) return 0;
  return /^[0-9a-f]{7,40}$/.test(tag) ? 1 : 2;
}

/** The versions, newest first as the tags come. */
export function versionsOf(tags: readonly SentTag[]): Version[] {
  const versions: Version[] = [];
  const known = new Map<string, Version>();
  for (const { tag, digest = null, pushed_at, quarantined } of tags) {
    const same = digest === null ? undefined : known.get(digest);
    if (same) {
      add(same, tag);
      same.blocked ||= quarantined === true;
      continue;
    }
    const version = { tag, also: [], digest, pushedAt: instant(pushed_at), blocked: quarantined === true };
    if (digest) known.set(digest, version);
    versions.push(version);
  }
  return versions;
}

/** The tag that names the version best comes first. */
function add(version: Version, tag: string): void {
  if (rank(tag) > rank(version.tag)) {
    version.also.unshift(version.tag);
    version.tag = tag;
  } else version.also.push(tag);
}

/** Whether an image reference names the version. */
export function isVersion(reference: string | null, { tag, also, digest }: Version): boolean {
  return [tag, ...also].some((name) => names(reference, { tag: name, ...(digest ? { digest } : {}) }));
}

/** The version to propose: the newest that is neither desired already nor blocked. */
export function proposed(versions: readonly Version[], desired: string | null): Version | null {
  return versions.find((version) => !version.blocked && !isVersion(desired, version)) ?? null;
}

export function isFound({ tag, also, digest }: Version, query: string): boolean {
  const text = [tag, ...also, digest ?? ''].join(' ').toLowerCase();
  return text.includes(query.trim().toLowerCase());
}
