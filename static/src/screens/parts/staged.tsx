/** Deployments in stages, and the approval of a proposal, in their states. */

import '../../styles/proposals.css';
import { RolloutNow } from '../service/rollout-now';
import { Approval } from '../proposals/proposal';
import { baking, paused, proposals, shifting } from './samples';
import { Section } from './section';

export function Staged({ at }: { at: number }) {
  return (
    <Section title="Deployments in stages">
      <div class="partcolumns">
        {[paused(at), shifting(at), baking(at)].map((service) => (
          <div key={service.name} class="partdrawer">
            <RolloutNow service={service} />
          </div>
        ))}
      </div>
    </Section>
  );
}

export function Proposals({ at }: { at: number }) {
  return (
    <Section title="Approvals">
      <div class="partcolumns">
        {proposals(at).map((proposal) => (
          <Approval key={proposal.id} proposal={proposal} label={`Approval ${proposal.id}`} again={() => undefined} />
        ))}
      </div>
    </Section>
  );
}
