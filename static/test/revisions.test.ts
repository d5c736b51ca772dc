import { expect, test } from 'vitest';
import { readRevisions } from '../src/lib/revisions';

const row = (revision: string, ...did: object[]) => ({ revision, changes: did.map((each) => ({ did: each })) });

test('what a revision is a rollback of', () => {
  const { revisions } = readRevisions({
    content: [row('c', { verb: 'rollback', revision: 'a', service: 'web' }), row('b', { verb: 'rollback', revision: 'a' }), row('a', { verb: 'replace' }), { revision: '0' }],
  });
  expect(revisions.map((r) => r.rollback)).toEqual([{ to: 'a', service: 'web' }, { to: 'a', service: null }, null, null]);
  expect(revisions[0]!.services).toEqual(['web']);
});

test('which entry took the cluster away', () => {
  const { revisions } = readRevisions({ content: [{ revision: 'c', removed: true }, { revision: 'b', removed: false }, { revision: 'a' }] });
  expect(revisions.map((r) => r.removed)).toEqual([true, false, false]);
});

test('a change of several services names them all', () => {
  const row = (did: object) => ({ revision: 'r', changes: [{ did }] });
  const { revisions } = readRevisions({ content: [row({ verb: 'change', services: ['api', 'web'] }), row({ verb: 'restart', service: 'api' }), row({ verb: 'change', count: 40 })] });
  expect(revisions.map((r) => r.services)).toEqual([['api', 'web'], ['api'], []]);
});
