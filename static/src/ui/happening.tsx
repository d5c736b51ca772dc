import type { Happening } from '../lib/activity';
import { clusterRoute } from '../lib/router';
import { Link } from './button';
import { Icon, type IconName } from './icons';
import { UserText } from './text';
import { Ago } from './time';

const ICONS: Record<string, IconName> = {
  rollback: 'undo',
  freeze: 'frozen',
  thaw: 'frozen',
  deletion: 'trash',
  refusal: 'hold',
  proposal: 'chat',
  approval: 'check',
  rejection: 'circle-cross',
};

/** The icon of what was done; undefined for a plain change. */
export function iconOf({ kind, verb }: Happening): IconName | undefined {
  return ICONS[kind] ?? ICONS[verb];
}

/** Who did what, or was refused it. */
export function Deed({ happening: { by, kind, summary } }: { happening: Happening }) {
  return (
    <>
      <b>
        <UserText text={by ?? 'external'} />
      </b>{' '}
      {kind === 'refusal' && 'was refused: '}
      <UserText text={summary} />
    </>
  );
}

/** One line of activity: when, who, what, where and why. */
export function HappeningLine({ happening }: { happening: Happening }) {
  const { at, cluster, kind, message, services } = happening;
  const [service] = services.length === 1 ? services : [];
  return (
    <li class="happening" data-kind={kind}>
      <Ago at={at} />
      <Icon name={iconOf(happening) ?? 'up-arrow'} />
      <p>
        <Deed happening={happening} />
        <span class="where">
          <Link to={clusterRoute(cluster, service ?? null)}>{cluster}</Link>
          {message && (
            <>
              {' '}
              · <UserText text={message} />
            </>
          )}
        </span>
      </p>
    </li>
  );
}
