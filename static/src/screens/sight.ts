/** Reports to the rows of a table when they come in sight and when they leave it; some browsers report nothing. */
export class Sight {
  private readonly rows = new Map<EventTarget, (inSight: boolean) => void>();

  /** Whether the browser reports it, for the rows that have `content-visibility: auto`. */
  static readonly known = 'oncontentvisibilityautostatechange' in document;

  /** Takes in a row; what it gives back lets it go. */
  add(row: HTMLElement, report: (inSight: boolean) => void): () => void {
    this.rows.set(row, report);
    return () => void this.rows.delete(row);
  }

  /** Listens in the element that has the rows, until what it gives back is called. */
  follow(body: HTMLElement): () => void {
    const listener = (event: Event) => this.rows.get(event.target!)?.(!(event as Event & { skipped: boolean }).skipped);
    body.addEventListener('contentvisibilityautostatechange', listener, { capture: true });
    return () => body.removeEventListener('contentvisibilityautostatechange', listener, { capture: true });
  }
}
