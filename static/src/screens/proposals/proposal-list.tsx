import { useState } from 'preact/hooks';
import { proposalsOf, useProposals } from '../../app/proposals';
import { now } from '../../app/state';
import { type Proposal, type ProposalState, votesInWords } from '../../lib/proposals';
import { clusterRoute, proposalRoute } from '../../lib/router';
import { exact, until } from '../../lib/time';
import { Link } from '../../ui/button';
import { Segments } from '../../ui/segments';
import { Empty, ErrorBanner, Skeleton } from '../../ui/states';
import { UserText } from '../../ui/text';
import { Ago } from '../../ui/time';
import { ProposalBadge } from './proposal-badge';

const CHOICES: [ProposalState, string][] = [
  ['open', 'Open'],
  ['carried-out', 'Carried out'],
  ['rejected', 'Rejected'],
  ['expired', 'Expired'],
  ['outdated', 'Outdated'],
];

/** The proposals of all clusters: those that wait, or what became of the others. */
export function ProposalsScreen() {
  const [state, setState] = useState<ProposalState>('open');
  const reading = useProposals(state);
  const proposals = proposalsOf(reading).filter((proposal) => proposal.state === state);
  return (
    <>
      <div class="pagehead">
        <div>
          <h1>Proposals</h1>
          <p class="about">Changes that wait for approval</p>
        </div>
        <Segments label="State" value={state} choices={CHOICES} onChange={setState} />
      </div>
      {reading.error && <ErrorBanner error={reading.error} title="Couldn't read the proposals" retry={reading.again} />}
      {reading.slow && !reading.data && <Skeleton />}
      {reading.data && !proposals.length && (
        <Empty icon="chat" title={state === 'open' ? 'No open proposals' : 'None'}>
          {state === 'open' ? 'A change that needs approval, as the stackfile states in approvals, waits here.' : null}
        </Empty>
      )}
      {proposals.length > 0 && (
        <ul class="proposals" aria-label="Proposals">
          {proposals.map((proposal) => (
            <Row key={`${proposal.cluster} ${proposal.id}`} proposal={proposal} />
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ proposal }: { proposal: Proposal }) {
  const { cluster, id, by, at, reason, expiresAt, summary, state } = proposal;
  return (
    <li>
      <p>
        <Link to={proposalRoute(cluster, id)} class="name-link" data-row={id}>
          <UserText text={summary} />
        </Link>
        <span class="small soft">
          <Link to={clusterRoute(cluster)}>{cluster}</Link> · <UserText text={by ?? 'an unknown user'} /> ·{' '}
          <Ago at={at} />
          {reason && (
            <>
              {' '}
              · <UserText text={reason} quoted />
            </>
          )}
        </span>
      </p>
      <p class="small">
        {state === 'open' && votesInWords(proposal)}
        {state === 'open' && expiresAt !== null && (
          <span class="mute" title={exact(expiresAt)}>
            expires {until(expiresAt, now.value)}
          </span>
        )}
      </p>
      <ProposalBadge state={state} />
    </li>
  );
}
