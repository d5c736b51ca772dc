import { proposalsOf, useProposals } from '../../app/proposals';
import { now } from '../../app/state';
import { summary } from '../../lib/changes';
import { type Proposal, votesInWords } from '../../lib/proposals';
import { clusterRoute, proposalRoute } from '../../lib/router';
import { exact, until } from '../../lib/time';
import { Link } from '../../ui/button';
import { Empty, ErrorBanner, Skeleton } from '../../ui/states';
import { UserText } from '../../ui/text';
import { Ago } from '../../ui/time';
import { ProposalBadge } from './proposal-badge';

/** The proposals of all clusters: those that wait, then what became of the others. */
export function ProposalsScreen() {
  const reading = useProposals(null);
  const proposals = proposalsOf(reading);
  const open = proposals.filter(({ state }) => state === 'open');
  const others = proposals.filter(({ state }) => state !== 'open');
  return (
    <>
      <div class="pagehead">
        <div>
          <h1>Proposals</h1>
          <p class="about">Changes that wait for approval</p>
        </div>
      </div>
      {reading.error && <ErrorBanner error={reading.error} title="Couldn't read the proposals" retry={reading.again} />}
      {reading.slow && !reading.data && <Skeleton />}
      {reading.data && !proposals.length && (
        <Empty icon="chat" title="No proposals">
          A change that needs an approval, by the stackfile's <code>approvals</code>, waits here.
        </Empty>
      )}
      {open.length > 0 && <List title="Open" proposals={open} />}
      {others.length > 0 && <List title="Decided" proposals={others} />}
    </>
  );
}

function List({ title, proposals }: { title: string; proposals: readonly Proposal[] }) {
  return (
    <section class="group" aria-label={title}>
      <h2>
        {title} <span class="number">{proposals.length}</span>
      </h2>
      <ul class="proposals">
        {proposals.map((proposal) => (
          <Row key={`${proposal.cluster} ${proposal.id}`} proposal={proposal} />
        ))}
      </ul>
    </section>
  );
}

function Row({ proposal }: { proposal: Proposal }) {
  const { cluster, id, by, at, reason, expiresAt, plan, state } = proposal;
  return (
    <li>
      <p>
        <Link to={proposalRoute(cluster, id)} class="name-link" data-row={id}>
          {plan ? summary(plan.services) : (reason ?? 'A change')}
        </Link>
        <span class="small soft">
          <Link to={clusterRoute(cluster)}>{cluster}</Link> · <UserText text={by ?? 'an unknown user'} /> ·{' '}
          <Ago at={at} />
          {plan && reason && (
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
