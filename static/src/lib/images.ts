/** An image reference, taken apart as Docker does it: a port's colon is not a tag's. */
export interface Image {
  repository: string;
  tag: string | null;
  digest: string | null;
}

export function parseImage(reference: string): Image {
  const [named = '', digest = null] = reference.split('@', 2) as [string, string?];
  const slash = named.lastIndexOf('/');
  const colon = named.indexOf(':', slash + 1);
  if (colon < 0) return { repository: named, tag: null, digest };
  return { repository: named.slice(0, colon), tag: named.slice(colon + 1), digest };
}

/** What tells one version of a service from another: its tag, else the start of its digest. */
export function versionOf(reference: string | null): string {
  if (!reference) return '–';
  const { tag, digest } = parseImage(reference);
  return tag ?? (digest ? shortDigest(digest) : 'latest');
}

export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/** Whether a reference names a registry of ECR. https://docs.aws.amazon.com/general/latest/gr/ecr.html */
export function isInEcr(reference: string): boolean {
  return /^\d{12}\.dkr[.-]ecr[.-]/.test(reference);
}

export function repositoryName(reference: string): string {
  const { repository } = parseImage(reference);
  const host = repository.split('/')[0] ?? '';
  return /[.:]/.test(host) ? repository.slice(host.length + 1) : repository;
}

interface Tagged {
  tag: string;
  digest?: string;
}

/** Whether a reference names a tag of its repository: by its digest where it has one, else by the tag. */
export function names(reference: string | null, tagged: Tagged): boolean {
  if (!reference) return false;
  const { tag, digest } = parseImage(reference);
  return digest ? digest === tagged.digest : (tag ?? 'latest') === tagged.tag;
}

/** The digest of a reference, its own or that of its tag, as far as the tags show it. */
export function digestAmong(reference: string | null, tags: readonly Tagged[]): string | null {
  return parseImage(reference ?? '').digest ?? tags.find((each) => names(reference, each))?.digest ?? null;
}
