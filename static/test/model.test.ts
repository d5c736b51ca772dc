import { expect, test } from 'vitest';
import { concern, readDeployments, readService, tellingStop, worst } from '../src/lib/model';

const service = (name: string, sent: object) => readService('prod', name, sent as Record<string, unknown>);

const fine = service('web', { sync: 'in-sync', health: 'healthy', state: 'steady' });
const drifted = service('api', { sync: 'drifted', health: 'healthy', drift: [{ path: 'image' }, { path: 'desired_count' }] });
const broken = service('job', { sync: 'rolling-out', health: 'degraded', trouble: { kind: 'image', what: 'The image cannot be pulled', advice: '' } });
const undone = service('ui', { sync: 'in-sync', health: 'healthy', state: 'rolled-back', verdict: { ending: 'rolled-back', reason: 'Tasks failed to start' } });

test.each([
  [fine, null],
  [drifted, 'ECS differs in image, desired_count'],
  [service('api', { sync: 'drifted' }), 'ECS differs in what it runs'],
  [broken, 'The image cannot be pulled'],
  [undone, 'Tasks failed to start'],
  [service('ui', { health: 'failing', sync: 'in-sync' }), 'No task runs'],
  [service('ui', { health: 'failing', sync: 'in-sync', verdict: { ending: 'succeeded', reason: 'All 4 tasks run' } }), 'No task runs'],
  [service('ui', { state: 'failed' }), 'The last rollout failed'],
])('a concern in a few words, case %#', (of, says) => expect(concern(of)).toBe(says));

test.each([
  [[fine], null],
  [[], null],
  [[fine, drifted], 'api'],
  [[fine, drifted, broken], 'job'],
])('what fails comes before what drifted, case %#', (services, name) => expect(worst(services)?.name ?? null).toBe(name));

test('the deployment that comes first, then those that it replaces', () => {
  expect(readDeployments({ deployments: [{ status: 'ACTIVE', desired: 0, running: 2 }, { status: 'PRIMARY', desired: 2, running: 1 }] })).toEqual([{ desired: 2, running: 1 }, { desired: 0, running: 2 }]);
  expect(readDeployments(null)).toEqual([]);
});

test('a stop that explains the trouble is told rather than a newer one that only follows from it', () => {
  const stops = [{ reason: 'Scaling activity initiated by …', kind: 'scaled-in' }, { reason: 'CannotPullContainerError', kind: 'image' }];
  const rolledBack = service('web', { state: 'rolled-back', trouble: { kind: 'image' }, stop_reasons: stops });
  expect(tellingStop(rolledBack)?.reason).toBe('CannotPullContainerError');
  expect(tellingStop(service('web', { stop_reasons: stops }))?.kind).toBe('scaled-in');
  expect(tellingStop(fine)).toBeNull();
});
