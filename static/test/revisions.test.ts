import { expect, test } from 'vitest';
import { endingFor, readRevisions } from '../src/lib/revisions';

const row = (revision: string, ...did: object[]) => ({ revision, changes: did.map((each) => ({ did: each })) });

test('what a revision is a rollback of', () => {
  const { revisions } = readRevisions({
    content: [
      row('c', { verb: 'rollback', revision: 'a', service: 'web' }),
      row('b', { verb: 'rollback', revision: 'a' }),
      row('a', { verb: 'replace' }),
      { revision: '0' },
    ],
  });
  expect(revisions.map((r) => r.rollback)).toEqual([
    { to: 'a', service: 'web' },
    { to: 'a', service: null },
    null,
    null,
  ]);
  expect(revisions[0]!.services).toEqual(['web']);
});

test('which entry took the cluster away', () => {
  const { revisions } = readRevisions({
    content: [{ revision: 'c', removed: true }, { revision: 'b', removed: false }, { revision: 'a' }],
  });
  expect(revisions.map((r) => r.removed)).toEqual([true, false, false]);
});

test('a change of several services names them all', () => {
  const row = (did: object) => ({ revision: 'r', changes: [{ did }] });
  const { revisions } = readRevisions({
    content: [
      row({ verb: 'change', services: ['api', 'web'] }),
      row({ verb: 'restart', service: 'api' }),
      row({ verb: 'change', count: 40 }),
    ],
  });
  expect(revisions.map((r) => r.services)).toEqual([['api', 'web'], ['api'], []]);
});

const ended = (ending: string, services: string[], failed: string[]) =>
  readRevisions({
    content: [
      {
        revision: 'r',
        changes: [{ did: { services } }],
        rollout: { percent: 100, verdict: { ending, reason: '', failed: failed.length > 0 }, failed },
      },
    ],
  }).revisions[0]!;

test.each([
  [ended('rolled-back', ['web'], ['web']), 'rolled-back'],
  [ended('rolled-back', ['web', 'api'], ['api']), undefined],
  [ended('rolled-back', ['web', 'api'], ['api', 'web']), 'rolled-back'],
  [ended('superseded', ['web', 'api'], []), undefined],
  [ended('superseded', ['web'], []), 'superseded'],
  [ended('succeeded', ['web', 'api'], []), 'succeeded'],
])('the ending of one service of a revision, case %#', (revision, ending) =>
  expect(endingFor(revision, 'web')?.ending).toBe(ending),
);

test('what is not known of a rollout, and what is not over', () => {
  const [unknown, open] = readRevisions({
    content: [
      { revision: 'a', rollout: null },
      { revision: 'b', rollout: { percent: 40, verdict: null, failed: [] } },
    ],
  }).revisions;
  expect(unknown!.rollout).toBeNull();
  expect(open!.rollout).toEqual({ percent: 40, verdict: null, failed: [] });
  expect(endingFor(open!, 'web')).toBeNull();
});

test('a revision that changed guards alone has nothing to go back to', () => {
  const { revisions } = readRevisions({
    content: [
      row('d', { verb: 'freeze' }),
      row('c', { verb: 'thaw' }, { verb: 'release', service: 'web' }),
      row('b', { verb: 'thaw' }, { verb: 'set', service: 'web' }),
      { revision: 'a' },
    ],
  });
  expect(revisions.map((r) => r.guardsOnly)).toEqual([true, true, false, false]);
});
