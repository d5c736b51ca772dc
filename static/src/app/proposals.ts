/** Proposals of all clusters: how many are open, read again with each event of one, and what a proposed change leads to. */

import { proposedBy, type Proposal, type ProposalState, readProposals, votesInWords } from '../lib/proposals';
import type { Json } from '../lib/model';
import { call, path } from '../lib/rest';
import { proposalRoute } from '../lib/router';
import { type Reading, useRead } from './read';
import { notify, offered, store } from './state';

export const PROPOSALS = '/proposals';

/** More proposals than anyone reads. */
const MOST = 200;

/** The proposals of all clusters that are in a state; null data where the server has none to offer. */
export function useProposals(state: ProposalState): Reading<Json> {
  const key = offered('GET', PROPOSALS) ? `proposals ${state} ${store.proposed.value} ${store.syncs.value}` : null;
  return useRead<Json>(key, (signal) => call(PROPOSALS, { signal, query: { state, limit: MOST } }));
}

export function proposalsOf(reading: Reading<Json>): Proposal[] {
  return reading.data ? readProposals(reading.data) : [];
}

export function useProposal(cluster: string, id: string): Reading<Json> {
  const key = `proposal ${cluster} ${id} ${store.proposed.value} ${store.syncs.value}`;
  return useRead<Json>(key, (signal) => call(path('clusters', cluster, 'proposals', id), { signal }));
}

export type Decision = 'approve' | 'reject' | 'override';

/** The decision of the viewer on the plan that they saw; an override carries it out without its approvals. */
export function vote({ cluster, id, planId }: Proposal, decision: Decision, reason: string) {
  return call<Json>(path('clusters', cluster, 'proposals', id, decision === 'reject' ? 'reject' : 'approve'), {
    method: 'POST',
    query: { override: decision === 'override' ? reason : null },
    body: { reason, ...(planId ? { plan: planId } : {}) },
  });
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
