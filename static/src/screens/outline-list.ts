import { format, clusterRoute } from '../lib/router';
import type { Hiding } from './hiding';

let template: HTMLElement | null = null;

/** A row with the cell of its name alone, as `ServiceRow` draws it. */
function outline(): HTMLElement {
  const part = (tag: string, className: string, role: string | null, ...children: HTMLElement[]) => {
    const element = document.createElement(tag);
    element.className = className;
    if (role) element.setAttribute('role', role);
    element.append(...children);
    return element;
  };
  const name = part('span', 'td two', 'cell', part('span', 'cut', null, part('a', 'name-link', null)));
  return part('div', 'tr', 'row', part('span', 'td', 'cell'), name);
}

/** The rows of services that are not complete yet, as links with their names. They are cloned elements: a component costs ten times as much. */
export class OutlineList {
  private readonly rows = new Map<string, { row: HTMLElement; leave: () => void }>();

  constructor(
    private readonly element: HTMLElement,
    private readonly cluster: string,
    private readonly hiding: Hiding,
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
    const row = (template ??= outline()).cloneNode(true) as HTMLElement;
    const link = row.querySelector('a')!;
    link.href = format(clusterRoute(this.cluster, name));
    link.dataset.row = name;
    link.ariaLabel = `${name}, open`;
    link.textContent = name;
    this.rows.set(name, { row, leave: this.hiding.add(name, row) });
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
