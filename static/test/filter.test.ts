import { expect, test } from 'vitest';
import { fuzzy, inChip, isShown, keptOrder, moved, sorted, topFirst, wordsOf } from '../src/lib/filter';
import { readService } from '../src/lib/model';

const service = (name: string, more: Record<string, unknown> = {}) =>
  readService('c', name, {
    image: `h/${name}:v1`,
    desired_count: 1,
    sync: 'in-sync',
    health: 'healthy',
    deployed: { running: 1 },
    ...more,
  });
const services = [
  service('web-10'),
  service('web-2', { state: 'failed' }),
  service('api', { state: 'rolling-out', sync: 'rolling-out', desired_count: 4, image: 'h/api:v9' }),
];

test.each([
  ['', 3],
  ['WEB', 2],
  ['web 10', 1],
  ['v9', 1],
  ['nothing', 0],
])('filter %j', (filter, found) => expect(services.filter((s) => isShown(s, wordsOf(filter), '')).length).toBe(found));

test.each([
  ['failed', 'web-2'],
  ['rolling-out', 'api'],
  ['unmanaged', undefined],
])('chip %s', (chip, name) => {
  expect(services.find((s) => inChip(s, chip))?.name).toBe(name);
});

test.each([
  ['', ['api', 'web-2', 'web-10']],
  ['-name', ['web-10', 'web-2', 'api']],
  ['status', ['web-2', 'api', 'web-10']],
  ['-tasks', ['api', 'web-2', 'web-10']],
  ['version', ['web-2', 'web-10', 'api']],
  ['nonsense', ['api', 'web-2', 'web-10']],
])('sorted by %j', (sort, names) => expect(sorted(services, sort)).toEqual(names));

test.each([
  ['abc', 'abc', 0],
  ['abc', 'bca', 1],
  ['abcd', 'dabc', 1],
  ['abc', 'cba', 2],
  ['ab', 'abc', 1],
  ['abc', 'ab', 0],
])('%s → %s moves', (shown, wanted, n) => expect(moved([...shown], [...wanted])).toBe(n));

test.each([
  ['abcdef', 'fedcba', 2, 'feabcd'],
  ['abcd', 'abcd', 2, 'abcd'],
  ['abcd', 'dba', 1, 'dab'],
  ['ab', 'xyba', 2, 'xyab'],
  ['ab', 'bxya', 1, 'ba'],
  ['', 'abc', 2, 'ab'],
])('%s, of %s the first %i: %s', (shown, wanted, many, expected) =>
  expect(topFirst([...shown], [...wanted], many).join('')).toBe(expected),
);

test('an order is kept while names come and go', () => {
  expect(keptOrder(['b', 'gone', 'a'], ['a', 'b', 'new'])).toEqual(['b', 'a', 'new']);
});

test('the palette finds by letters, and starts of words first', () => {
  expect(fuzzy('us', 'user-service')).toBeGreaterThan(fuzzy('us', 'status'));
  expect(fuzzy('rs', 'routing-service')).toBeGreaterThan(0);
  expect(fuzzy('xyz', 'routing-service')).toBe(0);
  expect(fuzzy('', 'anything')).toBeGreaterThan(0);
});
