import { signal } from '@preact/signals';
import { plural } from '../lib/changes';
import { shown } from '../lib/keys';
import { clusterRoute, type Route } from '../lib/router';
import icon from '../favicon.svg';
import { Link } from '../ui/button';
import { Icon } from '../ui/icons';
import { Menu } from '../ui/menu';
import { isMac } from './keyboard';
import { singleKeys, theme } from './preferences';
import { age, connection, me, route, signedOut, signOut, store, unreachable } from './state';

export const paletteOpen = signal(false);
export const helpOpen = signal(false);

export function TopBar() {
  return (
    <header class="topbar">
      <Link to={{ screen: 'fleet', filter: '' }} class="logo" aria-label="Nysa: all clusters">
        <img src={icon} alt="" />
        <span>Nysa</span>
      </Link>
      <Crumbs />
      <ConnectionState />
      <button type="button" class="button searchbutton" onClick={() => (paletteOpen.value = true)}>
        <Icon name="search" />
        <span class="text">Search…</span>
        <span class="keys" aria-hidden="true">
          {shown('mod+k', isMac).map((k) => (
            <kbd key={k}>{k}</kbd>
          ))}
        </span>
      </button>
      <Menu
        label="Settings"
        icon={theme.value === 'dark' ? 'moon' : theme.value === 'light' ? 'sun' : 'screen'}
        items={[
          { label: 'Light', icon: 'sun', run: () => (theme.value = 'light') },
          { label: 'Dark', icon: 'moon', run: () => (theme.value = 'dark') },
          { label: 'As the system', icon: 'screen', run: () => (theme.value = 'system') },
          null,
          { label: 'Keys', icon: 'keyboard', run: () => (helpOpen.value = true) },
          {
            label: singleKeys.value ? 'Switch single keys off' : 'Switch single keys on',
            icon: 'keyboard',
            run: () => (singleKeys.value = !singleKeys.value),
          },
          ...(me.value
            ? [
                null,
                { label: `You are ${me.value.name}`, icon: 'info' as const, run: () => undefined, why: me.value.role },
              ]
            : []),
          ...(me.value?.signedIn ? [{ label: 'Sign out', icon: 'cross' as const, run: () => void signOut() }] : []),
        ]}
      />
    </header>
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

function Crumbs() {
  const at = route.value;
  const trail: { label: string; to: Route }[] = [{ label: 'Clusters', to: { screen: 'fleet', filter: '' } }];
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
  new: 'New cluster',
};
