import { useMemo, useState } from 'preact/hooks';
import { type Command, parseCommand, type Verb } from '../lib/command';
import { fuzzy } from '../lib/filter';
import { backTo } from '../lib/incident';
import type { Service } from '../lib/model';
import { activityRoute, fleetRoute, clusterRoute, type Route, versionsRoute } from '../lib/router';
import { Icon, type IconName } from '../ui/icons';
import { useModal } from '../ui/focus';
import type { MenuItem } from '../ui/menu';
import { accounts } from './accounts';
import { asked, restart, restore, rollback, SERVICES } from './actions';
import { clusterItems, opened, serviceItems } from './menus';
import { theme } from './preferences';
import { go, hindrance, route, store } from './state';
import { helpOpen, paletteOpen } from './masthead';

interface Entry {
  id: string;
  label: string;
  hint: string;
  icon: IconName;
  run: () => void;
  why?: string | null;
}

const SHOWN = 12;

function entries(): Entry[] {
  const to = (id: string, label: string, hint: string, icon: IconName, target: Route): Entry => ({
    id,
    label,
    hint,
    icon,
    run: () => go(target),
  });
  const at = route.peek();
  const here = 'cluster' in at ? at.cluster : null;
  const found: Entry[] = [];
  if (here) {
    found.push(
      to('edit', `Edit the stackfile of ${here}`, 'e', 'edit', { screen: 'stackfile', cluster: here, revision: null }),
      to('rollout', `Rollout of ${here}`, '', 'rocket', { screen: 'rollout', cluster: here }),
      to('history', `History of ${here}`, 'g h', 'history', { screen: 'history', cluster: here, from: null, to: null }),
      to('audit', `Audit of ${here}`, 'g a', 'audit', { screen: 'audit', cluster: here, filter: '', chip: '' }),
      ...doable(at),
    );
  }
  for (const name of store.names.peek()) found.push(to(`c ${name}`, name, 'Cluster', 'layers', clusterRoute(name)));
  for (const [cluster, entry] of store.clusters) {
    for (const name of entry.names.peek())
      found.push(to(`s ${cluster} ${name}`, name, cluster, 'box', clusterRoute(cluster, name)));
  }
  for (const { key, label } of accounts.peek())
    found.push(to(`a ${key}`, `Clusters of ${label}`, 'AWS account', 'layers', fleetRoute('', '', '', '', key)));
  found.push(
    to('fleet', 'All clusters', 'g c', 'layers', fleetRoute()),
    to('versions', 'Versions in all clusters', 'g v', 'tag', versionsRoute()),
    to('activity', 'Activity of all clusters', '', 'history', activityRoute()),
    to('proposals', 'Proposals', 'Changes that wait for approval', 'chat', { screen: 'proposals' }),
    to('new', 'New cluster', '', 'plus', { screen: 'new' }),
    to('removed', 'Removed clusters', 'restore', 'undo', { screen: 'removed' }),
    { id: 'light', label: 'Light theme', hint: '', icon: 'sun', run: () => (theme.value = 'light') },
    { id: 'dark', label: 'Dark theme', hint: '', icon: 'moon', run: () => (theme.value = 'dark') },
    { id: 'keys', label: 'Keyboard shortcuts', hint: '?', icon: 'keyboard', run: () => (helpOpen.value = true) },
  );
  return found;
}

/** A command for every service that it fits, in all clusters; one that cannot be carried out now states why. */
function commanded({ verb, service, tag }: Command): Entry[] {
  const found: Entry[] = [];
  for (const [cluster, entry] of store.clusters) {
    for (const name of entry.names.peek()) {
      const row = entry.rows.get(name)!.peek();
      if (!name.toLowerCase().includes(service) || row.sync === 'unmanaged') continue;
      const why = verb === 'logs' ? null : hindrance('PATCH', SERVICES, cluster, [name]);
      const label = `${COMMANDS[verb].label} ${name}${tag ? ` ${tag}` : ''}`;
      const run = () => COMMANDS[verb].run(row, tag);
      found.push({
        id: `${verb} ${cluster} ${name}`,
        label,
        hint: why ?? cluster,
        icon: COMMANDS[verb].icon,
        run,
        why,
      });
    }
  }
  return found.slice(0, SHOWN);
}

const COMMANDS: Record<Verb, { label: string; icon: IconName; run: (service: Service, tag: string | null) => void }> = {
  deploy: {
    label: 'Deploy',
    icon: 'up-arrow',
    run: (service, tag) =>
      (opened.value = { kind: 'deploy', cluster: service.cluster, services: [service], ...(tag ? { tag } : {}) }),
  },
  scale: {
    label: 'Scale',
    icon: 'scale',
    run: (service) => (opened.value = { kind: 'scale', cluster: service.cluster, services: [service] }),
  },
  restart: { label: 'Restart', icon: 'restart', run: (service) => (asked.value = restart(service.cluster, [service])) },
  rollback: {
    label: 'Roll back',
    icon: 'undo',
    run: (service) => (asked.value = rollback(service.cluster, null, service.name, backTo(service))),
  },
  logs: {
    label: 'Logs of',
    icon: 'logs',
    run: (service) => go(clusterRoute(service.cluster, service.name, 'logs')),
  },
};

/** The one thing that can be done to a cluster that is not there. */
function gone(name: string): Entry {
  const why = hindrance('POST', '/clusters/{c}/restore');
  return {
    id: 'do restore',
    label: `Restore · ${name}`,
    hint: why ?? '',
    icon: 'undo',
    run: () => (asked.value = restore(name)),
    why,
  };
}

/** What the menus of this page offer, those of the open service first. */
function doable(at: Route): Entry[] {
  const entry = 'cluster' in at ? store.get(at.cluster) : null;
  if (!entry) return 'cluster' in at && store.loaded.peek() ? [gone(at.cluster)] : [];
  const service = at.screen === 'cluster' && at.service ? entry.rows.get(at.service)?.peek() : undefined;
  const of = (what: string, items: (MenuItem | null)[]) =>
    items
      .filter((item) => item !== null)
      .map((item): Entry => ({
        id: `do ${what} ${item.label}`,
        label: `${item.label} · ${what}`,
        hint: item.why ?? '',
        icon: item.icon,
        run: item.run,
        why: item.why ?? null,
      }));
  return [
    ...(service && service.sync !== 'unmanaged'
      ? of(
          service.name,
          serviceItems(service, () => go(clusterRoute(service.cluster))),
        )
      : []),
    ...of(entry.name, clusterItems(entry)),
  ];
}

export function Palette() {
  return paletteOpen.value ? <OpenPalette /> : null;
}

function OpenPalette() {
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const all = useMemo(entries, []);
  const found = useMemo(() => {
    const ranked = all.map((entry) => ({
      entry,
      score: Math.max(fuzzy(query, entry.label), fuzzy(query, `${entry.hint} ${entry.label}`) / 2),
    }));
    const command = parseCommand(query);
    const commands = command?.service ? commanded(command) : [];
    const matches = ranked
      .filter((r) => r.score > 0)
      .toSorted((a, b) => b.score - a.score)
      .map((r) => r.entry);
    return [...commands, ...matches].slice(0, SHOWN);
  }, [query, all]);
  const close = () => (paletteOpen.value = false);
  const modal = useModal(close);
  const pick = (entry: Entry | undefined) => {
    if (!entry || entry.why) return;
    close();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (by) {
      event.preventDefault();
      setChosen((n) => (n + by + found.length) % Math.max(1, found.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      pick(found[chosen]);
    }
  };
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- a click beside it closes it, as Esc does
    <dialog
      {...modal}
      class="palette"
      aria-label="Search and commands"
      onClick={(e) => e.target === e.currentTarget && close()}
    >
      <div class="ask">
        <Icon name="search" />
        <input
          role="combobox"
          aria-label="Search clusters, services and commands"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={found[chosen] ? `palette-${chosen}` : undefined}
          placeholder="Cluster, service or command"
          autocomplete="off"
          spellcheck={false}
          value={query}
          onInput={(e) => {
            setQuery(e.currentTarget.value);
            setChosen(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      {found.length ? (
        <ul id="palette-list" role="listbox" aria-label="Results">
          {found.map((entry, i) => (
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the input has the focus and takes the keys
            <li
              key={entry.id}
              id={`palette-${i}`}
              role="option"
              aria-selected={i === chosen}
              aria-disabled={entry.why ? true : undefined}
              tabIndex={-1}
              onMouseMove={() => setChosen(i)}
              onClick={() => pick(entry)}
            >
              <Icon name={entry.icon} />
              <span class="cut">{entry.label}</span>
              <span class="mute cut">{entry.hint}</span>
            </li>
          ))}
        </ul>
      ) : (
        <p class="none" id="palette-list">
          No results for “{query}”
        </p>
      )}
    </dialog>
  );
}
