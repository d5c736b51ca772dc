import { useEffect, useRef } from 'preact/hooks';
import { asked, changeTag, scale, SERVICES } from '../app/actions';
import { useKeys } from '../app/keyboard';
import { opened, serviceItems } from '../app/menus';
import { rowLinks } from '../app/rows';
import { adjust, go, hindrance, route } from '../app/state';
import { type Tab, TABS } from '../lib/router';
import type { ClusterEntry } from '../lib/store';
import { HealthBadge, StatusBadge } from '../ui/badge';
import { Button } from '../ui/button';
import { Menu } from '../ui/menu';
import { Empty } from '../ui/states';
import { CountDialog } from './count-dialog';
import { DiffTab, HistoryTab, OverviewTab, TasksTab } from './drawer-tabs';
import { TagPicker } from './tag-picker';

const LABELS: Record<Tab, string> = {
  overview: 'Overview',
  diff: 'Diff',
  tasks: 'Tasks and events',
  history: 'History',
};

/** One service beside the list, which stays usable; the address says which one, and which tab. */
export function Drawer({ entry, name, tab }: { entry: ClusterEntry; name: string; tab: Tab }) {
  const panel = useRef<HTMLElement>(null);
  const dialog = opened.value;
  const setDialog = (to: typeof dialog) => (opened.value = to);
  const row = entry.names.value.includes(name) ? entry.rows.get(name) : undefined;
  const service = row?.value;
  const close = () => {
    const at = route.peek();
    go({ ...at, service: null } as typeof at);
    rowLinks()
      .find((e) => e.dataset.row === name)
      ?.focus();
  };
  const turn = (by: number) =>
    adjust({ tab: TABS[(TABS.indexOf((route.peek() as { tab: Tab }).tab) + by + TABS.length) % TABS.length]! });
  useKeys([
    { keys: 'escape', says: 'Close', group: 'Service', run: close },
    { keys: '[', says: 'Tab before', group: 'Service', run: () => turn(-1) },
    { keys: ']', says: 'Next tab', group: 'Service', run: () => turn(1) },
    { keys: 't', says: 'Change the tag', group: 'Service', run: () => setDialog('tag') },
  ]);
  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
    return () => void setDialog(null);
  }, [name]);
  const why = hindrance('PATCH', SERVICES, entry.name);
  const managed = service && service.sync !== 'unmanaged';
  return (
    <aside class="drawer" aria-label={`Service ${name}`} ref={panel} tabIndex={-1}>
      <header>
        <div class="title">
          <h2>{name}</h2>
          {service && managed && <Menu label={`Actions for ${name}`} items={serviceItems(service, close)} />}
          <Button kind="quiet" icon="cross" label="Close" onClick={close} />
        </div>
        {service && (
          <div class="spread">
            <div class="row">
              <StatusBadge service={service} />
              <HealthBadge health={service.health} />
            </div>
            {managed && (
              <div class="row">
                <Button icon="scale" why={why} onClick={() => setDialog('scale')}>
                  Scale
                </Button>
                <Button icon="tag" kind="primary" why={why} onClick={() => setDialog('tag')}>
                  Change tag
                </Button>
              </div>
            )}
          </div>
        )}
        <div class="tabs" role="tablist" aria-label={name}>
          {TABS.map((t) => (
            <button
              key={t}
              type="button"
              role="tab"
              id={`tab-${t}`}
              aria-selected={t === tab}
              aria-controls="drawer-panel"
              tabIndex={t === tab ? 0 : -1}
              onClick={() => adjust({ tab: t })}
              onKeyDown={(e) => {
                const by = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
                if (by) {
                  turn(by);
                  requestAnimationFrame(() =>
                    panel.current?.querySelector<HTMLElement>('[role=tab][aria-selected=true]')?.focus(),
                  );
                }
              }}
            >
              {LABELS[t]}
            </button>
          ))}
        </div>
      </header>
      <div class="content" id="drawer-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {!service ? (
          <Empty icon="question" title="Not there">
            {entry.name} has no service called {name}.
          </Empty>
        ) : tab === 'overview' ? (
          <OverviewTab service={service} />
        ) : tab === 'diff' ? (
          <DiffTab service={service} />
        ) : tab === 'tasks' ? (
          <TasksTab service={service} />
        ) : (
          <HistoryTab service={service} revision={entry.summary.value.revision} />
        )}
      </div>
      {service && dialog === 'scale' && (
        <CountDialog
          services={[service]}
          onClose={() => setDialog(null)}
          onPick={(n) => {
            setDialog(null);
            asked.value = scale(entry.name, [service], n);
          }}
        />
      )}
      {service && managed && dialog === 'tag' && (
        <TagPicker
          cluster={entry.name}
          services={[service]}
          onClose={() => setDialog(null)}
          onPick={(tag) => {
            setDialog(null);
            asked.value = changeTag(entry.name, [service], tag);
          }}
        />
      )}
    </aside>
  );
}
