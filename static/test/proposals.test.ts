import { expect, test } from 'vitest';
import { proposedBy, readProposal, readProposals, votesInWords } from '../src/lib/proposals';
import { format, parse, proposalRoute } from '../src/lib/router';
import { Store } from '../src/lib/store';

const SENT = {
  id: 'p-1',
  cluster: 'prod',
  state: 'open',
  plan: { id: 'plan-1', stored: { services: [{ service: 'web', action: 'update', changes: [] }] } },
  plan_id: 'plan-1',
  by: 'ines',
  at: '2030-01-01T12:00:00Z',
  reason: 'faster sign-in',
  expires_at: '2030-01-01T16:00:00Z',
  required: 2,
  approvals: [{ by: 'maria', at: '2030-01-01T12:05:00Z', reason: 'looks right' }],
  rejections: [],
  may_approve: 'group:platform, role:deployer',
  can_approve: false,
  why_not: 'It is your own proposal.',
};

test('a proposal is read', () => {
  const proposal = readProposal(SENT);
  expect(proposal).toMatchObject({
    id: 'p-1',
    cluster: 'prod',
    state: 'open',
    by: 'ines',
    required: 2,
    mayApprove: 'group:platform, role:deployer',
    whyNot: 'It is your own proposal.',
    revision: null,
  });
  expect(proposal.approvals.map(({ by }) => by)).toEqual(['maria']);
  expect(proposal.plan!.services.map(({ name }) => name)).toEqual(['web']);
  expect(votesInWords(proposal)).toBe('1 of 2 approvals');
});

test('a viewer who may approve has no hindrance', () => {
  expect(readProposal({ ...SENT, can_approve: true }).whyNot).toBeNull();
});

test('in a list the newest come first', () => {
  const list = [
    { ...SENT, id: 'old', at: '2030-01-01T00:00:00Z' },
    { ...SENT, id: 'new', plan: undefined },
  ];
  expect(readProposals({ content: list }).map(({ id }) => id)).toEqual(['new', 'old']);
});

test('in short, as an event or an answer has it, approvals are a number', () => {
  const short = readProposal({ ...SENT, at: undefined, created_at: SENT.at, approvals: 1, summary: 'web v2' });
  expect([votesInWords(short), short.approvals, short.summary]).toEqual(['1 of 2 approvals', [], 'web v2']);
  expect(short.at).toBe(Date.parse(SENT.at));
});

test('an answer has a proposal instead of a change', () => {
  expect(proposedBy({ proposal: SENT })?.id).toBe('p-1');
  expect(proposedBy({ revision: 'r1' })).toBeNull();
});

test('each event of a proposal is counted', () => {
  const store = new Store();
  store.apply(['proposal', 'approved', 'rejected', 'run'].map((type) => ({ type, cluster: 'prod', id: 'p-1' })));
  expect(store.proposed.value).toBe(3);
});

test('the addresses', () => {
  expect(format({ screen: 'proposals' })).toBe('/cp/proposals');
  const route = proposalRoute('prod', 'a b');
  expect(format(route)).toBe('/cp/clusters/prod/proposals/a%20b');
  expect(parse('http://x/cp/clusters/prod/proposals/a%20b')).toEqual(route);
  expect(parse('http://x/cp/proposals')).toEqual({ screen: 'proposals' });
});
