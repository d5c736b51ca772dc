/** Texts compared line by line: what was added and taken away, and three versions merged into one. */

export interface Line {
  kind: 'same' | 'added' | 'removed';
  text: string;
  before: number | null;
  after: number | null;
}
export type Piece = { kind: 'lines'; lines: Line[] } | { kind: 'gap'; count: number };

/** Pairs of equal lines, in order: the longest common subsequence (Myers 1986, with the common ends taken off first). */
export function matches(a: readonly string[], b: readonly string[]): [number, number][] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const pairs: [number, number][] = [];
  for (let i = 0; i < start; i++) pairs.push([i, i]);
  for (const [i, j] of middle(a.slice(start, endA), b.slice(start, endB))) pairs.push([i + start, j + start]);
  for (let i = endA, j = endB; i < a.length; i++, j++) pairs.push([i, j]);
  return pairs;
}

function middle(a: readonly string[], b: readonly string[]): [number, number][] {
  const most = a.length + b.length;
  const furthest = new Map<number, number>([[1, 0]]);
  const trail: Map<number, number>[] = [];
  for (let d = 0; d <= most; d++) {
    trail.push(new Map(furthest));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
      let x = down ? (furthest.get(k + 1) ?? 0) : (furthest.get(k - 1) ?? 0) + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) [x, y] = [x + 1, y + 1];
      furthest.set(k, x);
      if (x >= a.length && y >= b.length) return back(trail, a.length, b.length);
    }
  }
  return [];
}

function back(trail: Map<number, number>[], x: number, y: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (let d = trail.length - 1; d >= 0; d--) {
    const furthest = trail[d]!;
    const k = x - y;
    const down = k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
    const beforeK = down ? k + 1 : k - 1;
    const beforeX = d === 0 ? 0 : (furthest.get(beforeK) ?? 0);
    const beforeY = d === 0 ? 0 : beforeX - beforeK;
    while (x > beforeX && y > beforeY) pairs.push([(x -= 1), (y -= 1)]);
    [x, y] = [beforeX, beforeY];
  }
  return pairs.toReversed();
}

export function diffLines(before: string, after: string): Line[] {
  const a = split(before);
  const b = split(after);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  for (const [x, y] of [...matches(a, b), [a.length, b.length] as [number, number]]) {
    for (; i < x; i++) lines.push({ kind: 'removed', text: a[i]!, before: i + 1, after: null });
    for (; j < y; j++) lines.push({ kind: 'added', text: b[j]!, before: null, after: j + 1 });
    if (x < a.length) lines.push({ kind: 'same', text: a[x]!, before: x + 1, after: y + 1 });
    [i, j] = [x + 1, y + 1];
  }
  return lines;
}

/** Long runs of equal lines become gaps that state how many lines they hide. */
export function withGaps(lines: Line[], context = 3): Piece[] {
  const near = lines.map(() => false);
  lines.forEach((line, i) => {
    if (line.kind === 'same') return;
    for (let j = Math.max(0, i - context); j <= Math.min(lines.length - 1, i + context); j++) near[j] = true;
  });
  const pieces: Piece[] = [];
  for (let i = 0; i < lines.length;) {
    let end = i;
    while (end < lines.length && near[end] === near[i]) end++;
    // A gap that hides one line takes as much room as the line.
    if (near[i] || end - i < 2) pieces.push({ kind: 'lines', lines: lines.slice(i, end) });
    else pieces.push({ kind: 'gap', count: end - i });
    i = end;
  }
  return pieces;
}

/** A place where two texts made from one differ; where both changed it, a person chooses. */
export interface Hunk {
  kind: 'hunk';
  by: 'mine' | 'theirs' | 'both';
  base: string[];
  mine: string[];
  theirs: string[];
}
export type Merged = { kind: 'same'; lines: string[] } | Hunk;

/** Mine and theirs, both made from base: what they have in common, and each place in which they differ. */
export function merge(base: string, mine: string, theirs: string): Merged[] {
  const [o, a, b] = [split(base), split(mine), split(theirs)];
  const inA = new Map(matches(o, a));
  const inB = new Map(matches(o, b));
  const out: Merged[] = [];
  let [i, j, k] = [0, 0, 0];
  const stable = o.map((_, index) => index).filter((index) => inA.has(index) && inB.has(index));
  for (const index of [...stable, o.length]) {
    const [x, y] = index === o.length ? [a.length, b.length] : [inA.get(index)!, inB.get(index)!];
    compare(out, o.slice(i, index), a.slice(j, x), b.slice(k, y));
    if (index < o.length) same(out, [o[index]!]);
    [i, j, k] = [index + 1, x + 1, y + 1];
  }
  return out;
}

function compare(out: Merged[], base: string[], mine: string[], theirs: string[]): void {
  if (equal(mine, theirs)) same(out, mine);
  else
    out.push({
      kind: 'hunk',
      by: equal(mine, base) ? 'theirs' : equal(theirs, base) ? 'mine' : 'both',
      base,
      mine,
      theirs,
    });
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, i) => line === b[i]);
}

function same(out: Merged[], lines: string[]): void {
  const last = out.at(-1);
  if (!lines.length) return;
  if (last?.kind === 'same') last.lines.push(...lines);
  else out.push({ kind: 'same', lines: [...lines] });
}

/** The text of a merge; `choose` gives the lines of each hunk. */
export function settled(parts: Merged[], choose: (hunk: Hunk, index: number) => string[]): string {
  let hunks = 0;
  return parts.flatMap((part) => (part.kind === 'same' ? part.lines : choose(part, hunks++))).join('\n');
}

function split(text: string): string[] {
  return text.split('\n');
}
