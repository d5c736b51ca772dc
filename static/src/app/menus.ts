/** What can be done to a cluster and to a service: the same in the menus and in the palette. */

import { signal } from '@preact/signals';
import { isWindow, type Service } from '../lib/model';
import type { ClusterEntry } from '../lib/store';
import type { MenuItem } from '../ui/menu';
import {
  asked,
  deployAgain,
  removeServices,
  restart,
  rollback,
  SERVICE,
  SERVICES,
  stopManaging,
  thaw,
} from './actions';
import { hindrance, store } from './state';

/** The dialog that asks for something before an action can be planned. `after`: once the action is done. */
export type Opened =
  | { kind: 'freeze'; cluster: string }
  | { kind: 'stop'; cluster: string; service: Service }
  | { kind: 'continue'; cluster: string; service: Service; action: 'continue' | 'rollback' }
  | { kind: 'promote'; cluster: string; from?: string; services?: readonly string[] }
  | { kind: 'scale' | 'deploy'; cluster: string; services: readonly Service[]; tag?: string; after?: () => void };

export const opened = signal<Opened | null>(null);

export function clusterItems(entry: ClusterEntry): (MenuItem | null)[] {
  const { name } = entry;
  const why = (method: string, target: string) => hindrance(method, target, name);
  return [
    {
      label: 'Deploy again',
      icon: 'rocket',
      run: () => (asked.value = deployAgain(name)),
      why: why('POST', '/clusters/{c}/deploy'),
    },
    {
      label: 'Roll back',
      icon: 'undo',
      run: () => (asked.value = rollback(name, null)),
      why: why('POST', '/clusters/{c}/rollback'),
    },
    {
      label: 'Promote from…',
      icon: 'arrow',
      run: () => (opened.value = { kind: 'promote', cluster: name }),
      why: why('POST', '/clusters/{c}/promote') ?? (store.names.value.length < 2 ? 'No other cluster' : null),
    },
    entry.summary.value.frozen && !isWindow(entry.summary.value.frozen)
      ? {
          label: 'Unfreeze',
          icon: 'frozen',
          run: () => (asked.value = thaw(name)),
          why: hindrance('DELETE', '/clusters/{c}/freeze'),
        }
      : {
          label: 'Freeze…',
          icon: 'frozen',
          run: () => (opened.value = { kind: 'freeze', cluster: name }),
          why: hindrance('PUT', '/clusters/{c}/freeze'),
        },
    null,
    {
      label: 'Stop managing',
      icon: 'trash',
      danger: true,
      run: () => (asked.value = stopManaging(name)),
      why: why('DELETE', '/clusters/{c}'),
    },
  ];
}

/** `after`: once it is deleted. */
export function serviceItems(service: Service, after: () => void): (MenuItem | null)[] {
  const { cluster, name } = service;
  const why = hindrance('PATCH', SERVICES, cluster, [name]);
  return [
    {
      label: 'Deploy…',
      icon: 'up-arrow',
      run: () => (opened.value = { kind: 'deploy', cluster, services: [service] }),
      why,
    },
    {
      label: 'Scale…',
      icon: 'scale',
      run: () => (opened.value = { kind: 'scale', cluster, services: [service] }),
      why,
    },
    { label: 'Restart', icon: 'restart', run: () => (asked.value = restart(cluster, [service])), why },
    {
      label: 'Roll back',
      icon: 'undo',
      run: () => (asked.value = rollback(cluster, null, name)),
      why: hindrance('POST', '/clusters/{c}/rollback', cluster, [name]),
    },
    null,
    {
      label: 'Delete',
      icon: 'trash',
      danger: true,
      run: () => (asked.value = { ...removeServices(cluster, [service]), after }),
      why: hindrance('DELETE', SERVICE, cluster, [name]),
    },
  ];
}
