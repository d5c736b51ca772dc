/** Every change that can be made from the page, as data: what is called, and its words. */

import { signal } from '@preact/signals';
import type { Service } from '../lib/model';
import { type Call, path } from '../lib/rest';

export interface ActionCall {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  target: string;
  body?: object;
  query?: Call['query'];
}

export interface Action {
  title: string;
  /** The label of the confirming button. */
  verb: string;
  danger?: boolean;
  cluster: string;
  call: ActionCall;
  /** What must be typed before it can be confirmed. */
  typed?: string;
  note?: string;
  done: string;
  /** It changes what stands before changes, and neither what is wanted nor what runs: no plan, no freeze, no rollout. */
  guardsOnly?: boolean;
  after?: (revision: string | null) => void;
}

/** The action that waits for its confirmation. */
export const asked = signal<Action | null>(null);

export const SERVICE = '/clusters/{c}/services/{s}';
export const SERVICES = '/clusters/{c}/services';

const several = (services: readonly Service[]) =>
  services.length === 1 ? services[0]!.name : `${services.length} services`;

/** The same change of some services: stored as one, or not at all. null has them destroyed. */
function change(cluster: string, services: readonly Service[], what: object | null): Pick<Action, 'cluster' | 'call'> {
  const body = { services: Object.fromEntries(services.map((s) => [s.name, what])) };
  return { cluster, call: { method: 'PATCH', target: path('clusters', cluster, 'services'), body } };
}

export function scale(cluster: string, services: readonly Service[], to: number): Action {
  return {
    ...change(cluster, services, { desired_count: to }),
    title: `Scale ${several(services)} to ${to}`,
    verb: `Scale to ${to}`,
    done: `${several(services)} scaled to ${to}`,
  };
}

export function changeTag(cluster: string, services: readonly Service[], tag: string): Action {
  return {
    ...change(cluster, services, { image_tag: tag }),
    title: `Deploy ${tag} to ${several(services)}`,
    verb: `Deploy ${tag}`,
    done: `Deploying ${tag} to ${several(services)}`,
  };
}

export function restart(cluster: string, services: readonly Service[]): Action {
  return {
    ...change(cluster, services, { restart: true }),
    title: `Restart ${several(services)}`,
    verb: 'Restart',
    note: 'Replaces all tasks and pulls the image again (picks up a moved tag).',
    done: `${several(services)} ${services.length === 1 ? 'is' : 'are'} being restarted`,
  };
}

export function removeServices(cluster: string, services: readonly Service[]): Action {
  return {
    ...change(cluster, services, null),
    title: `Delete ${several(services)}`,
    verb: 'Delete',
    danger: true,
    typed: services.length === 1 ? services[0]!.name : cluster,
    done: `${several(services)} deleted`,
  };
}

export function deployAgain(cluster: string): Action {
  return {
    title: `Deploy ${cluster} again`,
    verb: 'Deploy again',
    cluster,
    call: { method: 'POST', target: path('clusters', cluster, 'deploy') },
    note: 'Re-applies the stackfile and fixes drift.',
    done: `${cluster} is being deployed again`,
  };
}

export function rollback(
  cluster: string,
  revision: string | null,
  service: string | null = null,
  version: string | null = null,
): Action {
  const what = service ?? cluster;
  return {
    title: `Roll back ${what} to ${revision ? shortRevision(revision) : (version ?? 'the previous revision')}`,
    verb: 'Roll back',
    cluster,
    call: {
      method: 'POST',
      target: path('clusters', cluster, 'rollback'),
      body: { ...(revision ? { revision } : {}), ...(service ? { service } : {}) },
    },
    note: 'Creates a new revision; history is kept.',
    done: `${what} is being rolled back`,
  };
}

export function promote(from: string, to: string, services: readonly string[] | null, force = false): Action {
  return {
    title: `Promote from ${from} to ${to}`,
    verb: 'Promote',
    cluster: to,
    call: {
      method: 'POST',
      target: path('clusters', to, 'promote'),
      body: { from, ...(services ? { services } : {}), ...(force ? { force } : {}) },
    },
    note: `Copies ${from}'s images (pinned by digest). Services in only one cluster are skipped.`,
    done: `Promoting ${from} to ${to}`,
  };
}

export function freeze(cluster: string, until: string | null): Action {
  return {
    title: `Freeze ${cluster}`,
    verb: 'Freeze',
    cluster,
    call: { method: 'PUT', target: path('clusters', cluster, 'freeze'), body: until ? { until } : {} },
    guardsOnly: true,
    note: 'Blocks all deploys; people see your reason.',
    done: `${cluster} is frozen`,
  };
}

export function thaw(cluster: string): Action {
  return {
    title: `Unfreeze ${cluster}`,
    verb: 'Unfreeze',
    cluster,
    call: { method: 'DELETE', target: path('clusters', cluster, 'freeze') },
    guardsOnly: true,
    note: 'Deploys allowed again.',
    done: `${cluster} is unfrozen`,
  };
}

export function release(cluster: string, service: string, images: readonly string[]): Action {
  return {
    title: `Unblock ${images.length === 1 ? images[0] : `${images.length} images`}`,
    verb: 'Unblock',
    cluster,
    call: { method: 'DELETE', target: path('clusters', cluster, 'services', service, 'quarantine'), body: {} },
    guardsOnly: true,
    note: `${service} may be deployed with ${images.length === 1 ? 'it' : 'them'} again. Nothing is deployed by this.`,
    done: `${images.join(', ')} unblocked for ${service}`,
  };
}

export function stopManaging(cluster: string): Action {
  return {
    title: `Stop managing ${cluster}`,
    verb: 'Stop managing',
    danger: true,
    cluster,
    typed: cluster,
    call: { method: 'DELETE', target: path('clusters', cluster) },
    note: 'Everything keeps running in ECS. The history stays, and the cluster can be restored.',
    done: `${cluster} is no longer managed`,
  };
}

export function restore(cluster: string): Action {
  return {
    title: `Restore ${cluster}`,
    verb: 'Restore',
    cluster,
    call: { method: 'POST', target: path('clusters', cluster, 'restore') },
    note: 'Stores and deploys its last desired state again; its history continues.',
    done: `${cluster} is managed again`,
  };
}

export function shortRevision(revision: string | null): string {
  return revision ? revision.replaceAll('"', '').slice(0, 8) : '–';
}
