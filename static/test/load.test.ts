import { expect, test } from 'vitest';
import { readLoad, sparkOf } from '../src/lib/load';

const FROM = Date.parse('2030-04-02T08:00:00Z');
const sent = (content: unknown) => ({ range: '1h', step: 60, from: '2030-04-02T08:00:00.000+00:00', content });

test('the series of each service, by name', () => {
  const load = readLoad(sent({ api: { cpu: [40, null, 50], memory: [61, 61, 62] }, job: { cpu: [1, 2, 3] } }));
  expect([...load.keys()]).toEqual(['api', 'job']);
  expect(load.get('api')!.cpu!.points).toEqual([
    { at: FROM, value: 40 },
    { at: FROM + 60_000, value: null },
    { at: FROM + 120_000, value: 50 },
  ]);
  expect(load.get('job')!.memory).toBeUndefined();
});

test('a service without values has no series, whatever is sent', () => {
  expect(readLoad(sent({ api: { cpu: [null, null], memory: [] }, job: { cpu: 'x' } })).size).toBe(0);
  expect(readLoad({}).size).toBe(0);
});

const cpu = (values: (number | null)[]) => readLoad(sent({ api: { cpu: values } })).get('api')!.cpu!;

test('a line from edge to edge, on a scale to 100 percent, with its present value', () => {
  const spark = sparkOf(cpu([0, 50, 100]), null, 80, 24);
  expect(spark.line).toBe('M0 24L40 12L80 0');
  expect(spark.end).toEqual({ x: 80, y: 0 });
  expect(spark.value).toEqual({ text: '100', unit: '%' });
  expect(spark.words).toBe('CPU: now 100 %, 0 % to 100 %');
  expect(spark.mark).toBeNull();
});

test('a value is rounded; one that is older than a few minutes is not the present one', () => {
  expect(sparkOf(cpu([41.6, null, null]), null, 80, 24).value).toEqual({ text: '42', unit: '%' });
  const stopped = sparkOf(cpu([41.6, null, null, null, null, null]), null, 80, 24);
  expect([stopped.value, stopped.end]).toEqual([null, null]);
  expect(stopped.words).toBe('CPU: no present value, 42 % to 42 %');
  expect(stopped.line).not.toBe('');
});

test('a deployment in the range has a mark', () => {
  expect(sparkOf(cpu([1, 2, 3]), FROM + 60_000, 80, 24).mark).toBe(40);
  expect(sparkOf(cpu([1, 2, 3]), FROM - 1, 80, 24).mark).toBeNull();
});
