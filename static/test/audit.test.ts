import { expect, test } from 'vitest';
import { mentions, place, readAudit, renewed } from '../src/lib/audit';
import { readHeld } from '../src/lib/quarantine';

const REFUSAL = {
  kind: 'refusal',
  at: '2030-01-01T00:00:00Z',
  by: 'jo',
  source: '10.0.0.1 curl',
  message: null,
  did: { verb: 'change', service: 'api', image_tag: 'v2' },
  error: 'frozen',
  reason: 'staging is frozen by maria',
  count: 3,
};
const CHANGE = {
  kind: 'override',
  at: '2030-01-01T00:00:00Z',
  by: 'maria',
  source: 'x',
  message: 'sale',
  did: { verb: 'change' },
  revision: 'r1',
  summary: 'api: image 1 → 2',
  override: 'it is the sale',
};

test('what was done, and what was only tried', () => {
  const { entries, next } = readAudit({ content: [REFUSAL, CHANGE, { kind: 'deletion', at: null }], next: 'c' });
  expect(next).toBe('c');
  expect(entries[0]).toMatchObject({
    kind: 'refusal',
    what: 'change api: image_tag v2',
    reason: 'staging is frozen by maria',
    count: 3,
    revision: null,
  });
  expect(entries[1]).toMatchObject({
    kind: 'override',
    what: 'api: image 1 → 2',
    override: 'it is the sale',
    revision: 'r1',
    count: 1,
  });
  expect(entries[2]).toMatchObject({ kind: 'deletion', by: null, at: null });
  expect(readAudit({})).toEqual({ entries: [], next: null });
});

test.each([
  [{ verb: 'change', services: ['a', 'b'] }, 'change a, b'],
  [{ verb: 'change', count: 40 }, 'change 40 services'],
  [{ verb: 'promote', from: 'staging' }, 'promote: from staging'],
  [{ verb: 'restart', service: 'api' }, 'restart api'],
  [{ verb: 'juggle' }, 'juggle'],
  [{}, 'something'],
])('%j in words', (did, words) => expect(readAudit({ content: [{ ...REFUSAL, did }] }).entries[0]!.what).toBe(words));

test('a filter looks into everything that is shown', () => {
  const { entries } = readAudit({ content: [REFUSAL] });
  expect(mentions(entries[0]!, ['jo', 'v2'])).toBe(true);
  expect(mentions(entries[0]!, ['curl'])).toBe(true);
  expect(mentions(entries[0]!, ['jo', 'v3'])).toBe(false);
});

test.each([
  ['10.0.0.1 Mozilla/5.0 (X11; Linux) Chrome/1', '10.0.0.1, in a browser'],
  ['10.0.0.1 curl/8', '10.0.0.1 curl/8'],
  ['external', 'external'],
  ['', ''],
])('%s is shown as %s', (source, shown) => expect(place(source)).toBe(shown));

test('images that are held', () => {
  expect(
    readHeld({ content: [{ service: 'api', image: 'a:1', by: 'jo', at: '2030-01-01T00:00:00Z', reason: 'slow' }] }),
  ).toEqual([{ service: 'api', image: 'a:1', by: 'jo', at: Date.UTC(2030, 0, 1), reason: 'slow' }]);
  expect(readHeld({})).toEqual([]);
});

const page = (numbers: number[], next: string | null) =>
  readAudit({ content: numbers.map((n) => ({ ...REFUSAL, at: n })), next });
const times = ({ entries }: { entries: readonly { at: number | null }[] }) => entries.map((e) => e.at! / 1000);

test('a newer first page leaves the older ones where they are', () => {
  const known = page([9, 8, 7, 6, 5, 4], 'after 4');
  const now = renewed(known, page([10, 9, 8], 'after 8'));
  expect(times(now)).toEqual([10, 9, 8, 7, 6, 5, 4]);
  expect(now.next).toBe('after 4');
});

test('where the two do not meet there is a gap, and the list starts from scratch', () => {
  const newest = page([30, 29], 'after 29');
  expect(renewed(page([9, 8], null), newest)).toBe(newest);
  expect(renewed({ entries: [], next: null }, newest)).toBe(newest);
});

test('a first page that is all there is is all that is known', () => {
  const newest = page([2, 1], null);
  expect(renewed(page([1], null), newest)).toBe(newest);
});
