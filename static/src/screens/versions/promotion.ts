/** The way from a cell of the matrix to a promotion: its source, and why it cannot be made now. */

import { asked, promote } from '../../app/actions';
import { opened } from '../../app/menus';
import { hindrance, store } from '../../app/state';
import { serviceMark } from '../../lib/marks';
import { isBehind, type MatrixRow, sourceFor } from '../../lib/versions';

export interface Offer {
  from: string;
  services: string[];
}

/** Why a promotion to a cluster cannot be made now; null where it can. */
export function promotionHindrance(cluster: string, { services }: Offer): string | null {
  return hindrance('POST', '/clusters/{c}/promote', cluster, services);
}

function runsWell(service: string): (cluster: string) => boolean {
  return (cluster) => {
    const row = store.get(cluster)?.rows.get(service)?.peek();
    return row !== undefined && serviceMark(row) === 'healthy';
  };
}

/** The promotion of one service to a cluster that is behind, best from one of `clusters`; null where none is newer. */
export function offerFor(row: MatrixRow, cluster: string, clusters: readonly string[]): Offer | null {
  const cell = row.cells.get(cluster);
  if (!cell || !isBehind(cell) || cell.version.next !== null) return null;
  const from = sourceFor(row, clusters, runsWell(row.service));
  return from === null ? null : { from, services: [row.service] };
}

/** The promotion of all services that are behind in a cluster, from the cluster that has most of the newest. */
export function offerForAll(rows: readonly MatrixRow[], cluster: string, clusters: readonly string[]): Offer | null {
  const bySource = new Map<string, string[]>();
  for (const row of rows) {
    const offer = offerFor(row, cluster, clusters);
    if (offer) bySource.set(offer.from, [...(bySource.get(offer.from) ?? []), row.service]);
  }
  const [best] = [...bySource].toSorted(([, a], [, b]) => b.length - a.length);
  return best ? { from: best[0], services: best[1] } : null;
}

/** Asks for the promotion of one service at once; of several, shows them first. */
export function makeOffer({ from, services }: Offer, cluster: string): void {
  if (services.length === 1) asked.value = promote(from, cluster, services);
  else opened.value = { kind: 'promote', cluster, from, services };
}
