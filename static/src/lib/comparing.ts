/** When old tasks are compared with new ones; apart from what reads and words it, which comes later. */

import type { Service } from './model';

/** For how long after its end a rollout is compared. */
const COMPARED_MS = 3_600_000;

/** Whether the newest rollout of a service can be compared with what ran before: while it goes on, and for an hour. */
export function isCompared({ sync, verdict, schedule }: Service, now: number): boolean {
  return schedule === null && (sync === 'rolling-out' || now - (verdict?.at ?? 0) < COMPARED_MS);
}
