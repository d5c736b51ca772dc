/** Days of the calendar in UTC, as `2030-04-02`. */

export const DAY_MS = 86_400_000;

export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

export function dayAfter(day: string, days = 1): string {
  return dayOf(Date.parse(day) + days * DAY_MS);
}
