import { describe, expect, test } from 'vitest';
import {
  basisOf,
  type By,
  type Compared,
  comparedValue,
  departureOf,
  differenceOf,
  isWorse,
  readComparison,
  sidesOf,
} from '../src/lib/metric-comparison';

const of = (name: string, old: number | null, fresh: number | null, by: By = 'time'): Compared => ({
  name,
  by,
  old,
  new: fresh,
});

const SENT = {
  comparison: {
    image: 'r/web:v2',
    image_before: 'r/web:v1',
    ended_at: null,
    since: { from: '2030-04-02T09:03:00Z', to: '2030-04-02T09:09:00Z' },
    metrics: [
      { name: 'cpu', unit: 'Percent', by: 'time', old: 41.2, new: 44.9 },
      { name: 'requests', unit: 'Count/Minute', by: 'target-group', old: 400, new: null },
    ],
  },
};

test('an answer is read', () => {
  expect(readComparison({ comparison: null })).toBeNull();
  expect(readComparison({})).toBeNull();
  expect(readComparison(SENT)).toEqual({
    image: 'r/web:v2',
    imageBefore: 'r/web:v1',
    ended: false,
    measured: 360_000,
    tasks: null,
    metrics: [of('requests', 400, null, 'target-group'), of('cpu', 41.2, 44.9)],
  });
});

describe('a difference is in words', () => {
  test.each([
    [of('cpu', 41, 45), '4 points more'],
    [of('cpu', 45.4, 40), '5.4 points less'],
    [of('memory', 60, 60.4), 'same'],
    [of('error_rate', 0.02, 1.14), '1.1 points more'],
    [of('error_rate', 0.02, 0.12), '0.1 points more'],
    [of('error_rate', 0.02, 0.06), 'same'],
    [of('latency_p95', 0.084, 0.12), '43 % slower'],
    [of('requests', 400, 380), '5 % fewer'],
    [of('latency_p95', 0.084, 0.042), '50 % faster'],
    [of('requests', 400, 500), '25 % more'],
    [of('requests', 400, 401), 'same'],
    [of('requests', 0, 12), 'from 0'],
    [of('requests', 400, null), ''],
  ])('%o', (metric, words) => expect(differenceOf(metric)).toBe(words));
});

test('only clearly more 5xx stand out', () => {
  expect(isWorse(of('error_rate', 0.1, 0.6))).toBe(true);
  expect(isWorse(of('error_rate', 0.1, 0.5))).toBe(false);
  expect(isWorse(of('error_rate', 2, 0.1))).toBe(false);
  expect(isWorse(of('cpu', 10, 90))).toBe(false);
});

test('metrics of tasks are read with how many there were', () => {
  const { comparison } = SENT;
  const sent = { ...comparison, tasks: { old: 4, new: 10 }, metrics: [{ name: 'cpu', by: 'task', old: 1, new: 2 }] };
  const read = readComparison({ comparison: sent })!;
  expect(read.tasks).toEqual({ old: 4, new: 10 });
  expect(read.metrics).toEqual([of('cpu', 1, 2, 'task')]);
  expect(sidesOf(read)).toEqual(['Old tasks · v1', 'New tasks · v2']);
  expect(basisOf(read)).toBe('CPU: 4 old and 10 new tasks over the same 6 min.');
  expect(basisOf({ ...read, tasks: { old: 1, new: 1 } })).toBe('CPU: 1 old and 1 new task over the same 6 min.');
  const alone = { ...read, tasks: { old: 0, new: 1 }, metrics: [of('cpu', 1, 2, 'new-tasks'), of('requests', 1, 2)] };
  expect(sidesOf(alone)).toEqual(['Before · v1', 'Since · v2']);
  expect(basisOf(alone)).toBe(
    'CPU: mean of the hour before the rollout against 1 new task. ' +
      'Requests: mean of the hour before the rollout against the 6 min since, of old and new tasks together.',
  );
  expect(readComparison({ comparison: { ...sent, metrics: [{ name: 'cpu', by: 'another' }] } })!.metrics).toEqual([
    of('cpu', null, null),
  ]);
});

test('a metric names in what it departs from the heads of the sides', () => {
  const comparison = readComparison(SENT)!;
  const [group, task, fresh, time] = (['target-group', 'task', 'new-tasks', 'time'] as const).map((by) =>
    of('cpu', 1, 2, by),
  ) as [Compared, Compared, Compared, Compared];
  const departures = (...metrics: Compared[]) =>
    metrics.map((metric) => departureOf(metric, { ...comparison, metrics }));
  expect(departures(group, task, fresh, time)).toEqual(['', '', 'before, new tasks', 'before, since']);
  expect(departures(fresh, time)).toEqual(['new tasks alone', '']);
});

test.each([
  [of('cpu', null, null), 41.2, '41', '%'],
  [of('requests', null, null), 412.4, '412', '/min'],
  [of('error_rate', null, null), 0.02, '0.02', '%'],
  [of('error_rate', null, null), 0, '0', '%'],
  [of('error_rate', null, null), 1.1, '1.1', '%'],
  [of('latency_p95', null, null), 0.084, '84', 'ms'],
  [of('cpu', null, null), null, '–', ''],
])('%o: %s', (metric, value, text, unit) => expect(comparedValue(value, metric)).toEqual({ text, unit }));

test('the sides are named by version, unless it is the same', () => {
  const comparison = readComparison(SENT)!;
  expect(sidesOf(comparison)).toEqual(['Old tasks · v1', 'New tasks · v2']);
  expect(sidesOf({ ...comparison, metrics: [of('cpu', 1, 2)] })).toEqual(['Before · v1', 'Since · v2']);
  expect(sidesOf({ ...comparison, imageBefore: 'r/web:v2' })).toEqual(['Old tasks', 'New tasks']);
  expect(sidesOf({ ...comparison, imageBefore: null })).toEqual(['Old tasks', 'New tasks']);
});

test('the basis names what is compared how', () => {
  const comparison = readComparison(SENT)!;
  expect(basisOf(comparison)).toBe(
    'Requests: old and new tasks over the same 6 min, by target group. ' +
      'CPU: mean of the hour before the rollout against the 6 min since, of old and new tasks together.',
  );
  const timed = { ...comparison, metrics: [of('cpu', 1, 2)] };
  expect(basisOf({ ...timed, ended: true })).toBe('Mean of the hour before the rollout against the 6 min since.');
  expect(basisOf({ ...comparison, measured: 0 })).toMatch(/first values about three minutes/);
});
