import { expect, test } from 'vitest';
import {
  concern,
  mainImage,
  progress,
  readCluster,
  readDeployments,
  readService,
  rolledOut,
  troublesomeStop,
  worst,
} from '../src/lib/model';

const service = (name: string, sent: object) => readService('prod', name, sent as Record<string, unknown>);

const fine = service('web', { sync: 'in-sync', health: 'healthy', state: 'steady' });
const drifted = service('api', {
  sync: 'drifted',
  health: 'healthy',
  drift: [{ path: 'image' }, { path: 'desired_count' }],
});
const broken = service('job', {
  sync: 'rolling-out',
  health: 'degraded',
  trouble: { kind: 'image', what: 'The image cannot be pulled', advice: '' },
});
const undone = service('ui', {
  sync: 'in-sync',
  health: 'healthy',
  state: 'rolled-back',
  verdict: { ending: 'rolled-back', reason: 'Tasks failed to start' },
});

test.each([
  [fine, null],
  [drifted, 'ECS differs in image, desired_count'],
  [service('api', { sync: 'drifted' }), 'ECS differs in what it runs'],
  [broken, 'The image cannot be pulled'],
  [undone, 'Tasks failed to start'],
  [service('ui', { health: 'failing', sync: 'in-sync' }), 'No task runs'],
  [
    service('ui', { health: 'failing', sync: 'in-sync', verdict: { ending: 'succeeded', reason: 'All 4 tasks run' } }),
    'No task runs',
  ],
  [service('ui', { state: 'failed' }), 'The last rollout failed'],
])('a concern in a few words, case %#', (of, text) => expect(concern(of)).toBe(text));

test.each([
  [[fine], null],
  [[], null],
  [[fine, drifted], 'api'],
  [[fine, drifted, broken], 'job'],
])('what fails comes before what drifted, case %#', (services, name) =>
  expect(worst(services)?.name ?? null).toBe(name),
);

test('the deployment that comes first, then those that it replaces', () => {
  expect(
    readDeployments({
      deployments: [
        { status: 'ACTIVE', desired: 0, running: 2 },
        { status: 'PRIMARY', desired: 2, running: 1 },
      ],
    }),
  ).toEqual([
    { desired: 2, running: 1 },
    { desired: 0, running: 2 },
  ]);
  expect(readDeployments(null)).toEqual([]);
});

test('a stop that explains the trouble is shown rather than a newer one that only follows from it', () => {
  const stops = [
    { reason: 'Scaling activity initiated by …', kind: 'scaled-in' },
    { reason: 'CannotPullContainerError', kind: 'image' },
  ];
  const rolledBack = service('web', { state: 'rolled-back', trouble: { kind: 'image' }, stop_reasons: stops });
  expect(troublesomeStop(rolledBack)?.reason).toBe('CannotPullContainerError');
  expect(troublesomeStop(service('web', { stop_reasons: stops }))?.kind).toBe('scaled-in');
  expect(troublesomeStop(fine)).toBeNull();
});

test.each([
  [{ state: 'queued', desired: 2, running: 0 }, 'Waiting for ECS'],
  [{ state: 'rolling-out' }, 'Waiting for ECS'],
  [{ state: 'rolling-out', desired: 3, running: 1 }, '1 of 3 new tasks running'],
  [{ state: 'rolling-out', desired: 3, running: 3, percent: 99 }, 'All 3 new tasks running, finishing'],
  [{ state: 'rolling-out', desired: 1, running: 1, percent: 99 }, 'New task running, finishing'],
  [{ state: 'removing', desired: 0, running: 0 }, 'Stopping tasks'],
])('the progress of a rollout counts tasks, case %#', (sent, words) =>
  expect(progress(service('web', { sync: 'rolling-out', ...sent }))).toBe(words),
);

test.each([
  [{ sync: 'rolling-out', health: 'degraded' }, 'starting'],
  [{ sync: 'rolling-out', health: 'failing' }, 'starting'],
  [{ sync: 'rolling-out', health: 'failing', trouble: { kind: 'image' } }, 'failing'],
  [{ sync: 'in-sync', health: 'degraded' }, 'degraded'],
  [{ sync: 'rolling-out', health: 'healthy' }, 'healthy'],
])('a service that starts is not degraded, case %#', (sent, health) =>
  expect(service('web', sent).health).toBe(health),
);

test('only what the revision changed counts, and a freeze changed nothing', () => {
  const rollouts = [
    { revision: 'r1', services: ['a'] },
    { revision: 'r2', services: ['b', 'c', 'd'] },
    { revision: 'r3', services: [] },
  ];
  const cluster = readCluster('prod', { revision: 'r3', rollouts });
  expect(rolledOut(cluster, 1)).toEqual({ done: 2, total: 3 });
  expect(rolledOut(cluster, 5)).toEqual({ done: 0, total: 5 });
  expect(rolledOut(readCluster('prod', {}), 0)).toEqual({ done: 0, total: 0 });
});

test.each([
  [
    'the repository of the service',
    [
      { name: 'proxy', image: 'h.x/envoy:1' },
      { name: 'app', image: 'h.x/web:2' },
    ],
    'h.x/web:2',
  ],
  [
    'the name of the service',
    [
      { name: 'proxy', image: 'h.x/envoy:1' },
      { name: 'web', image: 'h.x/other:2' },
    ],
    'h.x/other:2',
  ],
  ['the only one', [{ name: 'x', image: 'h.x/y:1' }], 'h.x/y:1'],
  [
    'none where it is not known',
    [
      { name: 'x', image: 'h.x/y:1' },
      { name: 'z', image: 'h.x/z:1' },
    ],
    null,
  ],
])('the main container of a task is that of %s', (_, containers, image) => {
  expect(mainImage({ containers }, service('web', { image: 'h.x/web:3' }))).toBe(image);
});

test('a scaled service is as large as AWS made it, between its limits', () => {
  const autoscaling = { min: 2, max: 10, suspended: ['in'] };
  const scaled = service('web', { desired_count: 2, deployed: { desired: 5, running: 4 }, autoscaling });
  expect([scaled.desired, scaled.scaling]).toEqual([5, { min: 2, max: 10, suspended: true }]);
  const plain = service('web', { desired_count: 2, deployed: { desired: 5, running: 4 } });
  expect([plain.desired, plain.scaling]).toEqual([2, null]);
});

test('secrets whose new value no task has', () => {
  const stale = service('web', { stale_secrets: [{ name: 'DB_PASSWORD', since: '2026-03-01T12:00:00.000+00:00' }] });
  expect(stale.staleSecrets).toEqual([{ name: 'DB_PASSWORD', since: Date.UTC(2026, 2, 1, 12) }]);
  expect(service('web', {}).staleSecrets).toEqual([]);
});

test('what a rollout waits for, and the tasks around it', () => {
  const waiting = service('web', {
    state: 'queued',
    sync: 'rolling-out',
    waits: { services: ['api', 'user-service'], gate: '', wave: 2 },
    gates: [{ name: 'migrate', stage: 'pre_deploy', state: 'failed', exit_code: 3, lines: ['no such table'] }],
  });
  expect(progress(waiting)).toBe('Waits for api, user-service');
  expect(waiting.waits?.wave).toBe(2);
  expect(waiting.gates).toMatchObject([{ name: 'migrate', before: true, state: 'failed', exitCode: 3 }]);
  expect(progress(service('api', { state: 'queued', waits: { services: [], gate: 'migrate', wave: 1 } }))).toBe(
    'Waits for migrate',
  );
  expect(fine.waits).toBeNull();
  expect(fine.gates).toEqual([]);
});
