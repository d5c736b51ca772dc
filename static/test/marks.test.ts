import { describe, expect, it } from 'vitest';
import { markRank, sentence, serviceMark, taskMarks, tasksInWords } from '../src/lib/marks';
import { readService } from '../src/lib/model';

const service = (sent: object) =>
  readService('prod', 'api', { sync: 'in-sync', health: 'healthy', desired_count: 3, ...sent });
const deployed = (running: number, pending = 0) => ({ deployed: { running, pending, desired: 3 } });

describe('the square of a service', () => {
  it('shows what matters most', () => {
    expect(serviceMark(service({}))).toBe('healthy');
    expect(serviceMark(service({ sync: 'drifted' }))).toBe('drifted');
    expect(serviceMark(service({ sync: 'rolling-out' }))).toBe('rolling');
    expect(serviceMark(service({ sync: 'rolling-out', trouble: { kind: 'exit', what: 'It exits.' } }))).toBe('failing');
    expect(serviceMark(service({ health: 'failing' }))).toBe('failing');
    expect(serviceMark(service({ health: 'degraded' }))).toBe('degraded');
    expect(serviceMark(service({ health: 'stopped' }))).toBe('stopped');
    expect(serviceMark(service({ health: undefined }))).toBe('unknown');
    expect(serviceMark(service({ managed: false, health: 'failing' }))).toBe('unmanaged');
  });

  it('sorts the worst first', () => {
    expect(markRank('failing')).toBeLessThan(markRank('rolling'));
    expect(markRank('drifted')).toBeLessThan(markRank('healthy'));
  });

  it('is named by a sentence', () => {
    expect(sentence(service({ health: 'failing' }))).toBe('api: failing');
  });
});

describe('the squares of tasks', () => {
  it('are those that run, start and lack', () => {
    expect(taskMarks(service(deployed(1, 1)))).toEqual({ old: [], fresh: ['healthy', 'starting', 'missing'] });
    expect(taskMarks(service({ ...deployed(0), health: 'failing' })).fresh).toEqual(['failing', 'failing', 'failing']);
  });

  it('are of two versions during a rollout', () => {
    const rolling = { sync: 'rolling-out', state: 'rolling-out', running: 1, desired: 3, ...deployed(3) };
    expect(taskMarks(service(rolling))).toEqual({
      old: ['healthy', 'healthy'],
      fresh: ['new', 'starting', 'starting'],
    });
    expect(taskMarks(service({ ...rolling, running: 0, trouble: { kind: 'exit', what: 'It exits.' } })).fresh).toEqual([
      'failing',
      'starting',
      'starting',
    ]);
  });

  it('are unknown before ECS was read', () => {
    expect(taskMarks(service({})).fresh).toEqual(['unknown', 'unknown', 'unknown']);
  });

  it('are counted in words', () => {
    expect(tasksInWords({ old: ['healthy', 'healthy'], fresh: ['new', 'starting'] })).toBe(
      '2 running of the old version, 1 new running, 1 starting',
    );
    expect(tasksInWords({ old: [], fresh: [] })).toBe('no tasks');
  });
});
