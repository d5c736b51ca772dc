import { expect, test } from 'vitest';
import {
  comparedWith,
  daysIn,
  periodBefore,
  periodOf,
  readDays,
  readGroups,
  readTotal,
  span,
} from '../src/lib/delivery';

const NOW = Date.parse('2030-04-15T10:00:00Z');

test('a period has six weeks up to today unless the address names another', () => {
  const usual = periodOf('', '', NOW);
  expect([usual.first, usual.last, daysIn(usual)]).toEqual(['2030-03-05', '2030-04-15', 42]);
  expect(periodOf('2030-04-01', '2030-04-07', NOW)).toEqual({
    first: '2030-04-01',
    last: '2030-04-07',
    since: '2030-04-01T00:00:00Z',
    until: '2030-04-08T00:00:00Z',
  });
});

test('the period before has the same length', () => {
  const before = periodBefore(periodOf('2030-04-08', '2030-04-14', NOW));
  expect([before.first, before.last]).toEqual(['2030-04-01', '2030-04-07']);
});

test('each day of a period has its numbers, also a day without deployments', () => {
  const content = [{ day: '2030-04-02', deployments: 3, failed: 1 }];
  expect(readDays({ content }, '2030-04-01', '2030-04-03')).toEqual([
    { day: '2030-04-01', succeeded: 0, failed: 0 },
    { day: '2030-04-02', succeeded: 3, failed: 1 },
    { day: '2030-04-03', succeeded: 0, failed: 0 },
  ]);
});

test('figures are read in total and by group', () => {
  const row = {
    cluster: 'prod',
    deployments: 18,
    failed: 2,
    frequency_per_week: 14,
    failure_rate: 0.1,
    lead_time_seconds: { median: 1820, p90: 5400, count: 15 },
    time_to_restore_seconds: null,
  };
  expect(readTotal({ content: [row] })).toEqual({
    deployments: 18,
    failed: 2,
    perDay: 2,
    failureRate: 0.1,
    leadTime: { median: 1820, p90: 5400, count: 15 },
    timeToRestore: null,
  });
  expect(readGroups({ content: [row] }, 'cluster').map(([name]) => name)).toEqual(['prod']);
  expect(readTotal({ content: [] })).toMatchObject({ deployments: 0, failureRate: null });
});

test.each([
  [48, '48 s'],
  [2280, '38 min'],
  [5 * 3600, '5 h'],
  [30 * 3600, '30 h'],
  [3.25 * 86_400, '3.3 days'],
])('%s seconds are %s', (seconds, words) => {
  const { value, unit } = span(seconds);
  expect(`${value} ${unit}`).toBe(words);
});

test('a frequency is compared with that before', () => {
  expect(comparedWith(10.4, 8.3, 42)).toBe('2.1 more than in the 42 days before');
  expect(comparedWith(1, 3, 7)).toBe('2 fewer than in the 7 days before');
  expect(comparedWith(1, 1, 7)).toBe('as many as in the 7 days before');
});
