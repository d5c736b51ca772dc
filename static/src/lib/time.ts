/** Times as people read them. All functions take milliseconds since the epoch. */

const UNITS: [limit: number, size: number, unit: string][] = [
  [60_000, 1000, 's'],
  [3_600_000, 60_000, 'min'],
  [86_400_000, 3_600_000, 'h'],
  [30 * 86_400_000, 86_400_000, 'd'],
];

/** `12 s ago`, `3 min ago`; never in the future: clocks differ, and "in 5 s" is of no use. */
export function relative(at: number, now: number): string {
  const age = Math.max(0, now - at);
  if (age < 5000) return 'just now';
  for (const [limit, size, unit] of UNITS) if (age < limit) return `${Math.floor(age / size)} ${unit} ago`;
  return new Date(at).toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
}

/** `12 s`, `3 min`, `4 h`, `13 d`; never negative. */
export function age(at: number, now: number): string {
  const past = Math.max(0, now - at);
  const [, size, unit] = UNITS.find(([limit]) => past < limit) ?? UNITS.at(-1)!;
  return `${Math.floor(past / size)} ${unit}`;
}

/** `11:25 (in 60 min)`, for an end that was set, in local time; `now` where it has passed. */
export function until(at: number, now: number): string {
  const left = at - now;
  if (left <= 0) return 'now';
  for (const [limit, size, unit] of UNITS)
    if (left < limit) return `${moment(at, now)} (in ${Math.ceil(left / size)} ${unit})`;
  return moment(at, now);
}

/** The time of day, with the date where that is another one. */
function moment(at: number, now: number): string {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const date = sameDay ? {} : ({ day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) } as const);
  return new Date(at).toLocaleString(undefined, { ...date, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

// Made once: making one takes longer than formatting a hundred times.
const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

/** Local time with its zone, and UTC, for tooltips. */
export function exact(at: number): string {
  const date = new Date(at);
  return `${LOCAL.format(date)} · ${date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, '')} UTC`;
}

/** `4 s`, `2 min 10 s`, `3 h 5 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600)
    return [`${Math.floor(seconds / 60)} min`, seconds % 60 ? `${seconds % 60} s` : ''].join(' ').trim();
  return [`${Math.floor(seconds / 3600)} h`, seconds % 3600 >= 60 ? `${Math.floor((seconds % 3600) / 60)} min` : '']
    .join(' ')
    .trim();
}

/** Reads ISO 8601, or seconds since the epoch; null where it is neither. */
export function instant(value: unknown): number | null {
  if (typeof value === 'number') return value < 1e11 ? value * 1000 : value;
  if (typeof value !== 'string') return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : at;
}

/** A running clock: `0:32`, `3:12`, then `2 h`, `3 d`; the largest numeral of a tile. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
