import { effect } from '@preact/signals';
import { beforeEach, describe, expect, test } from 'vitest';
import { Store } from '../src/lib/store';

const SNAPSHOT = {
  type: 'cluster',
  cluster: 'staging',
  revision: 'r1',
  changed_at: '2026-01-01T00:00:00Z',
  by: 'maria',
  message: 'first',
  services: [
    {
      name: 'api',
      image: 'h/api:v1',
      desired_count: 2,
      sync: 'in-sync',
      health: 'healthy',
      deployed: { image: 'h/api:v1', running: 2, pending: 0 },
    },
    { name: 'worker', image: 'h/worker:v1', desired_count: 1 },
  ],
};

const API = SNAPSHOT.services[0]!;
let store: Store;

beforeEach(() => {
  store = new Store();
  store.apply([SNAPSHOT]);
});

const row = (name: string) => store.get('staging')!.rows.get(name)!;

test('a snapshot', () => {
  const entry = store.get('staging')!;
  expect(store.names.value).toEqual(['staging']);
  expect(entry.names.value).toEqual(['api', 'worker']);
  expect(entry.summary.value).toMatchObject({
    revision: 'r1',
    by: 'maria',
    message: 'first',
    changedAt: Date.parse('2026-01-01'),
  });
  expect(row('api').value).toMatchObject({ running: 2, desired: 2, sync: 'in-sync', health: 'healthy' });
  expect(row('worker').value).toMatchObject({ running: null, sync: 'unknown', health: 'unknown' });
});

test('a changed row notifies its own readers only', () => {
  const seen: string[] = [];
  effect(() => void seen.push(`api ${row('api').value.running}`));
  effect(() => void seen.push(`worker ${row('worker').value.running}`));
  seen.length = 0;
  store.apply([
    { type: 'rollout', cluster: 'staging', services: [{ ...API, deployed: { running: 1 }, state: 'rolling-out' }] },
  ]);
  expect(seen).toEqual(['api 1']);
});

test('several messages are one change', () => {
  let runs = 0;
  effect(() => {
    runs += 1;
    return void row('api').value;
  });
  const rollout = (running: number) => ({
    type: 'rollout',
    cluster: 'staging',
    services: [{ ...API, state: 'rolling-out', running, desired: 4 }],
  });
  store.apply([rollout(1), rollout(2), rollout(3)]);
  expect(runs).toBe(2);
  expect(row('api').value.fresh).toEqual({ running: 3, desired: 4 });
});

test('new tasks are counted apart from those of the former version', () => {
  const services = [{ ...API, state: 'rolling-out', running: 4, desired: 3, new_tasks: { running: 1, desired: 3 } }];
  store.apply([{ type: 'rollout', cluster: 'staging', services }]);
  expect(row('api').value.fresh).toEqual({ running: 1, desired: 3 });
});

test('the same again notifies no reader', () => {
  let runs = 0;
  effect(() => {
    runs += 1;
    return void [row('api').value, store.get('staging')!.names.value];
  });
  store.apply([structuredClone(SNAPSHOT)]);
  expect(runs).toBe(1);
});

test('a snapshot takes away what is gone', () => {
  store.apply([{ ...SNAPSHOT, revision: 'r2', services: [SNAPSHOT.services[1]] }]);
  expect(store.get('staging')!.names.value).toEqual(['worker']);
  expect(store.get('staging')!.rows.has('api')).toBe(false);
});

test('a new revision', () => {
  const changes = [
    { service: 'api', action: 'update', changes: [{ path: 'image', before: 'h/api:v1', after: 'h/api:v2' }] },
    { service: 'worker', action: 'destroy' },
    { service: 'web', action: 'create', changes: [{ path: 'image', before: null, after: 'h/web:v1' }] },
  ];
  store.apply([
    {
      type: 'desired',
      cluster: 'staging',
      revision: 'r2',
      by: 'tom',
      message: 'faster',
      deploys: true,
      changes,
      at: '2026-01-02T00:00:00Z',
    },
  ]);
  expect(store.known()).toEqual({ staging: 'r2' });
  expect(store.get('staging')!.names.value).toEqual(['api', 'web']);
  expect(row('api').value).toMatchObject({
    image: 'h/api:v2',
    desired: 2,
    deployedImage: 'h/api:v1',
    state: 'queued',
    sync: 'rolling-out',
  });
  expect(store.activity.value[0]).toMatchObject({
    cluster: 'staging',
    kind: 'desired',
    text: 'tom changed staging: faster',
  });
});

describe('how a rollout ended', () => {
  test('is noted once', () => {
    const end = {
      type: 'rollout',
      cluster: 'staging',
      services: [
        {
          ...API,
          sync: 'drifted',
          state: 'rolled-back',
          verdict: { ending: 'rolled-back', reason: 'tasks failed to start' },
          stop_reasons: [
            {
              task: 't1',
              reason: 'Essential container exited',
              exit_code: 1,
              kind: 'application-exit',
              what: 'It exited.',
              advice: 'Read its log.',
            },
          ],
          trouble: { kind: 'application-exit', what: 'It exited.', advice: 'Read its log.' },
          drift: [{ path: 'image', before: 'h/api:v1', after: 'h/api:v2' }],
        },
      ],
    };
    store.apply([end]);
    store.apply([end]);
    expect(store.activity.value.map((a) => a.text)).toEqual(['api was rolled back: tasks failed to start']);
    expect(row('api').value).toMatchObject({
      sync: 'drifted',
      health: 'healthy',
      trouble: { advice: 'Read its log.' },
      stops: [{ exitCode: 1, what: 'It exited.' }],
      drift: [{ path: 'image', after: 'h/api:v2' }],
    });
    expect(store.get('staging')!.counts.value).toMatchObject({ failed: 1, drifted: 1 });
  });
});

test('counts follow the rows', () => {
  const { counts } = store.get('staging')!;
  expect(counts.value).toMatchObject({ services: 2, rollingOut: 0 });
  store.apply([
    {
      type: 'rollout',
      cluster: 'staging',
      services: [
        { name: 'api', sync: 'rolling-out', state: 'rolling-out' },
        { name: 'worker', sync: 'rolling-out', state: 'queued' },
      ],
    },
  ]);
  expect(counts.value).toMatchObject({ rollingOut: 2 });
});

test('frozen and thawed', () => {
  store.apply([{ type: 'frozen', cluster: 'staging', by: 'maria', reason: 'sale', until: '2026-01-03T00:00:00Z' }]);
  expect(store.get('staging')!.summary.value.frozen).toEqual({
    by: 'maria',
    reason: 'sale',
    at: null,
    until: Date.parse('2026-01-03'),
  });
  store.apply([{ type: 'thawed', cluster: 'staging', by: 'maria' }]);
  expect(store.get('staging')!.summary.value.frozen).toBeNull();
});

test('deleted', () => {
  store.apply([{ type: 'deleted', cluster: 'staging', by: 'tom' }]);
  expect(store.names.value).toEqual([]);
  expect(store.known()).toEqual({});
});

test('what is unknown is left alone', () => {
  store.apply([
    { type: 'weather', cluster: 'staging' },
    { type: 'cluster' },
    { type: 'rollout', cluster: 'staging', services: [3, { name: 3 }] },
  ]);
  expect(store.names.value).toEqual(['staging']);
});

test('an unmanaged service', () => {
  store.apply([
    {
      type: 'rollout',
      cluster: 'staging',
      services: [{ name: 'old', managed: false, sync: 'unmanaged', deployed: { image: 'h/old:1', running: 1 } }],
    },
  ]);
  expect(row('old').value).toMatchObject({ sync: 'unmanaged', image: null, deployedImage: 'h/old:1' });
  expect(store.get('staging')!.counts.value).toMatchObject({ services: 2, unmanaged: 1 });
});

test('a service that is gone', () => {
  store.apply([{ type: 'rollout', cluster: 'staging', services: [{ name: 'worker', gone: true }] }]);
  expect(store.get('staging')!.names.value).toEqual(['api']);
});

test('a revision that is stored only changes what is wanted, not what happens', () => {
  const changes = [
    { service: 'api', action: 'update', changes: [{ path: 'desired_count', before: 2, after: 0 }] },
    { service: '', action: 'update', changes: [] },
  ];
  store.apply([{ type: 'desired', cluster: 'staging', revision: 'r2', deploys: false, changes }]);
  expect(row('api').value).toMatchObject({ desired: 0, sync: 'in-sync' });
  expect(store.get('staging')!.names.value).toEqual(['api', 'worker']);
});

test('ECS that cannot be asked', () => {
  store.apply([
    {
      type: 'rollout',
      cluster: 'staging',
      services: [],
      observed_at: '2026-01-02T00:00:00Z',
      failing: { message: 'ecs:DescribeServices was throttled' },
    },
  ]);
  expect(store.get('staging')!.summary.value).toMatchObject({
    revision: 'r1',
    observedAt: Date.parse('2026-01-02'),
    failing: 'ecs:DescribeServices was throttled',
  });
});

test('a service that only starts has not failed', () => {
  const starting = { ...API, sync: 'rolling-out', health: 'failing', state: 'rolling-out', deployed: { running: 0 } };
  store.apply([{ type: 'rollout', cluster: 'staging', services: [starting] }]);
  expect(store.get('staging')!.counts.value).toMatchObject({ failed: 0, rollingOut: 1 });
  store.apply([
    {
      type: 'rollout',
      cluster: 'staging',
      services: [{ ...starting, trouble: { kind: 'image-pull', what: 'x', advice: 'y' } }],
    },
  ]);
  expect(store.get('staging')!.counts.value).toMatchObject({ failed: 1 });
});

test('what may add to the audit makes its readers read it again', () => {
  const { audited } = store.get('staging')!;
  const before = audited.value;
  store.apply([
    { type: 'audit', cluster: 'staging' },
    { type: 'audit', cluster: 'unknown' },
  ]);
  expect(audited.value).toBe(before + 1);
  expect(store.names.value).toEqual(['staging']);
  store.apply([{ ...SNAPSHOT, merged: 3 }]);
  expect(audited.value).toBe(before + 2);
});

describe('deltas', () => {
  const movement = (more: object) => ({ type: 'rollout', cluster: 'staging', delta: true, ...more });
  const rollouts = [{ revision: 'r1', services: ['api'], since: '2026-01-01T00:00:00Z' }];

  test('a row takes what it has from the row before', () => {
    store.apply([movement({ services: [{ name: 'api', delta: true, health: 'degraded', trouble: null }] })]);
    expect(row('api').value).toMatchObject({ running: 2, image: 'h/api:v1', health: 'degraded' });
    store.apply([movement({ services: [{ name: 'api', delta: true, sync: 'drifted' }] })]);
    expect(row('api').value).toMatchObject({ health: 'degraded', sync: 'drifted' });
  });

  test('a row without delta replaces the row before', () => {
    store.apply([movement({ services: [{ name: 'api', image: 'h/api:v2' }] })]);
    expect(row('api').value).toMatchObject({ image: 'h/api:v2', running: null });
  });

  test('what a delta does not name stays, and null ends it', () => {
    const frozen = { by: 'kim', reason: 'sale' };
    store.apply([{ ...SNAPSHOT, frozen, failing: { message: 'throttled' }, rollouts }]);
    store.apply([movement({ services: [], observed_at: '2026-01-01T00:00:05Z' })]);
    const { summary } = store.get('staging')!;
    expect(summary.value).toMatchObject({ frozen: { by: 'kim' }, failing: 'throttled', changed: ['api'] });
    store.apply([movement({ services: [], failing: null, rollouts: [{ revision: 'r1' }] })]);
    expect(summary.value).toMatchObject({ failing: null, changed: ['api'] });
    store.apply([movement({ services: [], rollouts: [{ revision: 'r2', services: ['worker'] }, { revision: 'r1' }] })]);
    expect(summary.value.rollouts.map(({ services }) => services)).toEqual([['worker'], ['api']]);
    store.apply([{ type: 'rollout', cluster: 'staging', services: [] }]);
    expect(summary.value).toMatchObject({ frozen: null, rollouts: [] });
  });
});

test('clusters are in the order of their names, however they come', () => {
  const ordered = new Store();
  for (const name of ['b', 'd', 'a', 'c']) ordered.entry(name);
  expect(ordered.names.value).toEqual(['a', 'b', 'c', 'd']);
  ordered.forget('b');
  expect(ordered.names.value).toEqual(['a', 'c', 'd']);
});
