import { describe, expect, test } from 'vitest';
import { age, duration, exact, instant, relative, until } from '../src/lib/time';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const ago = (ms: number) => relative(NOW - ms, NOW);

describe('relative', () => {
  test.each([
    [0, 'just now'],
    [4_999, 'just now'],
    [5_000, '5 s ago'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [3_599_999, '59 min ago'],
    [3_600_000, '1 h ago'],
    [86_400_000, '1 d ago'],
    [29 * 86_400_000, '29 d ago'],
  ])('%d ms', (age, text) => expect(ago(age)).toBe(text));

  test('a clock that is ahead is never "in 5 s"', () => expect(ago(-5_000)).toBe('just now'));
  test('a date after a month', () => expect(ago(60 * 86_400_000)).toMatch(/2025|2026/));
});

test.each([
  [-5_000, '0 s'],
  [59_999, '59 s'],
  [3_599_999, '59 min'],
  [4 * 3_600_000, '4 h'],
  [13 * 86_400_000, '13 d'],
  [400 * 86_400_000, '400 d'],
])('an age of %d ms', (past, text) => expect(age(NOW - past, NOW)).toBe(text));

test.each([
  [-1, /^now$/],
  [1, /^.*\d\d:\d\d \(in 1 s\)$/],
  [90_000, /\d\d:\d\d \(in 2 min\)$/],
  [7_200_000, /\d\d:\d\d \(in 2 h\)$/],
  [40 * 86_400_000, /[A-Z][a-z]+.* \d\d:\d\d$/],
])('until %d', (left, text) => {
  expect(until(NOW + left, NOW)).toMatch(text);
});

test.each([
  [0, '0 s'],
  [4_400, '4 s'],
  [60_000, '1 min'],
  [130_000, '2 min 10 s'],
  [3_600_000, '1 h'],
  [11_100_000, '3 h 5 min'],
])('duration of %d', (ms, text) => expect(duration(ms)).toBe(text));

test('exact times name their zone and UTC', () => expect(exact(NOW)).toContain('2026-03-01 12:00:00 UTC'));

test.each([
  ['2026-03-01T12:00:00Z', NOW],
  ['2026-03-01T14:00:00+02:00', NOW],
  [NOW / 1000, NOW],
  [NOW, NOW],
  ['yesterday', null],
  [null, null],
])('instant of %s', (value, at) => expect(instant(value)).toBe(at));
