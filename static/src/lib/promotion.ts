/** What a promotion would take over, read from its dry run: versions by tag and digest, and what does not run well. */

import { parseImage, shortDigest, versionOf } from './images';

type Json = Record<string, unknown>;

export interface Candidate {
  name: string;
  /** The version here now, and the one that would be written; the same text where nothing would change. */
  now: string;
  next: string;
  same: boolean;
  /** Why the source does not run it well; null where it does, or where nothing is known. */
  hindrance: string | null;
}

/** A tag with the start of the digest that it stands for, as far as both are known. */
export function versionWithDigest(image: string, tag: string | null, digest: string | null): string {
  const named = tag ?? parseImage(image).tag;
  if (!digest) return named ?? versionOf(image);
  return named ? `${named} (${shortDigest(digest)})` : shortDigest(digest);
}

/** The services that both clusters have: those that would change first, then those of the same image. */
export function readCandidates(sent: Json, imageHere: (service: string) => string | null): Candidate[] {
  const promoted = Array.isArray(sent.promoted) ? (sent.promoted as Json[]) : [];
  const unchanged = Array.isArray(sent.unchanged) ? sent.unchanged.map(String) : [];
  return [
    ...promoted.map((each) => ({
      name: String(each.service),
      now: versionWithDigest(String(each.before), null, text(each.before_digest)),
      next: versionWithDigest(String(each.image), text(each.tag), text(each.digest)),
      same: false,
      hindrance: text(each.hindrance),
    })),
    ...unchanged.map((name) => ({
      name,
      now: versionOf(imageHere(name)),
      next: versionOf(imageHere(name)),
      same: true,
      hindrance: null,
    })),
  ];
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value ? value : null;
}
