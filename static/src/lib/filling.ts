/** The order in which the rows of a long list become complete, and how those that are not are grouped meanwhile. */

import { signal } from '@preact/signals';

/** Runs a function later: `idle` when the page has nothing else to do, `soon` after the next frame. */
export interface Turns {
  idle(run: () => void): unknown;
  soon(run: () => void): unknown;
}

/** Which rows are complete: the first ones at once, those in sight soon, the others when the page is idle; a few at a time. */
export class Filling {
  /** Counts the times that rows became complete. */
  readonly rounds = signal(0);
  private readonly complete = new Set<string>();
  private readonly inSight = new Set<string>();
  private names: readonly string[] = [];
  private readonly scheduled = new Set<keyof Turns>();

  constructor(
    private readonly few: number,
    private readonly turns: Turns,
  ) {}

  has(name: string): boolean {
    return this.complete.has(name);
  }

  /** Takes rows as complete that are about to be drawn so. */
  begin(names: readonly string[]): void {
    for (const name of names) this.complete.add(name);
  }

  /** Completes a row at once. */
  now(name: string): void {
    this.finish([name]);
  }

  /** Completes rows that came in sight, before all others. */
  hurry(names: readonly string[]): void {
    for (const name of names) this.inSight.add(name);
    this.schedule('soon', this.inSight);
  }

  /** Completes all these rows in time, in their order, until the function that it returns is called. */
  follow(names: readonly string[]): () => void {
    this.names = names;
    this.schedule('idle', this.names);
    return () => {
      if (this.names === names) this.names = [];
    };
  }

  private schedule(turn: keyof Turns, names: Iterable<string>): void {
    if (this.scheduled.has(turn) || !this.next(names).length) return;
    this.scheduled.add(turn);
    this.turns[turn](() => {
      this.scheduled.delete(turn);
      const left = turn === 'soon' ? this.inSight : this.names;
      this.finish(this.next(left));
      this.schedule(turn, left);
    });
  }

  private next(names: Iterable<string>): string[] {
    return [...names].filter((name) => !this.complete.has(name)).slice(0, this.few);
  }

  private finish(names: readonly string[]): void {
    for (const name of names) {
      this.complete.add(name);
      this.inSight.delete(name);
    }
    if (names.length) this.rounds.value += 1;
  }
}

/** Rows in succession that are not complete; `key` stays the same while some of them become complete. */
export interface Run {
  key: string;
  names: string[];
}

/** A list in its order: the name of each complete row, and the others in runs, none of which crosses a multiple of `places`. */
export function inRuns(
  names: readonly string[],
  isComplete: (name: string) => boolean,
  places: number,
): (string | Run)[] {
  const found: (string | Run)[] = [];
  let [run, count]: [Run | null, number] = [null, 0];
  names.forEach((name, place) => {
    if (place % places === 0) [run, count] = [null, 0];
    if (isComplete(name)) {
      run = null;
      found.push(name);
    } else if (run) run.names.push(name);
    else {
      run = { key: `run ${Math.floor(place / places)}.${count++}`, names: [name] };
      found.push(run);
    }
  });
  return found;
}
