/** The versions matrix: which version of each service each cluster has, and how far behind the newest it is. */

import { isInEcr, parseImage, shortDigest } from './images';
import type { Json, Service } from './model';
import { sameFields } from './stable';
import { instant } from './time';

/** What the versions matrix needs of a service: the image that runs, or will, and the one that is wanted. */
export interface Placed {
  service: string;
  image: string;
  wanted: string | null;
}

/** What ECR has of an image. */
export interface Push {
  digest: string | null;
  tags: readonly string[];
  at: number | null;
}

/** By reference to an image, as far as they were read. */
export type Pushes = ReadonlyMap<string, Push>;

export interface Version {
  /** The tag, also of an image that is pinned by its digest. */
  name: string;
  image: string;
  /** Equal for equal images: the digest where ECR has the image, else the reference. */
  key: string;
  pushedAt: number | null;
  /** False until it is known what ECR has of the image: it may be equal to one with another reference. */
  resolved: boolean;
  /** The tag that is rolled out over it; null where the deployed version is the desired one. */
  next: string | null;
}

/** The versions of the services of one cluster. */
export type ClusterVersions = ReadonlyMap<string, Version>;
export type VersionTable = ReadonlyMap<string, ClusterVersions>;

export interface Cell {
  version: Version;
  /** Milliseconds between its push and that of the newest; 0 for the newest, null where a push is unknown. */
  behind: number | null;
}

export interface MatrixRow {
  service: string;
  /** By cluster; a cluster without the service has none. */
  cells: ReadonlyMap<string, Cell>;
  /** The clusters with the newest version. */
  newest: readonly string[];
  /** Whether not all clusters have the same image. */
  differs: boolean;
  behind: number;
}

const text = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);

/** The managed services of a cluster that have an image. */
export function placed(services: readonly Service[]): Placed[] {
  return services.flatMap(({ name, sync, image: wanted, deployedImage }) => {
    const image = deployedImage ?? wanted;
    return image === null || sync === 'unmanaged' ? [] : [{ service: name, image, wanted }];
  });
}

export function samePlaces(a: readonly Placed[], b: readonly Placed[]): boolean {
  return a.length === b.length && a.every((each, i) => sameFields(each, b[i]!));
}

/** An answer of `GET /versions?pushes=true`, by image. */
export function readPushes(sent: Json): Map<string, Push> {
  const [pushes, unanswered] = [new Map<string, Push>(), readUnanswered(sent)];
  for (const row of Array.isArray(sent.content) ? (sent.content as Json[]) : []) {
    for (const cell of Object.values((row.clusters ?? {}) as Record<string, Json>)) {
      const image = text(cell.deployed_image) ?? text(cell.image);
      const tags = Array.isArray(cell.tags) ? cell.tags.map(String) : [];
      if (image !== null && !unanswered.has(image))
        pushes.set(image, { digest: text(cell.digest), tags, at: instant(cell.pushed_at) });
    }
  }
  return pushes;
}

/** What an answer has at most, unless one cluster has more: the page and the server stay responsive. */
const MOST_CELLS = 800;
const MOST_CLUSTERS = 50;

/** The images of an answer whose push ECR did not state in time. */
export function readUnanswered(sent: Json): ReadonlySet<string> {
  return new Set(Array.isArray(sent.unanswered) ? sent.unanswered.map(String) : []);
}

/** The clusters of each request; `services` counts those of a cluster. */
export function requestsFor(clusters: readonly string[], services: (cluster: string) => number): string[][] {
  const requests: string[][] = [];
  let cells = 0;
  for (const cluster of clusters) {
    const last = requests.at(-1);
    cells += services(cluster);
    if (last && cells <= MOST_CELLS && last.length < MOST_CLUSTERS) last.push(cluster);
    else {
      requests.push([cluster]);
      cells = services(cluster);
    }
  }
  return requests;
}

export function versionsOf(places: readonly Placed[], pushes: Pushes): ClusterVersions {
  return new Map(places.map((place) => [place.service, versionOf(place, pushes)]));
}

function versionOf({ image, wanted }: Placed, pushes: Pushes): Version {
  const push = pushes.get(image);
  const { tag, digest } = parseImage(image);
  return {
    name:
      (tag === 'latest' ? null : tag) ?? telling(push?.tags ?? []) ?? tag ?? (digest ? shortDigest(digest) : 'latest'),
    image,
    key: push?.digest ?? digest ?? image,
    pushedAt: push?.at ?? null,
    resolved: push !== undefined || !isInEcr(image),
    next: wanted !== null && wanted !== image ? parseImage(wanted).tag : null,
  };
}

/** The tag that tells most: one with a number, before one that moves as `latest`. */
function telling(tags: readonly string[]): string | null {
  return tags.find((tag) => /^v?\d+\./.test(tag)) ?? tags.find((tag) => tag !== 'latest') ?? tags[0] ?? null;
}

export function matrix(table: VersionTable): MatrixRow[] {
  const found = new Map<string, [cluster: string, version: Version][]>();
  for (const [cluster, services] of table) {
    for (const [service, version] of services) {
      const versions = found.get(service);
      if (versions) versions.push([cluster, version]);
      else found.set(service, [[cluster, version]]);
    }
  }
  return [...found.keys()].toSorted().map((service) => matrixRow(service, found.get(service)!));
}

function matrixRow(service: string, versions: readonly (readonly [cluster: string, version: Version])[]): MatrixRow {
  let newest: Version | null = null;
  for (const [, version] of versions) {
    if (version.pushedAt !== null && version.pushedAt > (newest?.pushedAt ?? -Infinity)) newest = version;
  }
  const cells = new Map(versions.map(([cluster, version]) => [cluster, { version, behind: behind(version, newest) }]));
  return {
    service,
    cells,
    newest: [...cells].filter(([, cell]) => cell.behind === 0).map(([cluster]) => cluster),
    differs: new Set(versions.map(([, version]) => version.key)).size > 1,
    behind: Math.max(0, ...[...cells.values()].map((cell) => cell.behind ?? 0)),
  };
}

function behind(version: Version, newest: Version | null): number | null {
  if (newest !== null && version.key === newest.key) return 0;
  return newest === null || version.pushedAt === null ? null : newest.pushedAt! - version.pushedAt;
}

/** Whether the cell has another image than the newest. */
export function isBehind({ behind: milliseconds }: Cell): boolean {
  return milliseconds !== null && milliseconds > 0;
}

/** `13 days behind`; an image whose push is unknown only differs. */
export function behindInWords({ behind: milliseconds }: Cell): string {
  if (milliseconds === null) return 'push unknown';
  const hours = Math.floor(milliseconds / 3_600_000);
  if (hours < 1) return 'under 1 hour behind';
  if (hours < 48) return `${hours} ${hours === 1 ? 'hour' : 'hours'} behind`;
  return `${Math.floor(hours / 24)} days behind`;
}

/** How many services of each cluster are behind. */
export function behindByCluster(rows: readonly MatrixRow[]): ReadonlyMap<string, number> {
  const behind = new Map<string, number>();
  for (const row of rows) {
    for (const [cluster, cell] of row.cells) if (isBehind(cell)) behind.set(cluster, (behind.get(cluster) ?? 0) + 1);
  }
  return behind;
}

/** The clusters, the ones with the largest share of newest versions first, then those with most services. */
export function columnOrder(rows: readonly MatrixRow[], clusters: readonly string[]): string[] {
  // Only services that other clusters have, too, can be compared.
  const shared = rows.filter((row) => row.cells.size > 1);
  const compared = new Map<string, number>();
  for (const row of shared)
    for (const cluster of row.cells.keys()) compared.set(cluster, (compared.get(cluster) ?? 0) + 1);
  const behind = behindByCluster(shared);
  const share = (cluster: string) => (compared.has(cluster) ? (behind.get(cluster) ?? 0) / compared.get(cluster)! : 1);
  return clusters.toSorted(
    (a, b) => share(a) - share(b) || (compared.get(b) ?? 0) - (compared.get(a) ?? 0) || (a < b ? -1 : 1),
  );
}

export function rowOrder(rows: readonly MatrixRow[], by: string): string[] {
  const urgency = (a: MatrixRow, b: MatrixRow) => Number(b.differs) - Number(a.differs) || b.behind - a.behind;
  return (by === 'name' ? rows : rows.toSorted(urgency)).map((row) => row.service);
}

/** The cluster to promote a service from: the first of `clusters` with the newest version that runs it well, else any. */
export function sourceFor(
  row: MatrixRow,
  clusters: readonly string[],
  runsWell: (cluster: string) => boolean,
): string | null {
  const shown = clusters.filter((cluster) => row.newest.includes(cluster));
  const candidates = shown.length ? shown : row.newest;
  return candidates.find(runsWell) ?? candidates[0] ?? null;
}

/** The visible part of a long list of equal items: from the first to before the last, with some around it. */
export function windowOf(offset: number, size: number, item: number, count: number, around = 4): [number, number] {
  const first = Math.max(0, Math.floor(offset / item) - around);
  return [Math.min(first, count), Math.min(count, Math.ceil((offset + size) / item) + around)];
}
