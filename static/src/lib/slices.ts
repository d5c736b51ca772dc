/**
 * Work on many rows in slices, so that typing is never blocked. A few rows are seen to at once; of many, a part after each frame,
 * beginning after the one that shows what was typed. Each part is twice the last one: rows in sight come first, and cost most.
 */
export class Slices<T> {
  private left: readonly T[] = [];
  private next = 0;
  private part = 0;
  private scheduled = false;

  constructor(
    private readonly act: (rows: readonly T[]) => void,
    private readonly few: number,
    private readonly afterFrame: (run: () => void) => unknown,
  ) {}

  /** Takes the place of what was not done yet. `cheap`: how many of the first ones cost so little that they go together. */
  start(rows: readonly T[], cheap = 0): void {
    this.left = rows;
    this.part = this.few;
    this.next = cheap + this.part;
    if (rows.length <= this.few) this.finish();
    else this.schedule();
  }

  /** Does all that is left at once. */
  finish(): void {
    this.take(this.left.length);
  }

  private take(n: number): void {
    const rows = this.left.slice(0, n);
    this.left = this.left.slice(n);
    if (rows.length) this.act(rows);
  }

  private schedule(): void {
    if (this.scheduled || !this.left.length) return;
    this.scheduled = true;
    this.afterFrame(() => {
      this.scheduled = false;
      this.take(this.next);
      this.next = this.part *= 2;
      this.schedule();
    });
  }
}
