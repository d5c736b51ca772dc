import { computed, type ReadonlySignal } from '@preact/signals';

/** A computed value that stays identical while it is equal: its readers run on real changes only. */
export function stable<T>(compute: () => T, equal: (a: T, b: T) => boolean): ReadonlySignal<T> {
  let last: { value: T } | null = null;
  return computed(() => {
    const next = compute();
    if (last === null || !equal(last.value, next)) last = { value: next };
    return last.value;
  });
}

export function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}

export function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function sameFields<T extends object>(a: T, b: T): boolean {
  const keys = Object.keys(a) as (keyof T)[];
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
