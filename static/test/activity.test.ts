import { expect, it } from 'vitest';
import { deploymentsByCluster, lastDeployments, readActivity, together } from '../src/lib/activity';

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
      until: null,
      outcome: null,
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
      entry({ outcome: { failed: true, ended_at: at } }),
    ],
  });
  expect(
    deploymentsByCluster(happenings)
      .get('prod')!
      .map(({ kind }) => kind),
  ).toEqual(['succeeded', 'back', 'failed']);
});

it('has the newest deployment of each service', () => {
  const { happenings } = readActivity({
    content: [
      entry({ by: 'hal', did: { verb: 'freeze' } }),
      entry({ by: 'bob', services: ['web', 'api'] }),
      entry({ by: 'ann' }),
      entry({ by: 'cleo', services: ['web', 'jobs'], kind: 'override' }),
    ],
  });
  expect([...lastDeployments(happenings)].map(([service, { by }]) => `${service} ${by}`)).toEqual([
    'web bob',
    'api bob',
    'jobs cleo',
  ]);
});

it('joins pages without doubles, the newest first, with the later state of an entry', () => {
  const older = readActivity({ content: [entry({}), entry({ at: '2026-11-28T14:00:00Z' })] }).happenings;
  const newer = readActivity({
    content: [entry({ at: '2026-11-30T14:00:00Z' }), entry({ outcome: { failed: false, ended_at: at } })],
  }).happenings;
  const joined = together(newer, older);
  expect(joined.map((each) => new Date(each.at).getUTCDate())).toEqual([30, 29, 28]);
  expect(joined[1]!.outcome).toEqual({ failed: false, endedAt: Date.parse(at) });
});
