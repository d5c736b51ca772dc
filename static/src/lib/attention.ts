/** What the tab of the browser shows of the fleet: its title and its icon. */

import type { Counts } from './model';

export interface Attention {
  failing: number;
  rolling: number;
}

export function attentionOf(counts: Iterable<Counts>): Attention {
  const attention = { failing: 0, rolling: 0 };
  for (const { failed, rollingOut } of counts) {
    attention.failing += failed;
    attention.rolling += rollingOut;
  }
  return attention;
}

/** The title of the page, with what fails in front of it. */
export function titleOf(parts: readonly (string | null | undefined)[], { failing }: Attention): string {
  const title = parts.filter(Boolean).join(' · ');
  return failing ? `${failing} failing · ${title}` : title;
}

const FILLS = { failing: '#ff5533', rolling: '#5eb4f9' };

/** The icon as an address of its own where something fails or rolls out; null for the calm icon. */
export function iconOf({ failing, rolling }: Attention): string | null {
  const state = failing ? 'failing' : rolling ? 'rolling' : null;
  if (!state) return null;
  const cross = '<path d="M10 10l12 12M22 10L10 22" stroke="#05110d" stroke-width="4" fill="none"/>';
  const arrow = '<path d="M16 24V9M9 16l7-7 7 7" stroke="#05110d" stroke-width="4" fill="none"/>';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="${FILLS[state]}"/>${state === 'failing' ? cross : arrow}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
