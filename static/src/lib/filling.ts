/** Completes the items of a long list that came in outline: a few at a time, when there is nothing else to do. */
export class Filling {
  private readonly waiting = new Set<() => void>();
  private scheduled = false;

  constructor(
    private readonly few: number,
    private readonly whenIdle: (run: () => void) => unknown,
  ) {}

  /** Takes in an item, after those that wait already; `fill` completes it. What it gives back lets it go. */
  add(fill: () => void): () => void {
    this.waiting.add(fill);
    this.schedule();
    return () => void this.waiting.delete(fill);
  }

  private schedule(): void {
    if (this.scheduled || !this.waiting.size) return;
    this.scheduled = true;
    this.whenIdle(() => {
      this.scheduled = false;
      for (const fill of [...this.waiting].slice(0, this.few)) {
        this.waiting.delete(fill);
        fill();
      }
      this.schedule();
    });
  }
}
