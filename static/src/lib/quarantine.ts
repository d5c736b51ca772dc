/** The images that are kept from coming back, as the API answers. */

import type { Json } from './model';
import { instant } from './time';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export interface Held {
  service: string;
  image: string;
  by: string;
  at: number | null;
  reason: string;
}

/** The answer of `GET …/quarantine`. */
export function readHeld(sent: Json): Held[] {
  const rows = Array.isArray(sent.content) ? (sent.content as Json[]) : [];
  return rows.map((each) => ({
    service: text(each.service),
    image: text(each.image),
    by: text(each.by) || 'an unknown user',
    at: instant(each.at),
    reason: text(each.reason),
  }));
}
