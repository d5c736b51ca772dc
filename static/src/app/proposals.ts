/** Proposals of all clusters: how many are open, read again with each event of one, and what a proposed change leads to. */

import { votesInWords, proposedBy, type Proposal, readProposals } from '../lib/proposals';
import type { Json } from '../lib/model';
import { call, path } from '../lib/rest';
import { proposalRoute } from '../lib/router';
import { type Reading, useRead } from './read';
import { notify, offered, store } from './state';

export const PROPOSALS = '/proposals';

/** The proposals of all clusters; null data where the server has none to offer. */
export function useProposals(state: string | null): Reading<Json> {
  const key = offered('GET', PROPOSALS) ? `proposals ${state} ${store.proposed.value} ${store.syncs.value}` : null;
  return useRead<Json>(key, (signal) => call(PROPOSALS, { signal, query: { state } }));
}

export function proposalsOf(reading: Reading<Json>): Proposal[] {
  return reading.data ? readProposals(reading.data) : [];
}

export function useProposal(cluster: string, id: string): Reading<Json> {
  const key = `proposal ${cluster} ${id} ${store.proposed.value} ${store.syncs.value}`;
  return useRead<Json>(key, (signal) => call(path('clusters', cluster, 'proposals', id), { signal }));
}

export function vote({ cluster, id }: Proposal, verb: 'approve' | 'reject', reason: string) {
  return call<Json>(path('clusters', cluster, 'proposals', id, verb), { method: 'POST', body: { reason } });
}

/** The proposal that an answer has instead of a change, published as a notice; null where the change was made. */
export function announceProposal(answer: Json, what: string): Proposal | null {
  const proposal = proposedBy(answer);
  if (!proposal) return null;
  notify({
    tone: 'busy',
    title: `Proposed: ${what}`,
    text: `${votesInWords(proposal)}${proposal.mayApprove ? ` (${proposal.mayApprove})` : ''}. Nothing is changed before.`,
    link: { label: 'Open the proposal', to: proposalRoute(proposal.cluster, proposal.id) },
  });
  return proposal;
}
