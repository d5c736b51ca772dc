/** So far out of sight that what is scrolled to is reported before it is seen. */
const MARGIN = '50%';

/** Reports rows that come in sight, or close to it: together those that come at the same time. */
export class Nearing {
  private readonly names = new WeakMap<Element, string>();
  private readonly observer: IntersectionObserver;

  constructor(report: (names: string[]) => void) {
    this.observer = new IntersectionObserver(
      (entries) => report(entries.filter((entry) => entry.isIntersecting).map(({ target }) => this.names.get(target)!)),
      { rootMargin: MARGIN },
    );
  }

  /** Takes in a row; what it gives back lets it go. */
  add(name: string, row: Element): () => void {
    this.names.set(row, name);
    this.observer.observe(row);
    return () => this.observer.unobserve(row);
  }
}
