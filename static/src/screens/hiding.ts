import { batch, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { afterFrame } from '../app/frames';
import { settling } from '../app/rows';
import type { Service } from '../lib/model';
import { Slices } from '../lib/slices';
import type { ClusterEntry } from '../lib/store';
import { IN_SIGHT } from './rows';

/** Which rows the filter hides: what it changes for many comes to them frame by frame, from the top. */
export class Hiding {
  private readonly rows = new WeakMap<Signal<Service>, Signal<boolean>>();
  private readonly slices = new Slices<Signal<boolean>>((rows) => batch(() => rows.forEach((row) => (row.value = !row.peek()))), IN_SIGHT, afterFrame);

  constructor(
    private readonly entry: ClusterEntry,
    private readonly visible: ReadonlySignal<ReadonlySet<string>>,
    private readonly order: ReadonlySignal<{ names: readonly string[] }>,
  ) {}

  /** Whether a row is hidden. */
  of(row: Signal<Service>): ReadonlySignal<boolean> {
    const known = this.rows.get(row) ?? signal(!this.visible.peek().has(row.peek().name));
    this.rows.set(row, known);
    return known;
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
    const [gone, come]: Signal<boolean>[][] = [[], []];
    for (const name of this.order.peek().names) {
      const hidden = this.rows.get(this.entry.rows.get(name)!);
      if (hidden && hidden.peek() === visible.has(name)) (hidden.peek() ? come : gone)!.push(hidden);
    }
    this.slices.start([...gone!, ...come!], gone!.length);
  }
}
