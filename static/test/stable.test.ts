import { effect, signal } from '@preact/signals';
import { expect, test } from 'vitest';
import { sameFields, sameList, stable } from '../src/lib/stable';

test('readers are notified of real changes only', () => {
  const source = signal([1, 2, 30]);
  const small = stable(() => source.value.filter((n) => n < 10), sameList);
  const seen: number[][] = [];
  effect(() => void seen.push([...small.value]));
  source.value = [1, 2, 40];
  source.value = [2, 1];
  expect(seen).toEqual([
    [1, 2],
    [2, 1],
  ]);
});

test.each([
  [{ a: 1 }, { a: 1 }, true],
  [{ a: 1 }, { a: 2 }, false],
  [{ a: 1 }, { a: 1, b: undefined }, false],
])('fields of %j and %j', (a, b, same) => expect(sameFields<object>(a, b)).toBe(same));

test('lists', () => {
  expect(sameList([], [])).toBe(true);
  expect(sameList([1], [1, 2])).toBe(false);
  expect(sameList([1, 2], [2, 1])).toBe(false);
});
