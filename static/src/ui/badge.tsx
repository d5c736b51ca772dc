/** Status as icon, word and colour: two badges with fixed words, and a third for how a rollout ended. */

import {
  type Health,
  type RolloutState,
  scheduleConcern,
  type Service,
  struggles,
  type Sync,
  type Verdict,
} from '../lib/model';
import { Icon, type IconName } from './icons';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'mute';

export function Badge({
  tone,
  icon,
  spin = false,
  plain = false,
  title,
  children,
}: {
  tone: Tone;
  icon: IconName;
  spin?: boolean;
  plain?: boolean;
  title?: string;
  children: preact.ComponentChildren;
}) {
  return (
    <span class={plain ? 'badge plain' : 'badge'} data-tone={tone} title={title}>
      <Icon name={icon} spin={spin} />
      {children}
    </span>
  );
}

const SYNC: Record<Sync, [Tone, IconName, string, string]> = {
  'in-sync': ['good', 'check', 'In sync', 'ECS runs the desired state'],
  'rolling-out': ['busy', 'progress', 'Rolling out', 'Rolling out the desired state'],
  'not-deployed': [
    'mute',
    'pause',
    'Not deployed yet',
    'It was adopted, or stored without deploying: deploy the cluster to apply it',
  ],
  drifted: ['warn', 'drift', 'Drifted', 'ECS differs from the desired state, and no rollout is in progress'],
  unmanaged: ['mute', 'question', 'Not managed', 'Runs in ECS, and is in no stackfile'],
  unknown: ['mute', 'question', 'Unknown', 'Waiting for ECS'],
};

const HEALTH: Record<Health, [Tone, IconName, string, string]> = {
  healthy: ['good', 'circle-check', 'Healthy', 'All desired tasks run'],
  starting: ['busy', 'progress', 'Starting', 'New tasks are starting'],
  degraded: ['warn', 'alert', 'Degraded', 'Fewer tasks run than desired'],
  failing: ['bad', 'circle-cross', 'Failing', 'No task runs'],
  stopped: ['mute', 'pause', 'Stopped', 'Scaled to zero'],
  unknown: ['mute', 'question', 'Unknown', 'ECS has not been read for this service yet'],
};

/** The health of a service where it differs from healthy, else null. */
export function healthOf({ health }: Service): Status | null {
  return health === 'healthy' ? null : HEALTH[health];
}

export function HealthBadge({ health }: { health: Health }) {
  const [tone, icon, word, title] = HEALTH[health];
  return (
    <Badge tone={tone} icon={icon} title={title} plain>
      {word}
    </Badge>
  );
}

export const VERDICTS: Record<string, [Tone, IconName, string]> = {
  succeeded: ['good', 'check', 'Succeeded'],
  'rolled-back': ['bad', 'undo', 'Rolled back'],
  superseded: ['mute', 'arrow', 'Superseded'],
  stalled: ['bad', 'pause', 'Stalled'],
  'scaled-to-zero': ['mute', 'pause', 'Scaled to zero'],
  aborted: ['bad', 'circle-cross', 'Aborted'],
  removed: ['mute', 'check', 'Removed'],
};

/** What ended a rollout, beside the word for its ending. */
const CAUSES: Record<string, string> = {
  alarm: 'by an alarm',
  breaker: 'by the circuit breaker',
  hook: 'by a hook',
  'hook-timeout': 'a pause timed out',
  stopped: 'stopped',
  'by-hand': 'outside Nysa',
};

/** How a rollout ended, and by what where that is known. */
export function VerdictBadge({ verdict: { ending, cause } }: { verdict: Pick<Verdict, 'ending' | 'cause'> }) {
  const [tone, icon, word] = VERDICTS[ending] ?? ['mute', 'info', ending];
  return (
    <Badge tone={tone as Tone} icon={icon as IconName} plain>
      {cause ? `${word}, ${CAUSES[cause] ?? cause}` : word}
    </Badge>
  );
}

type Status = [tone: Tone, icon: IconName, word: string, title: string];

/** The states of a rollout in stages. */
const STAGED: Partial<Record<RolloutState, Status>> = {
  paused: ['warn', 'pause', 'Paused', 'The rollout waits for a person'],
  shifting: ['busy', 'progress', 'Shifting traffic', 'The traffic moves to the new tasks'],
  baking: ['busy', 'progress', 'Baking', 'The new tasks have the traffic; the old ones stay for a while'],
};

/** The one word for a service that matters most now. */
export function statusOf(service: Service): Status {
  if (service.state === 'failed') return ['bad', 'circle-cross', 'Failed', 'The last rollout failed'];
  if (service.state === 'rolled-back')
    return ['bad', 'undo', 'Rolled back', 'The last rollout failed, and ECS went back'];
  if (struggles(service)) return ['bad', 'alert', 'Tasks failing', 'The rollout goes on, but its tasks keep failing'];
  if (service.sync === 'rolling-out' && service.state && STAGED[service.state]) return STAGED[service.state]!;
  const schedule = scheduleConcern(service);
  if (schedule)
    return ['bad', 'circle-cross', service.schedule!.state === 'missed' ? 'Run missed' : 'Runs failing', schedule];
  if (service.sync === 'in-sync' && service.health === 'failing')
    return ['bad', 'circle-cross', 'Failing', 'No task runs'];
  return SYNC[service.sync];
}

export function StatusBadge({ service }: { service: Service }) {
  const [tone, icon, word, title] = statusOf(service);
  return (
    <Badge tone={tone} icon={icon} spin={icon === 'progress'} title={title}>
      {word}
    </Badge>
  );
}

/** A share of things that can be counted, and are. */
export function Bar({ value, of, label }: { value: number; of: number; label: string }) {
  return (
    <div class="bar" role="progressbar" aria-label={label} aria-valuenow={value} aria-valuemin={0} aria-valuemax={of}>
      <span style={{ transform: `scaleX(${of ? value / of : 0})` }} />
    </div>
  );
}
