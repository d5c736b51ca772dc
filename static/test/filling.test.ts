import { beforeEach, expect, test } from 'vitest';
import { Filling } from '../src/lib/filling';

let idle: (() => void)[] = [];
let filled: number[] = [];

beforeEach(() => {
  [idle, filled] = [[], []];
});

const pause = () => idle.splice(0).forEach((run) => run());

/** A list of so many items in outline, of which three are completed at a time; what lets each of them go. */
function list(items: number) {
  const filling = new Filling(3, (run) => idle.push(run));
  const letGo = Array.from({ length: items }, (_, n) => filling.add(() => filled.push(n)));
  return { filling, letGo };
}

test('nothing is completed before there is time for it', () => {
  list(5);
  expect(filled).toEqual([]);
  expect(idle).toHaveLength(1);
});

test('a few are completed at a time, in the order in which they came', () => {
  list(5);
  pause();
  expect(filled).toEqual([0, 1, 2]);
  pause();
  expect(filled).toEqual([0, 1, 2, 3, 4]);
  expect(idle).toHaveLength(0);
});

test('an item that left, or was completed otherwise, is not completed', () => {
  const { letGo } = list(3);
  letGo[1]!();
  pause();
  expect(filled).toEqual([0, 2]);
});

test('what comes later is completed too', () => {
  const { filling } = list(1);
  pause();
  filling.add(() => filled.push(7));
  pause();
  expect(filled).toEqual([0, 7]);
});

test('each item is completed once', () => {
  list(3);
  pause();
  pause();
  expect(filled).toEqual([0, 1, 2]);
});
