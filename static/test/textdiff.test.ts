import { describe, expect, test } from 'vitest';
import { diffLines, matches, merge, settled, withGaps } from '../src/lib/textdiff';

const brief = (before: string, after: string) =>
  diffLines(before, after).map((l) => ({ same: ' ', added: '+', removed: '-' })[l.kind] + l.text);

test.each([
  ['a\nb\nc', 'a\nb\nc', [' a', ' b', ' c']],
  ['a\nb\nc', 'a\nx\nc', [' a', '-b', '+x', ' c']],
  ['a\nb', 'a\nb\nc', [' a', ' b', '+c']],
  ['a\nb\nc', 'b\nc', ['-a', ' b', ' c']],
  ['', 'a', ['-', '+a']],
  ['a\nb\nc\na\nb\nb\na', 'c\nb\na\nb\na\nc', null],
])('%j → %j', (before, after, lines) => {
  const found = brief(before, after);
  if (lines) expect(found).toEqual(lines);
  expect(
    found
      .filter((l) => l[0] !== '+')
      .map((l) => l.slice(1))
      .join('\n'),
  ).toBe(before);
  expect(
    found
      .filter((l) => l[0] !== '-')
      .map((l) => l.slice(1))
      .join('\n'),
  ).toBe(after);
});

test('random texts come back from their differences', () => {
  let seed = 7;
  const random = (n: number) => (seed = (seed * 16_807) % 2_147_483_647) % n;
  for (let round = 0; round < 200; round++) {
    const text = () => Array.from({ length: random(12) }, () => 'abcd'[random(4)]).join('\n');
    const [before, after] = [text(), text()];
    const lines = diffLines(before, after);
    expect(
      lines
        .filter((l) => l.kind !== 'added')
        .map((l) => l.text)
        .join('\n'),
    ).toBe(before);
    expect(
      lines
        .filter((l) => l.kind !== 'removed')
        .map((l) => l.text)
        .join('\n'),
    ).toBe(after);
  }
});

test('the classic example has a common subsequence of four', () => {
  expect(matches([...'abcabba'], [...'cbabac']).length).toBe(4);
});

test('far from changes, lines become a gap with their number', () => {
  const text = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  const changed = text.with(10, 'other');
  const pieces = withGaps(diffLines(text.join('\n'), changed.join('\n')));
  expect(pieces.map((p) => (p.kind === 'gap' ? p.count : p.lines.length))).toEqual([7, 8, 6]);
});

describe('merge', () => {
  const base = 'a\nb\nc\nd\ne';

  test.each([
    ['nothing changed', base, base, base],
    ['only mine', 'a\nB\nc\nd\ne', base, 'a\nB\nc\nd\ne'],
    ['only theirs', base, 'a\nb\nc\nd\nE', 'a\nb\nc\nd\nE'],
    ['both, apart', 'A\nb\nc\nd\ne', 'a\nb\nc\nd\nE', 'A\nb\nc\nd\nE'],
    ['both the same', 'a\nX\nc\nd\ne', 'a\nX\nc\nd\ne', 'a\nX\nc\nd\ne'],
    ['one takes a line away', 'a\nc\nd\ne', 'a\nb\nc\nd\ne\nf', 'a\nc\nd\ne\nf'],
  ])('%s', (_name, mine, theirs, result) => {
    const parts = merge(base, mine, theirs);
    expect(parts.some((p) => p.kind === 'hunk' && p.by === 'both')).toBe(false);
    expect(settled(parts, (h) => (h.by === 'theirs' ? h.theirs : h.mine))).toBe(result);
    expect(settled(parts, (h) => h.mine)).toBe(mine);
    expect(settled(parts, (h) => h.theirs)).toBe(theirs);
  });

  test('both changed the same line', () => {
    const parts = merge(base, 'a\nmine\nc\nd\ne', 'a\ntheirs\nc\nd\ne');
    expect(parts.filter((p) => p.kind === 'hunk')).toEqual([
      { kind: 'hunk', by: 'both', base: ['b'], mine: ['mine'], theirs: ['theirs'] },
    ]);
    expect(settled(parts, (c) => c.mine)).toBe('a\nmine\nc\nd\ne');
    expect(settled(parts, (c) => [...c.mine, ...c.theirs])).toBe('a\nmine\ntheirs\nc\nd\ne');
  });

  test('one changed what the other took away', () => {
    const parts = merge(base, 'a\nc\nd\ne', 'a\nB\nc\nd\ne');
    expect(parts.some((p) => p.kind === 'hunk' && p.by === 'both')).toBe(true);
  });
});
