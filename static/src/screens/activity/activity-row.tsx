import type { Happening } from '../../lib/activity';
import { clusterRoute } from '../../lib/router';
import { duration, exact } from '../../lib/time';
import { Avatar } from '../../ui/avatar';
import { Link } from '../../ui/button';
import { Icon, type IconName } from '../../ui/icons';
import { UserText } from '../../ui/text';

const ICONS: Record<string, IconName> = {
  rollback: 'undo',
  freeze: 'frozen',
  thaw: 'frozen',
  deletion: 'trash',
  refusal: 'hold',
};

const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** One line of the activity: when, who, what, where, why, and how it ended. */
export function ActivityRow({ happening }: { happening: Happening }) {
  const { at, by, cluster, kind, verb, summary, message, services, outcome, revision } = happening;
  const [service] = services.length === 1 ? services : [];
  const bad = kind === 'refusal' || outcome?.failed;
  return (
    <li data-bad={Boolean(bad)}>
      <time dateTime={new Date(at).toISOString()} title={exact(at)}>
        {TIME.format(at)}
      </time>
      <Icon name={outcome?.failed ? 'cross' : (ICONS[kind] ?? ICONS[verb] ?? (outcome ? 'check' : 'up-arrow'))} />
      <Avatar name={by} />
      <p>
        <b>
          <UserText text={by ?? 'external'} />
        </b>{' '}
        {kind === 'refusal' && 'was refused: '}
        <UserText text={summary} />
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
