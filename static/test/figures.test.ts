import { expect, test } from 'vitest';
import { figuresOf } from '../src/lib/figures';
import { type Series, valueOf } from '../src/lib/metrics';

const STEP = 300_000;

function series(name: string, ...values: (number | null)[]): Series {
  return { name, unit: '', points: values.map((value, i) => ({ at: i * STEP, value })) };
}

const of = (...all: Series[]) =>
  figuresOf({ from: 0, to: 2 * STEP, series: all, marks: [] }).map(({ name, points }) => [
    name,
    points.map(({ value }) => value),
  ]);

test('counts are by the minute, errors in percent of the requests', () => {
  expect(
    of(series('cpu', 40, 41), series('requests', 500, 0), series('errors', 5, 0), series('memory', 60, 60)),
  ).toEqual([
    ['request_rate', [100, 0]],
    ['error_rate', [1, null]],
    ['cpu', [40, 41]],
    ['memory', [60, 60]],
  ]);
});

test('what has no values is left out', () => {
  expect(of(series('cpu', null, null), series('latency', 1, 1), series('latency_p95', null, 0.2))).toEqual([
    ['latency_p95', [null, 0.2]],
  ]);
  expect(of()).toEqual([]);
  expect(of(series('requests', 10))).toEqual([['request_rate', [10]]]);
});

test.each([
  ['request_rate', 412.4, '412', '/min'],
  ['request_rate', 12_400, '12k', '/min'],
  ['error_rate', 0.024, '0.02', '%'],
  ['error_rate', 12.3, '12', '%'],
])('%s of %d', (name, value, text, unit) => expect(valueOf(value, { name })).toEqual({ text, unit }));
