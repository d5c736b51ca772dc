import { computed, signal } from '@preact/signals';
import { beforeEach, expect, test, vi } from 'vitest';
import { settling } from '../src/app/rows';
import { Hiding } from '../src/screens/hiding';

const names = Array.from({ length: 200 }, (_, n) => `row-${String(n).padStart(3, '0')}`);
let frames: (() => void)[] = [];

beforeEach(() => {
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run));
  vi.stubGlobal('setTimeout', (run: () => void) => run());
  return () => vi.unstubAllGlobals();
});

const frame = () => frames.splice(0).forEach((run) => run());

/** A list with a filter; `shown` are the rows that are to be seen now. */
function list(filter: string) {
  const wanted = signal(filter);
  const hiding = new Hiding(
    computed(() => new Set(names.filter((name) => name.includes(wanted.value)))),
    signal({ names: names.toReversed() }),
  );
  const rows = new Map(names.map((name) => [name, {} as HTMLElement]));
  const letGo = names.map((name) => hiding.add(name, rows.get(name)!));
  const stop = hiding.follow();
  return { wanted, stop, letGo, shown: () => names.filter((name) => !rows.get(name)!.hidden) };
}

test('rows come with what the address filters', () => {
  const { shown, stop } = list('row-11');
  expect(shown()).toHaveLength(10);
  expect(frames).toHaveLength(0);
  stop();
});

test('a few rows follow at once', () => {
  const { wanted, shown, stop } = list('row-11');
  wanted.value = 'row-110';
  expect(shown()).toEqual(['row-110']);
  expect(frames).toHaveLength(0);
  stop();
});

test('many go after the next frame, and come in parts, those that stand first before the others', () => {
  const { wanted, shown, stop } = list('row-11');
  wanted.value = 'row-0';
  expect(shown()).toHaveLength(10);
  frame();
  expect(shown()).toEqual(names.slice(75, 100));
  frame();
  expect(shown()).toEqual(names.slice(25, 100));
  frame();
  expect(shown()).toEqual(names.slice(0, 100));
  expect(frames).toHaveLength(0);
  stop();
});

test('the newest filter is what counts', () => {
  const { wanted, shown, stop } = list('');
  wanted.value = 'row-0';
  wanted.value = 'row-05';
  frame();
  expect(shown()).toEqual(names.slice(50, 60));
  wanted.value = '';
  frame();
  wanted.value = 'row-1';
  while (frames.length) frame();
  expect(shown()).toEqual(names.slice(100));
  stop();
});

test('a row that left the page is left alone', () => {
  const { wanted, shown, letGo, stop } = list('');
  letGo[3]!();
  wanted.value = 'row-199';
  frame();
  expect(shown()).toEqual(['row-003', 'row-199']);
  stop();
});

test('walking through the rows needs no wait, and nothing is left behind', () => {
  const { wanted, shown, stop } = list('');
  wanted.value = 'row-199';
  settling.forEach((each) => each.finish());
  expect(shown()).toEqual(['row-199']);
  stop();
  expect(settling.size).toBe(0);
});
