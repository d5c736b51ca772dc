import type { ProposalState } from '../../lib/proposals';
import { Badge, type Tone } from '../../ui/badge';
import type { IconName } from '../../ui/icons';

const STATES: Record<ProposalState, [Tone, IconName, string, string]> = {
  open: ['warn', 'pause', 'Open', 'It waits for approval'],
  approved: ['busy', 'progress', 'Approved', 'It is being carried out'],
  'carried-out': ['good', 'check', 'Carried out', 'It is a revision now'],
  rejected: ['bad', 'circle-cross', 'Rejected', 'A person rejected it'],
  expired: ['mute', 'history', 'Expired', 'It was not approved in time'],
  outdated: ['mute', 'arrow', 'Outdated', 'The cluster changed: what it was made from is gone'],
};

export function ProposalBadge({ state }: { state: ProposalState }) {
  const [tone, icon, word, title] = STATES[state];
  return (
    <Badge tone={tone} icon={icon} title={title}>
      {word}
    </Badge>
  );
}
