/** Deployments on a line of time: where each tick is, and what it shows. */

export type TickKind = 'succeeded' | 'failed' | 'back' | 'live';

/** A deployment of a cluster: when, and how it went. */
export interface Deployed {
  at: number;
  kind: TickKind;
}

export interface Placed {
  /** Percent of the width, from the left edge. */
  left: number;
  kind: TickKind;
}

export interface Band {
  left: number;
  right: number;
}

/** Now, in percent of the width: the newest tick is never cut off. */
const NOW = 98.4;
export const DAY_MS = 86_400_000;

export function place(at: number, now: number, days: number): number {
  const age = Math.max(0, now - at) / DAY_MS;
  return Math.round((1 - age / days) * NOW * 100) / 100;
}

/** The newest deployments of the last days, the oldest first. */
export function placed(deployments: readonly Deployed[], now: number, days: number, most = 20): Placed[] {
  const recent = deployments.filter(({ at }) => now - at < days * DAY_MS).toSorted((a, b) => a.at - b.at);
  return recent.slice(-most).map(({ at, kind }) => ({ left: place(at, now, days), kind }));
}

/** A time without deployments, from its begin until its end or now; cut at the left edge. */
export function band(since: number, until: number | null, now: number, days: number): Band {
  return { left: Math.max(0, place(since, now, days)), right: 100 - place(Math.min(until ?? now, now), now, days) };
}

/** Where the days begin on the line. */
export function notches(days: number): number[] {
  return Array.from({ length: days - 1 }, (_, i) => Math.round((1 - (i + 1) / days) * NOW * 100) / 100);
}

/** The line as a sentence for a screen reader. */
export function ticksInWords(ticks: readonly Placed[], days: number): string {
  const failed = ticks.filter((tick) => tick.kind === 'failed').length;
  const count = `${ticks.length} deployment${ticks.length === 1 ? '' : 's'} in ${days} days`;
  return failed ? `${count}, ${failed} failed` : count;
}
