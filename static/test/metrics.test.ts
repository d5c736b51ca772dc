import { describe, expect, it } from 'vitest';
import { niceTop, readMetrics, seriesInWords, shapeOf, valueOf } from '../src/lib/metrics';

const metrics = readMetrics({
  from: '2026-11-29T14:00:00Z',
  to: '2026-11-29T14:02:00Z',
  series: [
    {
      name: 'cpu',
      unit: 'percent',
      points: [
        ['2026-11-29T14:00:00Z', 0],
        ['2026-11-29T14:01:00Z', 50],
        ['2026-11-29T14:02:00Z', null],
      ],
    },
  ],
  marks: [{ at: '2026-11-29T14:01:00Z', failed: true, image: 'ecr/api:v2' }, { at: null }],
});
const [cpu] = metrics.series;

it('reads series and the marks that have a time', () => {
  expect(metrics.marks).toEqual([{ at: Date.parse('2026-11-29T14:01:00Z'), failed: true, image: 'ecr/api:v2' }]);
  expect(cpu!.points.map(({ value }) => value)).toEqual([0, 50, null]);
});

describe('a plot', () => {
  it('has a line from edge to edge, and a gap without values', () => {
    const shape = shapeOf(cpu!, { from: metrics.from, to: metrics.to, width: 200, height: 100 });
    expect(shape).toEqual({ line: 'M0 100L100 50', area: 'M0 100L100 50L100 100L0 100Z', top: 100 });
  });

  it('ends at a round number', () => {
    expect([0, 0.03, 1, 130, 501].map(niceTop)).toEqual([1, 0.05, 1, 200, 1000]);
  });

  it('has words', () => {
    expect(seriesInWords(cpu!)).toBe('CPU: now 50 %, 0 % to 50 %');
    expect(seriesInWords({ name: 'errors', unit: '', points: [] })).toBe('5xx: no values');
  });
});

it('shows values with their units', () => {
  expect(valueOf(0.084, { name: 'latency_p95' })).toEqual({ text: '84', unit: 'ms' });
  expect(valueOf(1.5, { name: 'latency' })).toEqual({ text: '1.5', unit: 's' });
  expect(valueOf(12_345, { name: 'requests' })).toEqual({ text: '12k', unit: '' });
  expect(valueOf(null, { name: 'cpu' })).toEqual({ text: '–', unit: '' });
});
