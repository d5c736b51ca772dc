import { effect, type ReadonlySignal } from '@preact/signals';
import { afterFrame } from '../app/frames';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { settling } from '../app/rows';
import { Slices } from '../lib/slices';
import { IN_SIGHT } from './rows';

/** Which rows the filter hides: what it changes for many comes to them frame by frame, from the top. */
export class Hiding {
  private readonly rows = new Map<string, HTMLElement>();
  // On the page itself: a signal for each row costs ten times as much, and reaches the page only after the stroke.
  private readonly slices = new Slices<HTMLElement>(
    (rows) => rows.forEach((row) => (row.hidden = !row.hidden)),
    IN_SIGHT,
    afterFrame,
  );

  constructor(
    private readonly visible: ReadonlySignal<ReadonlySet<string>>,
    private readonly order: ReadonlySignal<{ names: readonly string[] }>,
  ) {}

  /** Takes in a row that came to the page; what it gives back lets it go. */
  add(name: string, row: HTMLElement): () => void {
    row.hidden = !this.visible.peek().has(name);
    this.rows.set(name, row);
    return () => {
      if (this.rows.get(name) === row) this.rows.delete(name);
    };
  }

  /** Follows the filter, until what it gives back is called. */
  follow(): () => void {
    const stop = effect(() => this.update(this.visible.value));
    settling.add(this.slices);
    return () => {
      settling.delete(this.slices);
      stop();
    };
  }

  private update(visible: ReadonlySet<string>): void {
    const [gone, come]: [HTMLElement[], HTMLElement[]] = [[], []];
    for (const name of this.order.peek().names) {
      const row = this.rows.get(name);
      if (row && row.hidden === visible.has(name)) (row.hidden ? come : gone).push(row);
    }
    this.slices.start([...gone, ...come], gone.length);
  }
}

/** For an element that is hidden where the filter leaves out its name. */
export function useHidden<T extends HTMLElement>(hiding: Hiding, name: string): RefObject<T | null> {
  const element = useRef<T>(null);
  useLayoutEffect(() => hiding.add(name, element.current!), [hiding, name]);
  return element;
}
