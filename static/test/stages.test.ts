import { expect, it } from 'vitest';
import { readService } from '../src/lib/model';
import { stagesOf } from '../src/lib/stages';

const states = (sent: object) =>
  stagesOf(readService('prod', 'api', { sync: 'rolling-out', state: 'rolling-out', desired_count: 2, ...sent })).map(
    ({ state }) => state,
  );

it('begins with the registration', () => {
  expect(states({ state: 'queued' })).toEqual(['now', 'next', 'next', 'next']);
});

it('starts tasks, drains old ones, and is stable', () => {
  expect(states({ running: 0, desired: 2, deployed: { running: 2 } })).toEqual(['done', 'now', 'next', 'next']);
  expect(states({ running: 1, desired: 2, deployed: { running: 3 } })).toEqual(['done', 'now', 'now', 'next']);
  expect(states({ running: 2, desired: 2, deployed: { running: 2 } })).toEqual(['done', 'done', 'done', 'now']);
  expect(states({ sync: 'in-sync', running: 2, desired: 2, deployed: { running: 2 } })).toEqual([
    'done',
    'done',
    'done',
    'done',
  ]);
});

it('counts the tasks of each stage', () => {
  const service = readService('prod', 'api', { sync: 'rolling-out', running: 1, desired: 2, deployed: { running: 3 } });
  expect(stagesOf(service).map(({ note }) => note)).toEqual(['', '1 of 2', '2 tasks left', '']);
});
