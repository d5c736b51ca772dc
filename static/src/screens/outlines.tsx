import { useSignalEffect } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Run } from '../lib/filling';
import { sameList } from '../lib/stable';
import { OutlineList } from './outline-list';
import type { TableState } from './table-state';

/** Rows that are not complete yet, in one element that the browser neither styles nor lays out while it is out of sight. */
function Outlines({ cluster, names, table }: { cluster: string; names: readonly string[]; table: TableState }) {
  const element = useRef<HTMLDivElement>(null);
  const list = useRef<OutlineList | null>(null);
  const latest = useRef(names);
  latest.current = names;
  const shown = () => latest.current.filter((name) => table.visible.value.has(name));
  // Its height while the browser skips it.
  const size = () => element.current?.style.setProperty('--rows', String(shown().length));
  useLayoutEffect(() => {
    list.current = new OutlineList(element.current!, cluster, table.hiding);
    const leave = table.sight.add(element.current!, (inSight) => inSight && table.filling.hurry(shown()));
    return () => {
      leave();
      list.current!.end();
    };
  }, [cluster, table]);
  useLayoutEffect(() => {
    list.current!.show(names);
    size();
  }, [cluster, table, names]);
  useSignalEffect(() => {
    size();
  });
  return <div ref={element} class="outlines" onFocusIn={(event) => complete(event.target as HTMLElement, table)} />;
}

/** The element of a group of rows: the same one again as long as its rows are the same, so that it does not render again. */
export function useOutlines(cluster: string, table: TableState): (run: Run) => VNode {
  const made = useMemo(() => new Map<string, { names: readonly string[]; element: VNode }>(), [cluster, table]);
  return ({ key, names }) => {
    const known = made.get(key);
    if (known && sameList(known.names, names)) return known.element;
    const element = <Outlines key={key} cluster={cluster} names={names} table={table} />;
    made.set(key, { names, element });
    return element;
  };
}

/** A row that the keyboard reaches becomes complete; one that is being clicked stays until the click is over. */
function complete(link: HTMLElement, table: TableState): void {
  if (link.dataset.row && link.matches(':focus-visible')) table.filling.now(link.dataset.row);
}
