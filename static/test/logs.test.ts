import { describe, expect, it, test } from 'vitest';
import {
  inBlocks,
  joined,
  levelOf,
  type Line,
  MOST_LINES,
  plainText,
  readLine,
  readLogPage,
  newTasks,
} from '../src/lib/logs';

const line = (text: string, at = '2026-11-29T14:00:00Z') =>
  readLine({ at, task: 'abcdef0123', container: 'web', line: text });

describe('the level of a line', () => {
  it.each([
    ['ERROR: no such table', 'error'],
    ['{"level": "warning", "message": "error rate 0"}', 'warning'],
    ['{"severity":"INFO","message":"no error"}', 'info'],
    ['Traceback (most recent call last):', 'error'],
    ['WARN slow query', 'warning'],
    ['GET /terrorism 200', 'info'],
  ])('%s is %s', (text, level) => expect(levelOf(text)).toBe(level));
});

it('reads a page with its oldest line first, and names what cannot be read', () => {
  const page = readLogPage({
    content: [{ line: 'b' }, { line: 'a' }],
    cursor: 'next',
    sources: [
      { container: 'web', readable: true },
      { container: 'proxy', driver: 'fluentd', readable: false },
    ],
  });
  expect(page.lines.map(({ text }) => text)).toEqual(['a', 'b']);
  expect(page.cursor).toBe('next');
  expect(page.unreadable).toEqual([{ container: 'proxy', driver: 'fluentd' }]);
});

describe('lines that follow others', () => {
  it('are there once where both have them', () => {
    expect(joined([line('a'), line('b')], [line('b'), line('c')]).map(({ text }) => text)).toEqual(['a', 'b', 'c']);
  });

  it('push out the oldest', () => {
    const many = Array.from({ length: MOST_LINES }, (_, i) => line(String(i)));
    const all = joined(many, [line('new')]);
    expect(all).toHaveLength(MOST_LINES);
    expect(all.at(-1)!.text).toBe('new');
  });
});

it('is text for a file', () => {
  expect(plainText([line('a')])).toBe('2026-11-29T14:00:00.000Z abcdef01 a');
});

it('new tasks are those of the newest deployment', () => {
  const tasks = [
    { id: 'a', deployment: 'ecs-svc/1' },
    { id: 'b', deployment: 'ecs-svc/2' },
  ];
  expect([...newTasks({ deployment: 'ecs-svc/2', tasks })]).toEqual(['b']);
  expect(newTasks({ tasks }).size).toBe(0);
  expect(newTasks(null).size).toBe(0);
});

test('lines form blocks, which stay while others come and leave', () => {
  const lines = Array.from({ length: 120 }, (_, i) => readLine({ line: `${i}` }));
  const numbers = new Map(lines.map((line, i) => [line, i]));
  const blocks = (some: readonly Line[]) => inBlocks(some, (line) => numbers.get(line)!);
  expect(blocks(lines).map(({ key, lines: own }) => [key, own.length])).toEqual([
    ['0 1', 50],
    ['1 1', 50],
    ['2 1', 20],
  ]);
  expect(blocks(lines.slice(30, 110)).map(({ key, lines: own }) => [key, own.length])).toEqual([
    ['0 1', 20],
    ['1 1', 50],
    ['2 1', 10],
  ]);
  expect(blocks(lines).flatMap(({ lines: own }) => own)).toEqual(lines);
});

test('lines that were numbered out of their order stay in it, in blocks of different keys', () => {
  const lines = ['a', 'b', 'c'].map((line) => readLine({ line }));
  const numbers = [1, 70, 2];
  const blocks = inBlocks(lines, (line) => numbers[lines.indexOf(line)]!);
  expect(blocks.map(({ key }) => key)).toEqual(['0 1', '1 1', '0 2']);
});
