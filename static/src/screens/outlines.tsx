/** The rows of a list that are not complete yet, in groups: what all such lists share. */

import type { RefObject, VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Run } from '../lib/filling';
import { sameList } from '../lib/stable';
import { type Outlined, OutlineList } from './outline-list';

/** The element that shows outlines of these names; they are gone when it leaves the page. */
export function useOutlineList(names: readonly string[], outlined: Outlined): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  const list = useRef<OutlineList | null>(null);
  useLayoutEffect(() => {
    const made = (list.current = new OutlineList(element.current!, outlined));
    return () => made.end();
  }, [outlined]);
  useLayoutEffect(() => list.current!.show(names), [outlined, names]);
  return element;
}

/** The element of a run of rows: the same one again as long as its rows are the same, so that it does not render again. */
export function useRuns(make: (run: Run) => VNode, how: unknown): (run: Run) => VNode {
  const made = useMemo(() => new Map<string, { names: readonly string[]; element: VNode }>(), [how]);
  return (run) => {
    const known = made.get(run.key);
    if (known && sameList(known.names, run.names)) return known.element;
    const element = make(run);
    made.set(run.key, { names: run.names, element });
    return element;
  };
}
