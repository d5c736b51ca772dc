/** Freeze windows: times at which a cluster is frozen by the calendar. */

import type { Json } from './model';
import { instant } from './time';

export interface FreezeTime {
  from: number;
  until: number;
  reason: string;
}

export interface FreezeWindows {
  /** The one in progress; null where none is. */
  now: FreezeTime | null;
  next: readonly FreezeTime[];
}

export const NO_WINDOWS: FreezeWindows = { now: null, next: [] };

export function readFreezeWindows(sent: unknown): FreezeWindows {
  const windows = sent as { now?: unknown; next?: unknown } | null | undefined;
  if (!windows || typeof windows !== 'object') return NO_WINDOWS;
  const next = Array.isArray(windows.next) ? windows.next : [];
  return { now: readTime(windows.now), next: next.map(readTime).filter((time) => time !== null) };
}

function readTime(sent: unknown): FreezeTime | null {
  const time = sent as Json | null | undefined;
  const [from, until] = [instant(time?.from), instant(time?.until)];
  return from === null || until === null ? null : { from, until, reason: String(time?.reason ?? '') };
}

/** The next one that begins within so many milliseconds; null where none does, or one goes on. */
export function freezeAhead({ now, next }: FreezeWindows, at: number, within: number): FreezeTime | null {
  if (now) return null;
  return next.find(({ from, until }) => until > at && from - at <= within) ?? null;
}
