import { useSignalEffect } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Run } from '../lib/filling';
import { clusterRoute, format } from '../lib/router';
import { copied, type Outlined, part } from './outline-list';
import { useOutlineList, useRuns } from './outlines';
import type { TableState } from './table-state';

/** A row with the cell of its name alone, as `ServiceRow` draws it. */
function outline(): HTMLElement {
  const name = part('span', 'td two', 'cell', part('span', 'cut', null, part('a', 'name-link', null)));
  return part('div', 'tr', 'row', part('span', 'td', 'cell'), name);
}

function outlinedServices(cluster: string, table: TableState): Outlined {
  const template = outline();
  return {
    draw(name) {
      const row = copied(template, name, format(clusterRoute(cluster, name)));
      row.querySelector('a')!.ariaLabel = `${name}, open`;
      return row;
    },
    join: (name, row) => table.hiding.add(name, row),
  };
}

/** Rows that are not complete yet, in one element that the browser neither styles nor lays out while it is out of sight. */
function Outlines({ names, outlined, table }: { names: readonly string[]; outlined: Outlined; table: TableState }) {
  const element = useOutlineList(names, outlined);
  const latest = useRef(names);
  latest.current = names;
  const shown = () => latest.current.filter((name) => table.visible.value.has(name));
  // Its height while the browser skips it.
  const size = () => element.current?.style.setProperty('--rows', String(shown().length));
  useLayoutEffect(
    () => table.sight.add(element.current!, (inSight) => inSight && table.filling.hurry(shown())),
    [table],
  );
  useLayoutEffect(() => size(), [table, names]);
  useSignalEffect(() => {
    size();
  });
  return <div ref={element} class="outlines" onFocusIn={(event) => complete(event.target as HTMLElement, table)} />;
}

/** A row that the keyboard reaches becomes complete; one that is being clicked stays until the click is over. */
function complete(link: HTMLElement, table: TableState): void {
  if (link.dataset.row && link.matches(':focus-visible')) table.filling.now(link.dataset.row);
}

/** The element of a group of rows that are not complete. */
export function useServiceOutlines(cluster: string, table: TableState): (run: Run) => VNode {
  const outlined = useMemo(() => outlinedServices(cluster, table), [cluster, table]);
  return useRuns(({ key, names }) => <Outlines key={key} names={names} outlined={outlined} table={table} />, outlined);
}
