/** Every change that can be made from the page, as data: what is called, and what is said about it. */

import { signal } from '@preact/signals';
import type { Field, PlannedService } from '../lib/changes';
import { parseImage } from '../lib/images';
import type { Service } from '../lib/model';
import { type Call, path } from '../lib/rest';

export interface ActionCall {
  method: 'POST' | 'PUT' | 'DELETE';
  /** The address with its names, and as the API's own document writes it. */
  target: string;
  template: string;
  body?: unknown;
  yaml?: string;
  query?: Call['query'];
  /** Where the reason goes besides `?message=`. */
  reasonIn?: 'message' | 'reason';
}

export interface Action {
  title: string;
  /** What the confirming button says. */
  verb: string;
  danger?: boolean;
  cluster: string;
  calls: ActionCall[];
  /** What must be typed before it can be confirmed. */
  typed?: string;
  /** What the page itself expects, for a server that gives no plan. */
  expected: PlannedService[];
  /** Said where nothing in the desired state changes. */
  note?: string;
  done: string;
  after?: (revision: string | null) => void;
}

/** The action that waits for its confirmation. */
export const asked = signal<Action | null>(null);

export const SERVICE = '/clusters/{c}/services/{s}';

function update(name: string, ...fields: Field[]): PlannedService {
  return { name, action: 'update', fields };
}
const field = (name: string, before: unknown, after: unknown): Field => ({ path: name, before, after, running: undefined });

function servicePut(cluster: string, service: string, body: unknown): ActionCall {
  return { method: 'PUT', target: path('clusters', cluster, 'services', service), template: SERVICE, body };
}

const several = (services: readonly Service[]) => (services.length === 1 ? services[0]!.name : `${services.length} services`);

export function scale(cluster: string, services: readonly Service[], to: number): Action {
  return {
    title: `Scale ${several(services)} to ${to}`,
    verb: `Scale to ${to}`,
    cluster,
    calls: services.map((s) => servicePut(cluster, s.name, { desired_count: to })),
    expected: services.map((s) => update(s.name, field('desired_count', s.desired, to))),
    done: `${several(services)} scaled to ${to}`,
  };
}

export function changeTag(cluster: string, services: readonly Service[], tag: string): Action {
  return {
    title: `Deploy ${tag} to ${several(services)}`,
    verb: `Deploy ${tag}`,
    cluster,
    calls: services.map((s) => servicePut(cluster, s.name, { image_tag: tag })),
    expected: services.map((s) => {
      const repository = s.image ? parseImage(s.image).repository : s.name;
      return update(s.name, field('image', s.image, `${repository}:${tag}`));
    }),
    done: `${tag} is on its way to ${several(services)}`,
  };
}

export function removeServices(cluster: string, services: readonly Service[]): Action {
  return {
    title: `Delete ${several(services)}`,
    verb: 'Delete',
    danger: true,
    cluster,
    typed: services.length === 1 ? services[0]!.name : cluster,
    calls: services.map((s) => ({ method: 'DELETE', target: path('clusters', cluster, 'services', s.name), template: SERVICE })),
    expected: services.map((s) => ({ name: s.name, action: 'destroy', fields: [] })),
    done: `${several(services)} deleted`,
  };
}

export function deployAgain(cluster: string): Action {
  return {
    title: `Deploy ${cluster} again`,
    verb: 'Deploy again',
    cluster,
    calls: [{ method: 'POST', target: path('clusters', cluster, 'deploy'), template: '/clusters/{c}/deploy' }],
    expected: [],
    note: 'The stored desired state is announced once more. ECS is brought back to it wherever it drifted.',
    done: `${cluster} is being deployed again`,
  };
}

export function rollback(cluster: string, revision: string | null, service: string | null = null): Action {
  const what = service ?? cluster;
  return {
    title: revision ? `Roll ${what} back to ${shortRevision(revision)}` : `Roll ${what} back to the revision before`,
    verb: 'Roll back',
    cluster,
    calls: [{ method: 'POST', target: path('clusters', cluster, 'rollback'), template: '/clusters/{c}/rollback', body: { ...(revision ? { revision } : {}), ...(service ? { service } : {}) }, reasonIn: 'message' }],
    expected: [],
    note: 'A new revision is stored with the old content; nothing of the history is lost.',
    done: `${what} is being rolled back`,
  };
}

export function promote(from: string, to: string, services: readonly string[] | null): Action {
  return {
    title: `Promote from ${from} to ${to}`,
    verb: 'Promote',
    cluster: to,
    calls: [{ method: 'POST', target: path('clusters', to, 'promote'), template: '/clusters/{c}/promote', body: { from, ...(services ? { services } : {}) } }],
    expected: [],
    note: `The image tags that ${from} wants are taken over. Services that only one of the two has are left alone.`,
    done: `${to} takes over the tags of ${from}`,
  };
}

export function freeze(cluster: string, until: string | null): Action {
  return {
    title: `Freeze ${cluster}`,
    verb: 'Freeze',
    cluster,
    calls: [{ method: 'PUT', target: path('clusters', cluster, 'freeze'), template: '/clusters/{c}/freeze', body: until ? { until } : {}, reasonIn: 'reason' }],
    expected: [],
    note: 'Until it is thawed, every change is refused, and whoever tries is told your reason.',
    done: `${cluster} is frozen`,
  };
}

export function thaw(cluster: string): Action {
  return {
    title: `Thaw ${cluster}`,
    verb: 'Thaw',
    cluster,
    calls: [{ method: 'DELETE', target: path('clusters', cluster, 'freeze'), template: '/clusters/{c}/freeze' }],
    expected: [],
    note: 'Changes are taken again.',
    done: `${cluster} takes changes again`,
  };
}

export function stopManaging(cluster: string): Action {
  return {
    title: `Stop managing ${cluster}`,
    verb: 'Stop managing',
    danger: true,
    cluster,
    typed: cluster,
    calls: [{ method: 'DELETE', target: path('clusters', cluster), template: '/clusters/{c}' }],
    expected: [],
    note: 'ECS is left alone: everything goes on running. The history stays, and the cluster can be restored.',
    done: `${cluster} is no longer managed`,
  };
}

export function shortRevision(revision: string | null): string {
  return revision ? revision.replaceAll('"', '').slice(0, 8) : '–';
}
