/** What all long lists have in common: rows come in pieces, render once, and do not move under the pointer or the focus. */

import type { Signal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { afterFrame } from '../app/frames';
import { topFirst } from '../lib/filter';

/** How many whole rows are put on the page in one frame. */
const ROWS_A_FRAME = 50;

/** How many of the rows are to be there by now: a few at once, and more with each frame. */
export function usePieces(total: number, first = ROWS_A_FRAME, more = ROWS_A_FRAME): number {
  const [limit, setLimit] = useState(first);
  useLayoutEffect(() => {
    if (limit >= total) return undefined;
    const frame = requestAnimationFrame(() => setLimit(limit + more));
    return () => cancelAnimationFrame(frame);
  }, [limit, total]);
  return limit;
}

/** As many rows as are in sight. */
export const IN_SIGHT = 25;

/** The rows as wanted; where their order changes, those at the top take their places a frame before the others. */
export function useTopFirst(wanted: readonly string[]): readonly string[] {
  const [reached, setReached] = useState(wanted);
  useEffect(() => {
    let latest = true;
    afterFrame(() => latest && setReached(wanted));
    return () => void (latest = false);
  }, [wanted]);
  return useMemo(() => (reached === wanted ? wanted : topFirst(reached, wanted, IN_SIGHT)), [reached, wanted]);
}

/** The same element again for the same item: a row that is there already is not looked at. */
export function useSameElements<T extends object>(make: (item: T) => VNode, how?: unknown): (item: T) => VNode {
  const made = useRef(new WeakMap<T, VNode>());
  const before = useRef(how);
  if (before.current !== how) {
    before.current = how;
    made.current = new WeakMap();
  }
  return (item) => {
    const known = made.current.get(item);
    if (known) return known;
    const element = make(item);
    made.current.set(item, element);
    return element;
  };
}

/** Whether the pointer or the focus is in a list: while one is, its rows stay where they are. */
export interface Held {
  pointer: boolean;
  focus: boolean;
}

export const FREE: Held = { pointer: false, focus: false };

/** The handlers of a list that is held by the pointer over it, and by the focus in it. */
export function holding(held: Signal<Held>) {
  const set = (change: Partial<Held>) => (held.value = { ...held.peek(), ...change });
  return {
    onPointerOver: () => held.peek().pointer || set({ pointer: true }),
    onPointerLeave: () => set({ pointer: false }),
    onFocusIn: () => set({ focus: true }),
    onFocusOut: (event: FocusEvent) =>
      set({ focus: (event.currentTarget as Node).contains(event.relatedTarget as Node | null) }),
  };
}
