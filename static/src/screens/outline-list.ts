/** How a list draws a row that is not complete. */
export interface Outlined {
  /** Makes its element, with a link that has the name of the row as `data-row`. */
  draw(name: string): HTMLElement;
  /** Runs once it is on the page; what it gives back runs when it leaves. */
  join(name: string, row: HTMLElement): () => void;
}

/** An element with a class, for the templates of outlines. */
export function part(
  tag: string,
  className: string,
  role: string | null,
  ...children: readonly HTMLElement[]
): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (role) element.setAttribute('role', role);
  element.append(...children);
  return element;
}

/** A copy of a template whose link leads to `address`, and has the name of its row. */
export function copied(template: HTMLElement, name: string, address: string): HTMLElement {
  const row = template.cloneNode(true) as HTMLElement;
  const link = row.querySelector('a')!;
  link.href = address;
  link.dataset.row = name;
  link.textContent = name;
  return row;
}

/** The rows of a list that are not complete yet, as links with their names. They are cloned elements: a component costs ten times as much. */
export class OutlineList {
  private readonly rows = new Map<string, { row: HTMLElement; leave: () => void }>();

  constructor(
    private readonly element: HTMLElement,
    private readonly outlined: Outlined,
  ) {}

  /** Shows the rows of these names in their order; the element of a name that stays is kept. */
  show(names: readonly string[]): void {
    const wanted = new Set(names);
    for (const name of this.rows.keys()) if (!wanted.has(name)) this.drop(name);
    let next = this.element.firstElementChild;
    for (const name of names) {
      const row = this.rows.get(name)?.row ?? this.add(name);
      if (row === next) next = row.nextElementSibling;
      else this.element.insertBefore(row, next);
    }
  }

  /** Empties the list. The complete rows come after that where its element leaves the page. */
  end(): void {
    for (const [name, { row, leave }] of this.rows) {
      leave();
      const { parentElement } = this.element;
      if (row.contains(document.activeElement)) queueMicrotask(() => focusRow(parentElement, name, row));
    }
    this.rows.clear();
    this.element.replaceChildren();
  }

  private add(name: string): HTMLElement {
    const row = this.outlined.draw(name);
    this.rows.set(name, { row, leave: this.outlined.join(name, row) });
    return row;
  }

  private drop(name: string): void {
    const { row, leave } = this.rows.get(name)!;
    leave();
    if (row.contains(document.activeElement)) focusRow(this.element.parentElement, name, row);
    row.remove();
    this.rows.delete(name);
  }
}

/** Moves the focus from the outline of a row to the complete row. */
function focusRow(body: HTMLElement | null, name: string, outlined: HTMLElement): void {
  const links = body?.querySelectorAll<HTMLElement>(`[data-row="${CSS.escape(name)}"]`) ?? [];
  [...links].find((link) => !outlined.contains(link))?.focus({ preventScroll: true });
}
