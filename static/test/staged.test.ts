import { describe, expect, test } from 'vitest';
import { inChip } from '../src/lib/filter';
import { sentence, serviceMark } from '../src/lib/marks';
import { count, progress, readCluster, readService } from '../src/lib/model';
import { afterPause, percent, readStaged, stageInWords, strategyInWords } from '../src/lib/staged';
import { tallied, tileState } from '../src/lib/wall';

/** A blue/green deployment that waits, as the live channel sends it. */
const PAUSED = {
  name: 'web',
  image: 'h/web:v2',
  image_before: 'h/web:v1',
  desired_count: 2,
  sync: 'rolling-out',
  health: 'healthy',
  state: 'paused',
  deployed: { image: 'h/web:v1', desired: 2, running: 4 },
  desired: 2,
  running: 2,
  strategy: 'blue_green',
  deployment_arn: 'arn:sd/1',
  stage: 'POST_TEST_TRAFFIC_SHIFT',
  stages: [
    { stage: 'SCALE_UP', since: '2030-01-01T12:00:00Z', state: 'done' },
    { stage: 'POST_TEST_TRAFFIC_SHIFT', since: '2030-01-01T12:02:00Z', state: 'now' },
    { stage: 'BAKE_TIME', since: null, state: 'next' },
  ],
  traffic: { old: 100, new: 0 },
  waiting: {
    hook: 'h-1',
    stage: 'POST_TEST_TRAFFIC_SHIFT',
    since: '2030-01-01T12:02:00Z',
    until: '2030-01-01T13:02:00Z',
    on_timeout: 'rollback',
    message: 'run the smoke test',
    may: 'role deployer',
  },
  breaker: { failures: 1, threshold: 3 },
  alarms: { names: ['web-5xx', 'web-p95'], triggered: ['web-5xx'] },
};

const read = (more: object = {}) => readService('prod', 'web', { ...PAUSED, ...more });

describe('a deployment in stages', () => {
  test('is read', () => {
    const { staged } = read();
    expect(staged).toMatchObject({
      strategy: 'blue_green',
      deployment: 'arn:sd/1',
      stage: 'POST_TEST_TRAFFIC_SHIFT',
      traffic: { old: 100, new: 0 },
      breaker: { failures: 1, threshold: 3 },
      alarms: { names: ['web-5xx', 'web-p95'], triggered: ['web-5xx'] },
    });
    expect(staged!.stages.map(({ state }) => state)).toEqual(['done', 'now', 'next']);
    expect(staged!.pause).toEqual({
      hook: 'h-1',
      stage: 'POST_TEST_TRAFFIC_SHIFT',
      since: Date.parse('2030-01-01T12:02:00Z'),
      until: Date.parse('2030-01-01T13:02:00Z'),
      onTimeout: 'rollback',
      message: 'run the smoke test',
      may: 'role deployer',
    });
  });

  test('a plain rolling one states nothing', () => {
    expect(readStaged({ name: 'web', state: 'rolling-out' })).toBeNull();
    expect(readStaged({ stages: [] })).toBeNull();
  });

  test('one that can be stopped names its deployment alone', () => {
    expect(readStaged({ deployment_arn: 'arn:sd/2' })).toMatchObject({
      deployment: 'arn:sd/2',
      stages: [],
      pause: null,
    });
  });

  test('in words', () => {
    expect(stageInWords('BAKE_TIME')).toBe('Bake');
    expect(stageInWords('A_NEW_ONE')).toBe('A_NEW_ONE');
    expect([strategyInWords('blue_green'), strategyInWords(null)]).toEqual(['blue/green', 'rolling']);
    expect([percent(95), percent(2.5), percent(100 / 3)]).toEqual(['95 %', '2.5 %', '33.3 %']);
    const pause = read().staged!.pause!;
    expect(afterPause(pause, 'v1')).toBe('then ECS rolls back to v1');
    expect(afterPause({ ...pause, onTimeout: 'continue' }, 'v1')).toBe('then ECS continues');
  });
});

describe('states of a rollout in stages', () => {
  test('a pause has its own mark, comes right after failures, and is counted', () => {
    const service = read();
    expect([serviceMark(service), sentence(service)]).toEqual(['paused', 'web: paused, waits for a person']);
    expect(progress(service)).toBe('run the smoke test');
    const counts = count([service]);
    expect(counts).toMatchObject({ paused: 1, rollingOut: 1, failed: 0 });
    const cluster = readCluster('prod', {});
    expect(tileState(cluster, counts)).toBe('paused');
    expect(tileState(cluster, { ...counts, failed: 1 })).toBe('failing');
    expect(tallied(cluster, [service])).toMatchObject({ paused: 1, rolling: 0 });
    expect([inChip(service, 'paused'), inChip(service, 'rolling-out'), inChip(service, 'failed')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('a pause whose tasks keep failing is a failure first', () => {
    expect(serviceMark(read({ trouble: { kind: 'exit', what: 'exits', advice: '' } }))).toBe('failing');
  });

  test.each([
    ['baking', 'web: baking', 'All new tasks running, baking'],
    ['shifting', 'web: shifting traffic', '20 % of the traffic on the new tasks'],
  ])('%s is a rollout with words of its own', (state, words, how) => {
    const service = read({ state, waiting: undefined, traffic: { old: 80, new: 20 } });
    expect([serviceMark(service), sentence(service), progress(service)]).toEqual(['rolling', words, how]);
  });

  test('a verdict names its cause', () => {
    const verdict = { ending: 'rolled-back', reason: 'web-5xx', at: null, failed: true };
    expect(read({ verdict: { ...verdict, cause: 'alarm' } }).verdict!.cause).toBe('alarm');
    expect(read({ verdict }).verdict!.cause).toBeNull();
  });
});
