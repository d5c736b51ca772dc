import { useEffect, useRef } from 'preact/hooks';
import { SERVICES } from '../../app/actions';
import { useKeys } from '../../app/keyboard';
import { opened, serviceItems } from '../../app/menus';
import { rowLinks } from '../../app/rows';
import { adjust, go, hindrance, route } from '../../app/state';
import { type Tab, TABS } from '../../lib/router';
import type { ClusterEntry } from '../../lib/store';
import { Button } from '../../ui/button';
import { Menu } from '../../ui/menu';
import { lazy } from '../../ui/lazy';
import { Empty } from '../../ui/states';
import { ConfigurationTab } from './configuration-tab';
import { DiffTab } from './diff-tab';
import { HistoryTab } from './history-tab';
import { OverviewTab } from './overview-tab';
import { TasksTab } from './tasks-tab';

const telemetry = () => import('../telemetry/telemetry');
const LogsTab = lazy(() => telemetry().then((tabs) => tabs.LogsTab));
const MetricsTab = lazy(() => telemetry().then((tabs) => tabs.MetricsTab));

const RunsTab = lazy(() => import('../runs/runs-tab').then((tab) => tab.RunsTab));

const LABELS: Record<Tab, string> = {
  overview: 'Overview',
  logs: 'Logs',
  metrics: 'Metrics',
  configuration: 'Configuration',
  diff: 'Diff',
  tasks: 'Tasks and events',
  runs: 'Runs',
  history: 'History',
};

/** One service beside the list, which stays usable; the address names it and its tab. */
export function Drawer({ entry, name, tab }: { entry: ClusterEntry; name: string; tab: Tab }) {
  const panel = useRef<HTMLElement>(null);
  const row = entry.names.value.includes(name) ? entry.rows.get(name) : undefined;
  const service = row?.value;
  const why = hindrance('PATCH', SERVICES, entry.name, [name]);
  const managed = service && service.sync !== 'unmanaged';
  const open = (kind: 'deploy' | 'scale') =>
    service && (opened.value = { kind, cluster: entry.name, services: [service] });
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
    { keys: 'escape', label: 'Close', group: 'Service', run: close },
    { keys: '[', label: 'Previous tab', group: 'Service', run: () => turn(-1) },
    { keys: ']', label: 'Next tab', group: 'Service', run: () => turn(1) },
    { keys: 't', label: 'Deploy', group: 'Service', run: () => managed && !why && open('deploy') },
  ]);
  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
  }, [name]);
  return (
    <aside class="drawer" aria-label={`Service ${name}`} ref={panel} tabIndex={-1}>
      <header>
        <div class="title">
          <h2>{name}</h2>
          {service && managed && (
            <>
              <Button icon="up-arrow" kind="primary" why={why} onClick={() => open('deploy')}>
                Deploy
              </Button>
              <Button icon="scale" why={why} onClick={() => open('scale')}>
                Scale
              </Button>
              <Menu label={`Actions for ${name}`} items={serviceItems(service, close)} />
            </>
          )}
          <Button kind="quiet" icon="cross" label="Close" onClick={close} />
        </div>
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
          <Empty icon="question" title="Service not found">
            {entry.name} has no service called {name}.
          </Empty>
        ) : tab === 'overview' ? (
          <OverviewTab service={service} />
        ) : tab === 'logs' ? (
          <LogsTab key={name} service={service} />
        ) : tab === 'metrics' ? (
          <MetricsTab key={name} service={service} />
        ) : tab === 'configuration' ? (
          <ConfigurationTab service={service} />
        ) : tab === 'diff' ? (
          <DiffTab service={service} />
        ) : tab === 'tasks' ? (
          <TasksTab service={service} />
        ) : tab === 'runs' ? (
          <RunsTab key={name} service={service} />
        ) : (
          <HistoryTab service={service} revision={entry.summary.value.revision} />
        )}
      </div>
    </aside>
  );
}
