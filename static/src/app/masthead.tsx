import { signal } from '@preact/signals';
import { plural } from '../lib/changes';
import { shown } from '../lib/keys';
import { activityRoute, clusterRoute, fleetRoute, type Route, versionsRoute } from '../lib/router';
import { Link } from '../ui/button';
import { Icon } from '../ui/icons';
import { Menu } from '../ui/menu';
import { notifying, toggleNotifications } from './attention';
import { isMac } from './keyboard';
import { proposalsOf, useProposals } from './proposals';
import { singleKeys, theme } from './preferences';
import { age, connection, me, offered, route, signedOut, signOut, store, unreachable } from './state';

export const paletteOpen = signal(false);
export const helpOpen = signal(false);

/** The bar at the top of every page: where to go, the palette, the state of the connection, settings. */
export function Masthead() {
  const here = route.value.screen;
  return (
    <header class="mast">
      <Link to={fleetRoute()} class="logo" aria-label="Nysa: all clusters">
        <Logo />
        <span>Nysa</span>
      </Link>
      <nav aria-label="Main">
        {[fleetRoute(), versionsRoute(), activityRoute()]
          .filter(({ screen }) => screen === 'fleet' || offered('GET', `/${screen}`))
          .map((to) => (
            <Link key={to.screen} to={to} {...(here === to.screen ? { 'aria-current': 'page' as const } : {})}>
              {NAMES[to.screen] ?? 'Fleet'}
            </Link>
          ))}
        <Proposals />
      </nav>
      <button type="button" class="omni" onClick={() => (paletteOpen.value = true)}>
        <Icon name="search" />
        <span class="text">Search, or “deploy user v2.6.1”</span>
        <span class="keys" aria-hidden="true">
          {shown('mod+k', isMac).map((k) => (
            <kbd key={k}>{k}</kbd>
          ))}
        </span>
      </button>
      <ConnectionState />
      <Menu
        label="Settings"
        icon={theme.value === 'dark' ? 'moon' : theme.value === 'light' ? 'sun' : 'screen'}
        items={[
          { label: 'Light', icon: 'sun', run: () => (theme.value = 'light') },
          { label: 'Dark', icon: 'moon', run: () => (theme.value = 'dark') },
          { label: 'System', icon: 'screen', run: () => (theme.value = 'system') },
          null,
          { label: 'Keyboard shortcuts', icon: 'keyboard', run: () => (helpOpen.value = true) },
          {
            label: `Single-key shortcuts: ${singleKeys.value ? 'on' : 'off'}`,
            icon: 'keyboard',
            run: () => (singleKeys.value = !singleKeys.value),
          },
          ...(me.value
            ? [
                null,
                {
                  label: `Signed in as ${me.value.name}`,
                  icon: 'info' as const,
                  run: () => undefined,
                  why: me.value.role,
                },
              ]
            : []),
          ...(globalThis.Notification
            ? [
                {
                  label: `Notify of failures: ${notifying.value ? 'on' : 'off'}`,
                  icon: 'bell' as const,
                  run: () => void toggleNotifications(),
                },
              ]
            : []),
          ...(me.value?.signedIn ? [{ label: 'Sign out', icon: 'cross' as const, run: () => void signOut() }] : []),
        ]}
      />
    </header>
  );
}

/** How many proposals wait; none, no link. */
function Proposals() {
  const open = proposalsOf(useProposals('open')).length;
  const here = route.value.screen === 'proposals';
  if (!open && !here) return null;
  return (
    <Link to={{ screen: 'proposals' }} {...(here ? { 'aria-current': 'page' as const } : {})}>
      {plural(open, 'proposal')}
    </Link>
  );
}

function ConnectionState() {
  const state = connection.value;
  if (state === 'live')
    return (
      <span class="connection" data-tone="good" title="Every change is shown as it happens">
        <i />
        <span>Live</span>
      </span>
    );
  if (signedOut.value)
    return (
      <span class="connection" data-tone="mute">
        <i />
        <span>Not signed in</span>
      </span>
    );
  if (state === 'connecting' || (!store.loaded.value && !unreachable.value))
    return (
      <span class="connection" data-tone="mute">
        <i />
        <span>Connecting</span>
      </span>
    );
  if (!store.loaded.value)
    return (
      <span class="connection" data-tone="warn" role="status">
        <i />
        <span>Can't reach Nysa — retrying</span>
      </span>
    );
  const seconds = Math.round(age.value / 1000);
  const old = seconds >= 90 ? plural(Math.floor(seconds / 60), 'minute') : `${seconds} s`;
  return (
    <span class="connection" data-tone="warn" role="status">
      <i />
      <span>{`Reconnecting · data ${old} old`}</span>
    </span>
  );
}

/** The mark: squares in the shape of an N. */
function Logo() {
  return (
    <svg viewBox="0 0 26 26" aria-hidden="true">
      {MARK.map(([x, y]) => (
        <rect key={`${x} ${y}`} x={x * 7} y={y * 7} width="5" height="5" rx="1" />
      ))}
    </svg>
  );
}

const MARK: [number, number][] = [
  [0, 0],
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 1],
  [2, 2],
  [3, 0],
  [3, 1],
  [3, 2],
  [3, 3],
];

/** The trail of pages above this one; the fleet has none. */
export function Crumbs() {
  const at = route.value;
  if (at.screen === 'fleet') return null;
  const trail: { label: string; to: Route }[] = [{ label: 'Fleet', to: fleetRoute() }];
  if ('cluster' in at) trail.push({ label: at.cluster, to: clusterRoute(at.cluster) });
  if (at.screen === 'cluster' && at.service) trail.push({ label: at.service, to: at });
  if (at.screen in NAMES) trail.push({ label: NAMES[at.screen]!, to: at });
  return (
    <nav class="crumbs" aria-label="Where you are">
      <ol>
        {trail.map(({ label, to }, i) => (
          <li key={label}>
            {i === trail.length - 1 ? (
              <span class="cut" aria-current="page">
                {label}
              </span>
            ) : (
              <Link to={to} class="cut">
                {label}
              </Link>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

export const NAMES: Record<string, string> = {
  stackfile: 'Stackfile',
  review: 'Review',
  rollout: 'Rollout',
  history: 'History',
  audit: 'Audit',
  removed: 'Removed',
  proposals: 'Proposals',
  proposal: 'Proposal',
  activity: 'Activity',
  versions: 'Versions',
  new: 'New cluster',
  parts: 'Parts',
};
