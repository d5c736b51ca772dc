/** What would be done, as the server plans it, and in the words in which it is shown. */

import type { Json } from './model';

/** `unmanage`: the desired state leaves it out, and it goes on running. */
export type Action = 'create' | 'update' | 'replace' | 'run' | 'destroy' | 'unmanage' | 'nothing';

/** `concealed`: it changed, and the caller may not read the values. */
export interface Field { path: string; before: unknown; after: unknown; running: unknown; concealed?: boolean }
export interface PlannedService { name: string; action: Action; fields: Field[] }
export interface Step { text: string; service: string | null; kind: string | null }
export interface Plan {
  id: string | null;
  services: PlannedService[];
  steps: Step[];
  notes: { service: string | null; message: string }[];
  unmanaged: string[];
  estimateSeconds: number | null;
}

const ACTIONS: Action[] = ['create', 'update', 'replace', 'run', 'destroy', 'unmanage', 'nothing'];

export function readPlan(sent: Json): Plan {
  const plan = isObject(sent.plan) ? sent.plan : sent;
  const stored = isObject(plan.stored) ? plan.stored : plan;
  const ecs = isObject(plan.ecs) ? plan.ecs : plan;
  const running = runningValues(ecs === stored ? null : ecs);
  return {
    id: asText(plan.id) ?? asText(sent.plan_id),
    services: rows(stored).map((row) => readRow(row, running)),
    steps: objects(ecs.steps).map((s) => ({ text: asText(s.text) ?? asText(s.kind) ?? '', service: asText(s.service), kind: asText(s.kind) })),
    notes: [...objects(plan.notes), ...objects(ecs === plan ? [] : ecs.notes), ...objects(sent.warnings)].map((n) => ({ service: asText(n.service) ?? asText(n.path), message: asText(n.message) ?? '' })),
    unmanaged: strings(plan.unmanaged ?? ecs.unmanaged),
    estimateSeconds: [ecs.estimate_seconds, plan.estimate_seconds, ecs.seconds].find((v): v is number => typeof v === 'number') ?? null,
  };
}

/** The row of what stands above all services has no name. */
export const CLUSTER_WIDE = '';

function rows(plan: Json): Json[] {
  const services = objects(plan.services ?? plan.rows ?? plan.changes);
  const settings = objects(plan.settings);
  return settings.length ? [...services, { service: CLUSTER_WIDE, action: 'update', changes: settings }] : services;
}

/** What ECS has now, by service and field: the third column of the review. */
function runningValues(ecs: Json | null): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const row of ecs ? rows(ecs) : [])
    for (const change of objects(row.changes)) found.set(`${asText(row.service) ?? asText(row.name)} ${String(change.path)}`, change.before);
  return found;
}

function readRow(row: Json, running: Map<string, unknown>): PlannedService {
  const name = asText(row.service) ?? asText(row.name) ?? '';
  return {
    name,
    action: ACTIONS.find((a) => a === row.action) ?? 'update',
    fields: objects(row.changes ?? row.fields).map((change) => {
      const path = String(change.path);
      const runs = 'running' in change ? change.running : 'observed' in change ? change.observed : running.get(`${name} ${path}`);
      const concealed = change.concealed === true ? { concealed: true } : {};
      return { path, before: change.before ?? null, after: change.after ?? null, running: runs, ...concealed };
    }),
  };
}

/** The fields of a diff answer: `GET …/revisions/{r}/diff`. */
export function readDiff(sent: Json): PlannedService[] {
  return readPlan(isObject(sent.diff) ? sent.diff : sent).services.filter((s) => s.action !== 'nothing');
}

export const VERBS: Record<Action, string> = {
  create: 'Create',
  update: 'Update',
  replace: 'Replace',
  run: 'Run',
  destroy: 'Destroy',
  unmanage: 'Leave alone',
  nothing: 'No change',
};

export function isChange(service: PlannedService): boolean {
  return service.action !== 'nothing';
}

/** `3 changes in 2 services`; what comes first in every review. */
export function summary(services: readonly PlannedService[]): string {
  const changed = services.filter(isChange);
  if (!changed.length) return 'No changes';
  const fields = changed.reduce((sum, s) => sum + (s.action === 'update' ? Math.max(1, s.fields.length) : 1), 0);
  const named = changed.filter((s) => s.name !== CLUSTER_WIDE).length;
  const wide = named < changed.length ? 'the settings for all' : '';
  return `${plural(fields, 'change')} in ${[named ? plural(named, 'service') : '', wide].filter(Boolean).join(' and ')}`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** A value as one short line; text stands without quotes. */
export function shortValue(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string') return value === '' ? '""' : value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map((v) => (isObject(v) ? String(v.service ?? v.name ?? '') : String(v))) : [];
}
function asText(value: unknown): string | null {
  return typeof value === 'string' && value ? value : null;
}
