import { beforeEach, expect, test } from 'vitest';
import { Filling, inRuns } from '../src/lib/filling';

let idle: (() => void)[] = [];
let soon: (() => void)[] = [];

beforeEach(() => {
  [idle, soon] = [[], []];
});

const pause = () => idle.splice(0).forEach((run) => run());
const frame = () => soon.splice(0).forEach((run) => run());

const ROWS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** A list of which the first row is complete, and three others become so at a time; `complete` are those that are. */
function list() {
  const filling = new Filling(3, { idle: (run) => idle.push(run), soon: (run) => soon.push(run) });
  filling.begin(['a']);
  const end = filling.follow(ROWS);
  return { filling, end, complete: () => ROWS.filter((name) => filling.has(name)).join('') };
}

test('no other row becomes complete before the page is idle', () => {
  const { complete } = list();
  expect(complete()).toBe('a');
  expect(idle).toHaveLength(1);
  expect(soon).toHaveLength(0);
});

test('a few rows become complete at a time, in their order', () => {
  const { complete, filling } = list();
  pause();
  expect([complete(), filling.rounds.value]).toEqual(['abcd', 1]);
  pause();
  expect([complete(), filling.rounds.value]).toEqual(['abcdefg', 2]);
  pause();
  expect([complete(), filling.rounds.value]).toEqual(['abcdefgh', 3]);
  expect(idle).toHaveLength(0);
});

test('rows in sight do not wait until the page is idle', () => {
  const { complete, filling } = list();
  filling.hurry(['d', 'e', 'f', 'g']);
  filling.hurry(['a']);
  expect([complete(), soon.length]).toEqual(['a', 1]);
  frame();
  expect(complete()).toBe('adef');
  frame();
  expect(complete()).toBe('adefg');
  expect(soon).toHaveLength(0);
  pause();
  expect([complete(), idle.length]).toEqual(['abcdefgh', 0]);
});

test('one row can become complete at once', () => {
  const { complete, filling } = list();
  filling.now('g');
  expect([complete(), filling.rounds.value]).toEqual(['ag', 1]);
  pause();
  expect(complete()).toBe('abcdg');
});

test('a list in another order, or with more rows, is completed in place of the former one', () => {
  const { complete, end, filling } = list();
  filling.follow(ROWS.toReversed());
  end();
  pause();
  expect(complete()).toBe('afgh');
  pause();
  expect(complete()).toBe('acdefgh');
});

test('a list that has left the page is not completed', () => {
  const { complete, end } = list();
  end();
  pause();
  expect([complete(), idle.length]).toEqual(['a', 0]);
});

test('rows that are not complete are in runs between the others, none longer than a group', () => {
  const runs = (complete: string) =>
    inRuns(ROWS, (name) => complete.includes(name), 3).map((each) =>
      typeof each === 'string' ? each : `${each.key}: ${each.names.join('')}`,
    );
  expect(runs('')).toEqual(['run 0.0: abc', 'run 1.0: def', 'run 2.0: gh']);
  // A run that loses its first rows, or its last one, stays the same.
  expect(runs('ab')).toEqual(['a', 'b', 'run 0.0: c', 'run 1.0: def', 'run 2.0: gh']);
  expect(runs('abdh')).toEqual(['a', 'b', 'run 0.0: c', 'd', 'run 1.0: ef', 'run 2.0: g', 'h']);
  expect(runs('abce')).toEqual(['a', 'b', 'c', 'run 1.0: d', 'e', 'run 1.1: f', 'run 2.0: gh']);
  expect(runs(ROWS.join(''))).toEqual(ROWS);
});
