import type { Happening } from '../../lib/activity';
import { clusterRoute } from '../../lib/router';
import { duration } from '../../lib/time';
import { Avatar } from '../../ui/avatar';
import { Link } from '../../ui/button';
import { Deed, iconOf } from '../../ui/happening';
import { Icon } from '../../ui/icons';
import { UserText } from '../../ui/text';
import { TimeOfDay } from '../../ui/time';

/** One line of the activity: when, who, what, where, why, and how it ended. */
export function ActivityRow({ happening }: { happening: Happening }) {
  const { at, by, cluster, kind, message, services, outcome, revision } = happening;
  const [service] = services.length === 1 ? services : [];
  const bad = kind === 'refusal' || outcome?.failed;
  return (
    <li data-bad={Boolean(bad)}>
      <TimeOfDay at={at} />
      <Icon name={outcome?.failed ? 'cross' : (iconOf(happening) ?? (outcome ? 'check' : 'up-arrow'))} />
      <Avatar name={by} />
      <p>
        <Deed happening={happening} />
      </p>
      <span class="cut">
        <Link to={clusterRoute(cluster, service ?? null)}>{cluster}</Link>
      </span>
      <span class="why cut" title={message ?? ''}>
        {message && <UserText text={message} />}
      </span>
      <span class="ending">
        {outcome?.failed ? (
          <Link to={{ screen: 'history', cluster, from: null, to: revision }}>failed</Link>
        ) : outcome?.endedAt ? (
          duration(outcome.endedAt - at)
        ) : null}
      </span>
    </li>
  );
}
