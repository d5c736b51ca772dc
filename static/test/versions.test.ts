import { describe, expect, test } from 'vitest';
import { readService } from '../src/lib/model';
import {
  behindByCluster,
  behindInWords,
  columnOrder,
  matrix,
  placed,
  readPushes,
  readUnanswered,
  requestsFor,
  rowOrder,
  samePlaces,
  sourceFor,
  versionsOf,
  windowOf,
} from '../src/lib/versions';

const REPOSITORY = '123456789012.dkr.ecr.us-east-1.amazonaws.com/web';

function cell(tag: string, digest: string, pushed: string, more: object = {}) {
  const image = `${REPOSITORY}:${tag}`;
  return {
    image,
    image_tag: tag,
    deployed_image: image,
    deployed_image_tag: tag,
    digest,
    tags: [tag],
    pushed_at: pushed,
    ...more,
  };
}

const OLD = cell('v1.0', 'sha256:1', '2030-04-02T00:00:00Z');
const NEW = cell('v1.1', 'sha256:2', '2030-04-15T00:00:00Z');

/** The matrix of clusters by what the live channel and the API have of their services; `pushes` are read unless left out. */
function matrixOf(clusters: Record<string, Record<string, object>>, pushed = true) {
  const content = Object.entries(clusters).flatMap(([cluster, services]) =>
    Object.entries(services).map(([service, cell]) => ({ service, clusters: { [cluster]: cell } })),
  );
  const pushes = pushed ? readPushes({ content }) : new Map();
  const services = (cluster: string) =>
    Object.entries(clusters[cluster]!).map(([name, cell]) => {
      const { image, deployed_image } = cell as Record<string, unknown>;
      return readService(cluster, name, { image, deployed: { image: deployed_image } });
    });
  return matrix(new Map(Object.keys(clusters).map((name) => [name, versionsOf(placed(services(name)), pushes)])));
}

function rowsOf(clusters: Record<string, object>, pushed = true) {
  return matrixOf(Object.fromEntries(Object.entries(clusters).map(([name, web]) => [name, { web }])), pushed);
}

describe('a version', () => {
  test('is the tag that it was deployed by', () => {
    const [row] = rowsOf({ prod: OLD });
    expect(row!.cells.get('prod')!.version).toMatchObject({ name: 'v1.0', key: 'sha256:1', next: null });
  });

  test('of an image that is pinned by its digest is the tag of that digest', () => {
    const image = `${REPOSITORY}@sha256:2`;
    const pinned = { ...NEW, image, image_tag: null, deployed_image: image, tags: ['latest', 'v1.1'] };
    const [row] = rowsOf({ staging: NEW, prod: pinned });
    expect(row!.cells.get('prod')!.version.name).toBe('v1.1');
    expect(row!.differs).toBe(false);
  });

  test('that moves as latest is shown by its other tag', () => {
    const latest = cell('latest', 'sha256:2', '2030-04-15T00:00:00Z', { tags: ['latest', 'v1.1'] });
    expect(rowsOf({ prod: latest })[0]!.cells.get('prod')!.version.name).toBe('v1.1');
  });

  test('outside ECR is compared by its reference', () => {
    const plain = (image: string) => ({ image, deployed_image: image, pushed_at: null, digest: null, tags: null });
    const [row] = rowsOf({ staging: plain('nginx:2'), prod: plain('nginx:1') });
    expect(row).toMatchObject({ differs: true, behind: 0 });
    expect(row!.cells.get('prod')!).toMatchObject({ behind: null, version: { resolved: true } });
  });

  test('in ECR is compared by its reference until its push is read', () => {
    const [row] = rowsOf({ staging: NEW, prod: OLD }, false);
    expect(row!.differs).toBe(true);
    expect(row!.cells.get('prod')!).toMatchObject({ behind: null, version: { name: 'v1.0', resolved: false } });
  });

  test('names what is rolled out over it', () => {
    const rolling = { ...OLD, image: NEW.image, image_tag: 'v1.1' };
    expect(rowsOf({ prod: rolling })[0]!.cells.get('prod')!.version).toMatchObject({ name: 'v1.0', next: 'v1.1' });
  });
});

test('services that are not managed, or have no image, have no version', () => {
  const unmanaged = readService('prod', 'web', { managed: false, deployed: { image: 'nginx:1' } });
  expect(placed([unmanaged, readService('prod', 'api', {})])).toEqual([]);
});

test('the places of a cluster are the same while its images are', () => {
  const of = (image: string, running: number) =>
    placed([readService('prod', 'web', { image, deployed: { image, running } })]);
  expect(samePlaces(of('nginx:1', 1), of('nginx:1', 2))).toBe(true);
  expect(samePlaces(of('nginx:1', 1), of('nginx:2', 1))).toBe(false);
  expect(samePlaces(of('nginx:1', 1), [])).toBe(false);
});

test('an older push is behind the newest', () => {
  const [row] = rowsOf({ staging: NEW, prod: OLD });
  expect(row!.newest).toEqual(['staging']);
  expect(behindInWords(row!.cells.get('prod')!)).toBe('13 days behind');
  expect(row!.cells.get('staging')!.behind).toBe(0);
});

test('the age is in days, hours, or less than an hour', () => {
  const words = (hours: number) => behindInWords({ version: {} as never, behind: hours * 3_600_000 });
  expect([words(0.5), words(1), words(47), words(48)]).toEqual([
    'under 1 hour behind',
    '1 hour behind',
    '47 hours behind',
    '2 days behind',
  ]);
});

test('rows that differ come first, and the clusters with the newest versions', () => {
  const rows = matrixOf({ prod: { api: NEW, web: OLD }, staging: { api: NEW, web: NEW } });
  expect(rowOrder(rows, '')).toEqual(['web', 'api']);
  expect(rowOrder(rows, 'name')).toEqual(['api', 'web']);
  expect(columnOrder(rows, ['prod', 'staging'])).toEqual(['staging', 'prod']);
});

test('a promotion comes from a cluster that runs the newest version well', () => {
  const [row] = rowsOf({ qa: NEW, staging: NEW, prod: OLD });
  expect(sourceFor(row!, ['qa', 'staging'], (name) => name === 'staging')).toBe('staging');
  expect(sourceFor(row!, ['qa', 'staging'], () => false)).toBe('qa');
  expect(sourceFor(row!, ['staging', 'prod'], () => true)).toBe('staging');
  expect(sourceFor(row!, ['prod'], () => true)).toBe('qa');
});

test('the window of a list is what is in sight and some around it', () => {
  expect(windowOf(0, 100, 10, 1000, 2)).toEqual([0, 12]);
  expect(windowOf(5000, 100, 10, 1000, 2)).toEqual([498, 512]);
  expect(windowOf(9950, 100, 10, 1000, 2)).toEqual([993, 1000]);
});

describe('the requests for the versions', () => {
  const clusters = Array.from({ length: 120 }, (_, n) => `cluster-${n}`);

  test('are few where the clusters are small', () => {
    const requests = requestsFor(clusters, () => 10);
    expect(requests.map((names) => names.length)).toEqual([50, 50, 20]);
    expect(requests.flat()).toEqual(clusters);
  });

  test('have at most 800 cells', () => {
    expect(requestsFor(clusters.slice(0, 5), () => 400)).toEqual([
      ['cluster-0', 'cluster-1'],
      ['cluster-2', 'cluster-3'],
      ['cluster-4'],
    ]);
  });

  test('have a cluster with more services to themselves', () => {
    const services = (name: string) => (name === 'cluster-1' ? 1000 : 1);
    expect(requestsFor(clusters.slice(0, 4), services)).toEqual([
      ['cluster-0'],
      ['cluster-1'],
      ['cluster-2', 'cluster-3'],
    ]);
  });

  test('are none for no clusters', () => expect(requestsFor([], () => 1)).toEqual([]));
});

test('the services that are behind are counted by cluster', () => {
  expect(behindByCluster(rowsOf({ prod: OLD, staging: NEW }))).toEqual(new Map([['prod', 1]]));
});

test('an image that ECR did not answer about keeps what is known of it', () => {
  const silent = { ...OLD, digest: null, tags: null, pushed_at: null };
  const sent = { content: [{ service: 'web', clusters: { prod: silent, test: NEW } }], unanswered: [OLD.image] };
  expect([...readPushes(sent).keys()]).toEqual([NEW.image]);
  expect([...readUnanswered(sent)]).toEqual([OLD.image]);
});
