import { expect, test } from 'vitest';
import {
  readDiff,
  readPlan,
  isSamePlan,
  needsApproval,
  sharedStart,
  shortValue,
  summary,
  withoutMarks,
  withRunningImages,
} from '../src/lib/changes';

const PLAN = {
  id: 'p1',
  cluster: 'staging',
  services: [
    {
      service: 'api',
      action: 'update',
      changes: [
        { path: 'image', before: 'a:1', after: 'a:2' },
        { path: 'environment.PORT', before: null, after: '80' },
      ],
    },
    {
      service: 'web',
      action: 'create',
      changes: [
        { path: 'image', before: null, after: 'w:1' },
        { path: 'ports', before: null, after: ['80:80'] },
      ],
    },
    { service: 'idle', action: 'nothing', changes: [] },
  ],
  steps: [{ id: 's1', kind: 'ecs:UpdateService', service: 'api', text: 'Update api' }],
  notes: [{ service: null, message: 'takes a while' }],
  unmanaged: ['old'],
};

test('a plan', () => {
  const plan = readPlan(PLAN);
  expect(plan).toMatchObject({
    id: 'p1',
    unmanaged: ['old'],
    steps: [{ text: 'Update api', service: 'api' }],
    notes: [{ service: null, message: 'takes a while' }],
  });
  expect(plan.services[0]).toMatchObject({
    name: 'api',
    action: 'update',
    fields: [{ path: 'image', before: 'a:1', after: 'a:2', running: undefined }, { path: 'environment.PORT' }],
  });
});

test('a plan inside an answer, with what runs beside it', () => {
  const ecs = {
    services: [{ service: 'api', action: 'update', changes: [{ path: 'image', before: 'a:0', after: 'a:2' }] }],
    steps: PLAN.steps,
    unmanaged: ['x'],
  };
  const plan = readPlan({ message: 'would change', plan: { id: 'p2', stored: { services: PLAN.services }, ecs } });
  expect(plan.id).toBe('p2');
  expect(plan.services[0]!.fields[0]).toMatchObject({ before: 'a:1', after: 'a:2', running: 'a:0' });
  expect(plan.services[0]!.fields[1]!.running).toBeUndefined();
  expect(plan.steps.length).toBe(1);
  expect(plan.unmanaged).toEqual(['x']);
  expect(
    readPlan({ services: [{ service: 'api', action: 'unmanage', changes: [] }], unmanaged: ['api'], ecs: null })
      .unmanaged,
  ).toEqual(['api']);
});

test('what would fail at the start, and what is not known', () => {
  const finding = { service: 'web', path: 'image', check: 'image', class: 'image-pull', message: 'No such tag.' };
  const gap = { check: 'roles', message: 'iam:GetRole is not allowed.', permission: 'iam:GetRole', services: ['web'] };
  const rehearsal = {
    services: ['web'],
    findings: [
      { ...finding, advice: 'Push it.', severity: 'error' },
      { ...finding, advice: '', severity: 'warning' },
    ],
    not_checked: [gap],
  };
  const plan = readPlan({ services: [], rehearsal });
  expect(plan.findings).toEqual([
    { service: 'web', message: 'No such tag.', advice: 'Push it.', starts: false },
    { service: 'web', message: 'No such tag.', advice: '', starts: true },
  ]);
  expect(plan.notChecked).toEqual(['iam:GetRole is not allowed.']);
  expect(readPlan({ services: [], rehearsal: null })).toMatchObject({ findings: [], notChecked: [] });
});

test('a summary in one line', () => {
  expect(summary(readPlan(PLAN).services)).toBe('3 changes in 2 services');
  expect(summary([])).toBe('No changes');
  expect(summary(readPlan({ services: [PLAN.services[1]!] }).services)).toBe('1 change in 1 service');
});

test('a diff leaves out what is the same', () => {
  expect(readDiff({ services: PLAN.services }).map((s) => s.name)).toEqual(['api', 'web']);
});

test.each([
  [null, '–'],
  ['', '""'],
  ['a', 'a'],
  [0, '0'],
  [false, 'false'],
  [['80:80'], '["80:80"]'],
])('%j is shown as %s', (value, shown) => {
  expect(shortValue(value)).toBe(shown);
});

test('what stands above the services', () => {
  const services = readDiff({ services: PLAN.services, settings: [{ path: 'vpc.id', before: 'a', after: 'b' }] });
  expect(services.map((s) => s.name)).toEqual(['api', 'web', '']);
  expect(summary(services)).toBe('4 changes in 2 services and the settings for all');
  expect(summary(services.slice(2))).toBe('1 change in the settings for all');
});

test('values that the caller may not read', () => {
  const [row] = readDiff({
    services: [{ service: 'api', action: 'update', changes: [{ path: 'environment.KEY', concealed: true }] }],
  });
  expect(row!.fields).toEqual([
    { path: 'environment.KEY', before: null, after: null, running: undefined, concealed: true },
  ]);
});

test('what runs is shown where it is known', () => {
  const change = (path: string) => ({ path, before: 1, after: 2 });
  const stored = {
    services: [
      {
        service: 'api',
        action: 'update',
        changes: [change('memory'), change('cpu'), change('environment'), change('elb.type')],
      },
      { service: 'web', action: 'create', changes: [change('memory')] },
      { service: 'gone', action: 'unmanage', changes: [change('memory')] },
    ],
  };
  const ecs = {
    services: [
      {
        service: 'api',
        action: 'update',
        changes: [
          { path: 'memory', before: 7, after: 2 },
          { path: 'environment', concealed: true },
        ],
      },
      { service: 'web', action: 'create', changes: [] },
    ],
  };
  const plan = readPlan({ ...stored, ecs });
  const running = (name: string) => plan.services.find((s) => s.name === name)!.fields.map((f) => f.running);
  // What ECS has; what it has already as it is to be; what it does not show, or calls otherwise.
  expect(running('api')).toEqual([7, 2, undefined, undefined]);
  expect(running('web')).toEqual([null]);
  expect(running('gone')).toEqual([undefined]);
  expect(plan.ecs!.map((s) => s.name)).toEqual(['api', 'web']);
  expect(readPlan(stored).ecs).toBeUndefined();
});

test('tags alone are no change of what runs', () => {
  const row = (name: string, ...paths: string[]) => ({
    name,
    action: 'update' as const,
    fields: paths.map((path) => ({ path, before: 1, after: 2, running: undefined })),
  });
  const rows = withoutMarks([row('marked', 'tags'), row('changed', 'tags', 'image')]);
  expect(rows.map((r) => [r.name, r.action, r.fields.length])).toEqual([
    ['marked', 'nothing', 0],
    ['changed', 'update', 2],
  ]);
});

test('two plans are equal as long as the same changes', () => {
  const planned = readPlan(PLAN);
  const others = readPlan({
    ...PLAN,
    id: 'p9',
    services: [...PLAN.services, { service: 'new', action: 'nothing', changes: [] }],
    steps: [],
  });
  expect(isSamePlan(planned, others)).toBe(true);
  expect(isSamePlan(planned, readPlan({ ...PLAN, services: PLAN.services.slice(1) }))).toBe(false);
  expect(isSamePlan(planned, readPlan({ ...PLAN, quarantined: [{ service: 'api', image: 'a:1' }] }))).toBe(false);
});

test.each([
  ['host:5000/team/app:1.2', 'host:5000/team/app:1.3', 'host:5000/team/app:'],
  ['app:1', 'app:12', 'app:'],
  ['abc', 'abd', ''],
  ['app@sha256:ab', 'app@sha256:cd', 'app@sha256:'],
  ['', 'x', ''],
])('what %s and %s begin with', (one, other, shared) => {
  expect(sharedStart(one, other)).toBe(shared);
});

test('what runs is the image of the running tasks', () => {
  const sent = {
    services: [
      {
        service: 'api',
        action: 'update',
        changes: [
          { path: 'image', before: 'a:1', after: 'a:2' },
          { path: 'memory', before: 1, after: 2 },
        ],
      },
    ],
  };
  const [row] = withRunningImages(readPlan(sent), (name) => (name === 'api' ? 'a:0' : null)).services;
  expect(row!.fields.map((f) => f.running)).toEqual(['a:0', undefined]);
  expect(withRunningImages(readPlan(sent), () => null)).toEqual(readPlan(sent));
});

test('a plan that would become a proposal states it in a note', () => {
  const noted = (code: string) => readPlan({ notes: [{ message: 'needs 1 approval', code }] });
  expect([needsApproval(noted('approval_required')), needsApproval(noted('frozen')), needsApproval(null)]).toEqual([
    true,
    false,
    false,
  ]);
});
