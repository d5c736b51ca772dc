import { expect, it } from 'vitest';
import { deploymentsByCluster, readActivity } from '../src/lib/activity';

const at = '2026-11-29T14:00:00Z';
const entry = (more: object) => ({
  at,
  cluster: 'prod',
  kind: 'change',
  did: { verb: 'change' },
  by: 'ann',
  summary: 'api: image v1 → v2',
  services: ['api'],
  ...more,
});

it('reads what happened, without entries that have no time', () => {
  const { happenings, next } = readActivity({ content: [entry({}), entry({ at: null })], next: 'abc' });
  expect(happenings).toEqual([
    {
      at: Date.parse(at),
      cluster: 'prod',
      kind: 'change',
      verb: 'change',
      by: 'ann',
      summary: 'api: image v1 → v2',
      message: null,
      revision: null,
      services: ['api'],
    },
  ]);
  expect(next).toBe('abc');
});

it('puts what was asked for in the place of a summary', () => {
  expect(readActivity({ content: [entry({ summary: null, did: { verb: 'restart' } })] }).happenings[0]!.summary).toBe(
    'restart api',
  );
});

it('has a tick for each deployment, none for a freeze or a refusal', () => {
  const { happenings } = readActivity({
    content: [
      entry({}),
      entry({ did: { verb: 'rollback' } }),
      entry({ did: { verb: 'freeze' } }),
      entry({ kind: 'refusal' }),
    ],
  });
  expect(
    deploymentsByCluster(happenings)
      .get('prod')!
      .map(({ kind }) => kind),
  ).toEqual(['succeeded', 'back']);
});
