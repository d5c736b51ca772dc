/** Delivery figures, as `GET /stats/deployments` answers them, in numbers and in words. */

import { DAY_MS, dayAfter, dayOf } from './days';
import type { Json } from './model';

export interface Figures {
  deployments: number;
  failed: number;
  perDay: number;
  /** A share from 0 to 1; null without any rollout. */
  failureRate: number | null;
  leadTime: Spread | null;
  timeToRestore: Spread | null;
}

/** In seconds. */
export interface Spread {
  median: number;
  p90: number;
  count: number;
}

export interface Day {
  /** `2030-04-02`, in UTC. */
  day: string;
  succeeded: number;
  failed: number;
}

export type Grouping = 'cluster' | 'service' | 'week';

const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const rowsOf = (sent: Json): Json[] => (Array.isArray(sent.content) ? (sent.content as Json[]) : []);

function readFigures(row: Json): Figures {
  return {
    deployments: number(row.deployments),
    failed: number(row.failed),
    perDay: number(row.frequency_per_week) / 7,
    failureRate: typeof row.failure_rate === 'number' ? row.failure_rate : null,
    leadTime: readSpread(row.lead_time_seconds),
    timeToRestore: readSpread(row.time_to_restore_seconds),
  };
}

function readSpread(sent: unknown): Spread | null {
  const spread = sent as Json | null | undefined;
  return spread ? { median: number(spread.median), p90: number(spread.p90), count: number(spread.count) } : null;
}

/** The figures of everything together. */
export function readTotal(sent: Json): Figures {
  return readFigures(rowsOf(sent)[0] ?? {});
}

/** The figures of each group, by its name. */
export function readGroups(sent: Json, by: Grouping): [string, Figures][] {
  return rowsOf(sent).map((row) => [String(row[by]), readFigures(row)]);
}

/** A day for each of a period, also those without any deployment; both ends are included. */
export function readDays(sent: Json, first: string, last: string): Day[] {
  const known = new Map(rowsOf(sent).map((row) => [String(row.day), readFigures(row)]));
  const days: Day[] = [];
  for (let day = first; day <= last; day = dayAfter(day)) {
    const figures = known.get(day);
    days.push({ day, succeeded: figures?.deployments ?? 0, failed: figures?.failed ?? 0 });
  }
  return days;
}

/** A period of days in UTC, both ends included, and the times that the API takes for it. */
export interface Period {
  first: string;
  last: string;
  since: string;
  until: string;
}

/** Six weeks. */
const USUAL_DAYS = 42;

/** The period that the address names; its last day is today, and it has six weeks, unless given. */
export function periodOf(since: string, until: string, now: number): Period {
  const last = until || dayOf(now);
  const first = since || dayAfter(last, 1 - USUAL_DAYS);
  return { first, last, since: `${first}T00:00:00Z`, until: `${dayAfter(last)}T00:00:00Z` };
}

/** The period of the same length before it. */
export function periodBefore({ first, last }: Period): Period {
  const days = daysIn({ first, last });
  return periodOf(dayAfter(first, -days), dayAfter(first, -1), 0);
}

export function daysIn({ first, last }: Pick<Period, 'first' | 'last'>): number {
  return Math.round((Date.parse(last) - Date.parse(first)) / DAY_MS) + 1;
}

/** A span as a large number with its unit: `38 min`, `2.4 days`. */
export function span(seconds: number): { value: string; unit: string } {
  if (seconds < 120) return { value: String(Math.round(seconds)), unit: 's' };
  if (seconds < 2 * 3600) return { value: String(Math.round(seconds / 60)), unit: 'min' };
  if (seconds < 48 * 3600) return { value: short(seconds / 3600), unit: 'h' };
  return { value: short(seconds / 86_400), unit: 'days' };
}

/** With one digit behind the point below 10. */
export function short(value: number): string {
  return value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

/** `2.1 more than in the 42 days before`. */
export function comparedWith(now: number, before: number, days: number): string {
  const difference = Math.round((now - before) * 10) / 10;
  const period = `the ${days} days before`;
  if (!difference) return `as many as in ${period}`;
  return `${short(Math.abs(difference))} ${difference > 0 ? 'more' : 'fewer'} than in ${period}`;
}
