/** Proposals: changes that wait for approval, as the API states them. */

import { type Plan, readPlan } from './changes';
import type { Json } from './model';
import { instant } from './time';

export type ProposalState = 'open' | 'approved' | 'rejected' | 'expired' | 'outdated' | 'carried-out';
const STATES: ProposalState[] = ['open', 'approved', 'rejected', 'expired', 'outdated', 'carried-out'];

export interface Vote {
  by: string;
  at: number | null;
  reason: string | null;
}

export interface Proposal {
  id: string;
  cluster: string;
  state: ProposalState;
  /** What it would do, in a line. */
  summary: string;
  planId: string | null;
  by: string | null;
  at: number | null;
  reason: string | null;
  expiresAt: number | null;
  /** How many approvals it needs. */
  required: number;
  /** How many approvals its current plan has. */
  approved: number;
  approvals: readonly Vote[];
  rejections: readonly Vote[];
  /** Who may approve it, in words. */
  mayApprove: string | null;
  /** Why the viewer may not approve it; null where they may. */
  whyNot: string | null;
  /** What it would do; null in a list. */
  plan: Plan | null;
  /** How often its plan was replaced, because something had moved. */
  renewals: number;
  /** Why it was carried out without its approvals, or is outdated. */
  because: string | null;
  /** The revision that carried it out. */
  revision: string | null;
}

const text = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);
const object = (value: unknown): Json | null =>
  value && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : null;
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object).filter((v) => v !== null) : []);

export function readProposal(sent: Json): Proposal {
  return {
    id: String(sent.id ?? ''),
    cluster: String(sent.cluster ?? ''),
    state: STATES.find((state) => state === sent.state) ?? 'open',
    summary: text(sent.summary) ?? 'A change',
    planId: text(sent.plan_id),
    by: text(sent.by),
    at: instant(sent.at ?? sent.created_at),
    reason: text(sent.reason),
    expiresAt: instant(sent.expires_at),
    required: typeof sent.required === 'number' ? sent.required : 1,
    approved: typeof sent.approvals === 'number' ? sent.approvals : objects(sent.approvals).length,
    approvals: objects(sent.approvals).map(readVote),
    rejections: objects(sent.rejections).map(readVote),
    mayApprove: Array.isArray(sent.may_approve) ? sent.may_approve.join(', ') : text(sent.may_approve),
    whyNot: sent.can_approve === false ? (text(sent.why_not) ?? 'You may not approve it') : null,
    plan: object(sent.plan) && readPlan(object(sent.plan)!),
    renewals: typeof sent.renewals === 'number' ? sent.renewals : 0,
    because: text(sent.override) ?? text(sent.because),
    revision: text(sent.revision),
  };
}

function readVote(sent: Json): Vote {
  return { by: text(sent.by) ?? 'an unknown user', at: instant(sent.at), reason: text(sent.reason) };
}

/** Of all clusters, the newest first. */
export function readProposals(sent: Json): Proposal[] {
  return objects(sent.content)
    .map(readProposal)
    .toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0));
}

/** The proposal that an answer has instead of a change; null where the change was made. */
export function proposedBy(sent: Json): Proposal | null {
  const proposal = object(sent.proposal);
  return proposal && readProposal(proposal);
}

/** `1 of 2 approvals`. */
export function votesInWords({ approved, required }: Proposal): string {
  return `${approved} of ${required} ${required === 1 ? 'approval' : 'approvals'}`;
}
