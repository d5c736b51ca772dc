/** What can be done to a cluster and to a service: the same in the menus and in the palette. */

import { signal } from '@preact/signals';
import type { Service } from '../lib/model';
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

/** The dialog that asks for something before an action can be planned; it stands over the cluster, or the service. */
export const opened = signal<'freeze' | 'promote' | 'scale' | 'tag' | null>(null);

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
      run: () => (opened.value = 'promote'),
      why: why('POST', '/clusters/{c}/promote') ?? (store.names.value.length < 2 ? 'There is no other cluster' : null),
    },
    entry.summary.value.frozen
      ? {
          label: 'Thaw',
          icon: 'frozen',
          run: () => (asked.value = thaw(name)),
          why: hindrance('DELETE', '/clusters/{c}/freeze'),
        }
      : {
          label: 'Freeze…',
          icon: 'frozen',
          run: () => (opened.value = 'freeze'),
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
  const why = hindrance('PATCH', SERVICES, cluster);
  return [
    { label: 'Change tag…', icon: 'tag', run: () => (opened.value = 'tag'), why },
    { label: 'Scale…', icon: 'scale', run: () => (opened.value = 'scale'), why },
    { label: 'Restart', icon: 'restart', run: () => (asked.value = restart(cluster, [service])), why },
    {
      label: 'Roll back',
      icon: 'undo',
      run: () => (asked.value = rollback(cluster, null, name)),
      why: hindrance('POST', '/clusters/{c}/rollback', cluster),
    },
    null,
    {
      label: 'Delete',
      icon: 'trash',
      danger: true,
      run: () => (asked.value = { ...removeServices(cluster, [service]), after }),
      why: hindrance('DELETE', SERVICE, cluster),
    },
  ];
}
