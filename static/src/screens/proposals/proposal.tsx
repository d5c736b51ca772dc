import { useId, useState } from 'preact/hooks';
import { useOnce } from '../../app/once';
import { ShownPlan } from '../../app/shown-plan';
import { type Decision as Decided, useProposal, vote } from '../../app/proposals';
import { connection, hindrance, me, notify, now } from '../../app/state';
import { type Proposal, readProposal, type Vote, votesInWords } from '../../lib/proposals';
import { clusterRoute } from '../../lib/router';
import { exact, until } from '../../lib/time';
import { Avatar } from '../../ui/avatar';
import { Button, Link, LinkButton } from '../../ui/button';
import { Icon } from '../../ui/icons';
import { ErrorBanner, Failed, Skeleton } from '../../ui/states';
import { UserText } from '../../ui/text';
import { Ago } from '../../ui/time';
import { ProposalBadge } from './proposal-badge';

const PROPOSAL = '/clusters/{c}/proposals/{p}';

/** One proposal: what it would do, who approved it and who may, and the decision of the viewer. */
export function ProposalScreen({ cluster, id }: { cluster: string; id: string }) {
  const reading = useProposal(cluster, id);
  if (reading.error && !reading.data) return <Failed error={reading.error} retry={reading.again} />;
  if (!reading.data) return reading.slow ? <Skeleton /> : null;
  const proposal = readProposal(reading.data);
  const { plan, by, at, reason, state } = proposal;
  return (
    <>
      <div class="pagehead">
        <div>
          <div class="row">
            <h1>
              <UserText text={proposal.summary} />
            </h1>
            <ProposalBadge state={state} />
          </div>
          <p class="about">
            <Link to={clusterRoute(cluster)}>{cluster}</Link>
            <span class="why">{reason ? <UserText text={reason} quoted clamped /> : 'no reason given'}</span>
            <span class="mute">
              proposed by <UserText text={by ?? 'an unknown user'} /> · <Ago at={at} />
            </span>
          </p>
        </div>
        {proposal.revision && (
          <div class="row">
            <LinkButton icon="history" to={{ screen: 'history', cluster, from: null, to: proposal.revision }}>
              The revision
            </LinkButton>
          </div>
        )}
      </div>
      <div class="proposal">
        <section aria-label="Changes">
          <h2 class="visually-hidden">Changes</h2>
          <ShownPlan plan={plan} failed={false} frozen={false} />
        </section>
        <Approval proposal={proposal} again={reading.again} />
      </div>
    </>
  );
}

/** Who approved a proposal, who may, and the decision of the viewer. */
export function Approval({
  proposal,
  again,
  label = 'Approval',
}: {
  proposal: Proposal;
  again: () => void;
  label?: string;
}) {
  const { approvals, rejections, mayApprove, expiresAt, state } = proposal;
  return (
    <section class="panel approval" aria-label={label}>
      <header>
        <h2>{votesInWords(proposal)}</h2>
        {state === 'open' && expiresAt !== null && (
          <span class="small mute" title={exact(expiresAt)}>
            expires {until(expiresAt, now.value)}
          </span>
        )}
      </header>
      <div class="body stack">
        {proposal.renewals > 0 && (
          <p class="small">Its plan was renewed, as the cluster had changed: earlier approvals do not count.</p>
        )}
        {proposal.because && (
          <p class="small">
            <UserText text={proposal.because} />
          </p>
        )}
        {mayApprove && (
          <p class="small">
            May approve: <UserText text={mayApprove} />
          </p>
        )}
        {approvals.length + rejections.length > 0 && (
          <ul class="votes">
            {approvals.map((each) => (
              <Voted key={`+${each.by}`} vote={each} word="approved" />
            ))}
            {rejections.map((each) => (
              <Voted key={`-${each.by}`} vote={each} word="rejected" />
            ))}
          </ul>
        )}
        {state === 'open' && <Decision proposal={proposal} again={again} />}
      </div>
    </section>
  );
}

function Voted({ vote: { by, at, reason }, word }: { vote: Vote; word: 'approved' | 'rejected' }) {
  return (
    <li>
      <Avatar name={by} />
      <Icon name={word === 'approved' ? 'check' : 'cross'} />
      <span>
        <b>
          <UserText text={by} />
        </b>{' '}
        {word} <Ago at={at} />
        {reason && (
          <>
            : <UserText text={reason} quoted />
          </>
        )}
      </span>
    </li>
  );
}

const DONE: Record<Decided, string> = { approve: 'Approved', reject: 'Rejected', override: 'Carried out' };

/** Approve or reject, with a reason; disabled with why where the viewer may not. */
function Decision({ proposal, again }: { proposal: Proposal; again: () => void }) {
  const [reason, setReason] = useState('');
  const { busy, error, run } = useOnce();
  const field = useId();
  const lacking = busy ? 'Working…' : reason.trim() ? null : 'Enter a reason';
  const may = (verb: 'approve' | 'reject') =>
    connection.value === 'live' ? hindrance('POST', `${PROPOSAL}/${verb}`) : 'Offline';
  const whyNot = may('approve') ?? proposal.whyNot;
  const decide = (decision: Decided) =>
    run(async () => {
      try {
        const { data } = await vote(proposal, decision, reason.trim());
        setReason('');
        const to = { screen: 'rollout', cluster: proposal.cluster } as const;
        const follow = data.state === 'carried-out' ? { link: { label: 'Follow the rollout', to } } : {};
        notify({ tone: 'good', title: DONE[decision], text: String(data.message ?? reason.trim()), ...follow });
      } finally {
        again();
      }
    });
  return (
    <>
      {error && (
        <ErrorBanner
          error={error}
          title={error.status === 412 ? 'The cluster changed: this is the new plan' : 'Not recorded'}
        />
      )}
      <div class="field">
        <label htmlFor={field}>Reason</label>
        <textarea
          id={field}
          class="input"
          rows={2}
          value={reason}
          placeholder="Logged in the audit"
          onInput={(e) => setReason(e.currentTarget.value)}
        />
      </div>
      <p class="small mute">{whyNot ?? lacking}</p>
      <div class="row">
        <Button kind="primary" icon="check" why={whyNot ?? lacking} onClick={() => void decide('approve')}>
          Approve
        </Button>
        <Button icon="cross" why={may('reject') ?? lacking} onClick={() => void decide('reject')}>
          Reject
        </Button>
        {me.value?.role === 'admin' && (
          <Button kind="danger" why={may('approve') ?? lacking} onClick={() => void decide('override')}>
            Override
          </Button>
        )}
      </div>
    </>
  );
}
