import { expect, test } from 'vitest';
import { dotOf, endingFor, readRevisions, ticked, timeline } from '../src/lib/revisions';

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

const at = (day: number) => `2030-04-${String(day).padStart(2, '0')}T10:00:00Z`;
const change = (revision: string, day: number, did: object = { verb: 'change' }, more: object = {}) => ({
  revision,
  changed_at: at(day),
  by: 'maria',
  message: 'sale',
  changes: [{ did }],
  ...more,
});
const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

test('the line of time has a heading for each day, and a freeze as a band until its end', () => {
  const { revisions } = readRevisions({
    content: [
      change('e', 9),
      change('d', 8, { verb: 'thaw' }),
      change('c', 6, { verb: 'freeze' }),
      change('b', 6),
      change('a', 6),
    ],
  });
  const items = timeline(revisions, () => true, dayOf);
  expect(items.map((item) => item.kind)).toEqual(['day', 'revision', 'freeze', 'day', 'revision', 'revision']);
  expect(items[2]).toMatchObject({
    frozen: { since: Date.parse(at(6)), until: Date.parse(at(8)), by: 'maria', reason: 'sale' },
  });
  expect(items[4]).toMatchObject({ revision: { id: 'b' }, before: { id: 'a' } });
});

test('a freeze ends at its set time, and one that goes on has no end', () => {
  const frozen = (did: object) =>
    timeline(readRevisions({ content: [change('a', 6, did)] }).revisions, () => true, dayOf)[0];
  expect(frozen({ verb: 'freeze', until: at(9) })).toMatchObject({ frozen: { until: Date.parse(at(9)) } });
  expect(frozen({ verb: 'freeze' })).toMatchObject({ frozen: { until: null } });
  // Its freeze is on an older page.
  expect(frozen({ verb: 'thaw' })).toMatchObject({ frozen: { since: null, until: Date.parse(at(6)) } });
});

test('a filter leaves out revisions and the days without any', () => {
  const { revisions } = readRevisions({ content: [change('b', 9), change('a', 6)] });
  const items = timeline(revisions, (revision) => revision.id === 'a', dayOf);
  expect(items.map((item) => item.kind)).toEqual(['day', 'revision']);
});

test.each([
  [{ rollout: { percent: 0, verdict: { ending: 'rolled-back', failed: true }, failed: ['web'] } }, 'failed'],
  [{ changes: [{ did: { verb: 'rollback', revision: 'z' } }] }, 'back'],
  [{ rollout: { percent: 40, verdict: null, failed: [] } }, 'rolling'],
  [{ rollout: { percent: 100, verdict: null, failed: [] } }, 'deployed'],
  [{ removed: true }, 'removed'],
  [{ changes: [{ did: { verb: 'release' } }] }, 'none'],
])('the dot of a revision, case %#', (more, dot) =>
  expect(dotOf(readRevisions({ content: [change('a', 6, { verb: 'change' }, more)] }).revisions[0]!)).toBe(dot),
);

test('two are ticked at most', () => {
  expect(ticked(['a'], 'b')).toEqual(['a', 'b']);
  expect(ticked(['a', 'b'], 'c')).toEqual(['b', 'c']);
  expect(ticked(['a', 'b'], 'a')).toEqual(['b']);
});
