/** Walking through the rows of a list: the focus is on a row's link, so that Enter opens it. */

/** Filters still at work: they finish before the focus moves, which goes through the shown rows alone. */
export const settling = new Set<{ finish(): void }>();

export function rowLinks(): HTMLElement[] {
  settling.forEach((filter) => filter.finish());
  return [...document.querySelectorAll<HTMLElement>('main [data-row]')].filter((e) => !e.closest('[hidden]'));
}

export function moveFocus(by: number): void {
  const links = rowLinks();
  if (!links.length) return;
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.max(0, Math.min(links.length - 1, at + by));
  links[next]!.focus();
  links[next]!.closest('[role=row]')?.scrollIntoView({ block: 'nearest' });
}

/** From a search down into the choices that it found, as one of the same dialog or form. */
export function intoList(event: KeyboardEvent): void {
  if (event.key !== 'ArrowDown') return;
  event.preventDefault();
  const around = (event.target as HTMLElement).closest('dialog, form')!;
  const first =
    around.querySelector<HTMLInputElement>(':is(.tags, .versions) :checked') ??
    around.querySelector<HTMLInputElement>(':is(.tags, .versions) input:not(:disabled)');
  first?.focus();
  first?.click();
}
