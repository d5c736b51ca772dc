import { expect, test } from 'vitest';
import { markOf, readRuns, startedBy, stateInWords } from '../src/lib/runs';

const RUN = {
  id: 'a',
  trigger: 'schedule',
  state: 'failed',
  created_at: '2030-04-02T03:00:12.000+00:00',
  due: '2030-04-02T03:00:00.000+00:00',
  seconds: 61.5,
  exit_code: 3,
  overlaps: true,
  by: null,
  message: null,
  reason: { kind: 'exit', what: 'It exited with code 3.', advice: '' },
};

test('runs and the schedule are read as the API sends them', () => {
  const { runs, schedule, next } = readRuns({
    content: [RUN],
    next: null,
    schedule: {
      expression: 'cron(0 3 * * ? *)',
      timezone: 'Europe/Berlin',
      state: 'failing',
      next: ['2030-04-03T03:00:00.000+00:00'],
      failing_since: RUN.created_at,
    },
  });
  expect(runs).toEqual([
    {
      id: 'a',
      trigger: 'schedule',
      state: 'failed',
      at: Date.UTC(2030, 3, 2, 3, 0, 12),
      due: Date.UTC(2030, 3, 2, 3),
      seconds: 61.5,
      exitCode: 3,
      overlaps: true,
      by: null,
      message: null,
      what: 'It exited with code 3.',
    },
  ]);
  expect(schedule?.next).toEqual([Date.UTC(2030, 3, 3, 3)]);
  expect(schedule && stateInWords(schedule)).toBe('Last run failed');
  expect(next).toBeNull();
});

test('what is absent has a plain value', () => {
  const { runs, schedule } = readRuns({ content: [{}] });
  expect(schedule).toBeNull();
  expect(runs[0]).toMatchObject({ id: '', trigger: 'other', state: 'running', exitCode: null, what: null });
});

test('a run has a square and an author', () => {
  const [run] = readRuns({ content: [RUN] }).runs;
  expect(markOf(run!)).toBe('failing');
  expect(markOf({ ...run!, state: 'succeeded' })).toBe('healthy');
  expect(startedBy(run!)).toBe('by schedule');
  expect(startedBy({ ...run!, trigger: 'request', by: 'maria' })).toBe('by maria');
});
