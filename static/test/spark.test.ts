import { expect, it } from 'vitest';
import { area, line } from '../src/lib/spark';

const points = { values: [0, 50, 100], width: 20, height: 24, top: 100 };

it('goes from the bottom to the top in equal steps', () => {
  expect(line(points)).toEqual({ path: 'M0 22L10 12L20 2', end: { x: 20, y: 2 } });
});

it('stays inside its frame', () => {
  expect(line({ ...points, values: [-5, 500] }).path).toBe('M0 22L20 2');
});

it('is closed along the bottom', () => {
  expect(area(points)).toBe('M0 22L10 12L20 2L20 24L0 24Z');
});
