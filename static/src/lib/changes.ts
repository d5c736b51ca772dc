/** What would be done, as the server plans it, and in the words in which it is shown. */

import type { Json } from './model';

/** `unmanage`: the desired state leaves it out, and it goes on running. */
export type Action = 'create' | 'update' | 'replace' | 'run' | 'destroy' | 'unmanage' | 'nothing';

/** `concealed`: it changed, and the caller may not read the values. */
export interface Field {
  path: string;
  before: unknown;
  after: unknown;
  running: unknown;
  concealed?: boolean;
}
export interface PlannedService {
  name: string;
  action: Action;
  fields: Field[];
}
export interface Step {
  text: string;
  service: string | null;
  kind: string | null;
}
export interface Plan {
  id: string | null;
  services: PlannedService[];
  /** What becomes of what runs: before is what ECS has. Absent where the server cannot tell. */
  ecs?: PlannedService[];
  steps: Step[];
  /** `code`: what of the server's refusals it would be. */
  notes: { service: string | null; message: string; code: string | null }[];
  unmanaged: string[];
  /** The services that change, each wave after what it needs in those before. */
  waves: string[][];
  /** The images that a rollback blocks. */
  quarantined: { service: string; image: string }[];
  estimateSeconds: number | null;
  /** What else happens to what runs, what is lost first. */
  also: SideEffect[];
  /** What would fail when the services start, errors first; it refuses nothing. */
  findings: Finding[];
  /** Why some checks of the start could not be made. */
  notChecked: string[];
}

/** `starts`: the service may start all the same. */
export interface Finding {
  service: string;
  message: string;
  advice: string;
  starts: boolean;
}

/** `lost`: it runs, and the desired state does not declare it. */
export interface SideEffect {
  effect: string;
  message: string;
}

const ACTIONS: Action[] = ['create', 'update', 'replace', 'run', 'destroy', 'unmanage', 'nothing'];

export function readPlan(sent: Json): Plan {
  const plan = isObject(sent.plan) ? sent.plan : sent;
  const stored = isObject(plan.stored) ? plan.stored : plan;
  const ecs = isObject(plan.ecs) ? plan.ecs : plan;
  const rehearsal = isObject(plan.rehearsal) ? plan.rehearsal : {};
  const runs = ecs === stored ? null : rows(ecs).map((row) => readRow(row));
  return {
    id: asText(plan.id) ?? asText(sent.plan_id),
    services: rows(stored).map((row) => besideWhatRuns(readRow(row), runs)),
    ...(runs ? { ecs: runs } : {}),
    steps: objects(ecs.steps).map((s) => ({
      text: asText(s.text) ?? asText(s.kind) ?? '',
      service: asText(s.service),
      kind: asText(s.kind),
    })),
    notes: [...objects(plan.notes), ...objects(ecs === plan ? [] : ecs.notes), ...objects(sent.warnings)].map((n) => ({
      service: asText(n.service) ?? asText(n.path),
      message: asText(n.message) ?? '',
      code: asText(n.code),
    })),
    also: objects(plan.also).map((effect) => ({
      effect: asText(effect.effect) ?? '',
      message: asText(effect.message) ?? [asText(effect.service), asText(effect.path)].filter(Boolean).join('.'),
    })),
    findings: objects(rehearsal.findings).map((finding) => ({
      service: asText(finding.service) ?? '',
      message: asText(finding.message) ?? '',
      advice: asText(finding.advice) ?? '',
      starts: finding.severity === 'warning',
    })),
    notChecked: objects(rehearsal.not_checked).flatMap(({ message }) => asText(message) ?? []),
    unmanaged: strings(plan.unmanaged ?? ecs.unmanaged),
    waves: Array.isArray(ecs.waves) ? ecs.waves.map(strings) : [],
    quarantined: objects(plan.quarantined).map((q) => ({
      service: asText(q.service) ?? '',
      image: asText(q.image) ?? '',
    })),
    estimateSeconds:
      [ecs.estimate_seconds, plan.estimate_seconds, ecs.seconds].find((v): v is number => typeof v === 'number') ??
      null,
  };
}

/** The code of a plan's note that the change would become a proposal. */
export const APPROVAL = 'approval_required';

/** Whether the change would wait for approval instead of being made. */
export function needsApproval(plan: Plan | null): boolean {
  return plan?.notes.some(({ code }) => code === APPROVAL) ?? false;
}

/** Whether two plans would change the same, whatever ECS is doing meanwhile. */
export function isSamePlan(one: Plan, other: Plan): boolean {
  const field = ({ path, before, after }: Field) => [path, before, after];
  const content = ({ services, unmanaged, quarantined, also }: Plan) =>
    JSON.stringify([
      services.filter(isChange).map((s) => [s.name, s.action, s.fields.map(field)]),
      unmanaged,
      quarantined,
      also.filter(({ effect }) => effect === 'lost'),
    ]);
  return content(one) === content(other);
}

/** The row of what stands above all services has no name. */
export const CLUSTER_WIDE = '';

function rows(plan: Json): Json[] {
  const services = objects(plan.services ?? plan.rows ?? plan.changes);
  const settings = objects(plan.settings);
  return settings.length ? [...services, { service: CLUSTER_WIDE, action: 'update', changes: settings }] : services;
}

/** Fields that a stackfile and ECS call by the same name and write in the same way. */
const ALIKE = new Set(['image', 'desired_count', 'memory', 'cpu']);

/** The third column of the review. What ECS would not be asked to change is there as it is to be. */
function besideWhatRuns(row: PlannedService, runs: readonly PlannedService[] | null): PlannedService {
  const there = runs?.find((each) => each.name === row.name);
  if (!there || !row.name) return row;
  const fields = row.fields.map((field) => {
    if (there.action === 'create') return { ...field, running: null };
    const own = there.fields.find((each) => each.path === field.path);
    if (own && !own.concealed) return { ...field, running: own.before };
    return own || !ALIKE.has(field.path) ? field : { ...field, running: field.after };
  });
  return { ...row, fields };
}

/** The plan, with the image of the running tasks: a deployment that cannot start is not what runs. */
export function withRunningImages(plan: Plan, imageOf: (service: string) => string | null): Plan {
  const fieldsOf = (row: PlannedService) =>
    row.fields.map((f) => (f.path === 'image' ? { ...f, running: imageOf(row.name) ?? f.running } : f));
  return { ...plan, services: plan.services.map((row) => ({ ...row, fields: fieldsOf(row) })) };
}

function readRow(row: Json): PlannedService {
  const name = asText(row.service) ?? asText(row.name) ?? '';
  return {
    name,
    action: ACTIONS.find((a) => a === row.action) ?? 'update',
    fields: objects(row.changes ?? row.fields).map((change) => {
      const concealed = change.concealed === true ? { concealed: true } : {};
      return {
        path: String(change.path),
        before: change.before ?? null,
        after: change.after ?? null,
        running: undefined,
        ...concealed,
      };
    }),
  };
}

/** The marks by which a scheduler knows what is its own: putting them on changes nothing that runs. */
export function withoutMarks(services: readonly PlannedService[]): PlannedService[] {
  return services.map((row) =>
    row.action === 'update' && row.fields.every((f) => f.path === 'tags')
      ? { ...row, action: 'nothing', fields: [] }
      : row,
  );
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
  unmanage: 'Stop managing',
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

/** What two texts begin with alike, up to the last place where a word ends: `registry/app:` of `registry/app:1` and `…:2`. */
export function sharedStart(one: string, other: string): string {
  let end = 0;
  while (end < one.length && one[end] === other[end]) end++;
  return /^.*[/:@=]/s.exec(one.slice(0, end))?.[0] ?? '';
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
