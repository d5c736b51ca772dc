import { describe, expect, it } from 'vitest';
import { count, readCluster, readService } from '../src/lib/model';
import { byPattern, OTHERS, tallied, tileState, urgency, worstFirst } from '../src/lib/wall';

const cluster = (sent: object = {}) => readCluster('prod', sent as Record<string, unknown>);
const service = (name: string, sent: object = {}) =>
  readService('prod', name, { sync: 'in-sync', health: 'healthy', ...sent });
const failing = service('job', { health: 'failing' });
const rolling = service('web', { sync: 'rolling-out' });
const drifted = service('api', { sync: 'drifted' });
const fine = service('ui');
const frozen = { frozen: { by: 'maria', reason: 'sale' } };

describe('the state of a tile', () => {
  it.each([
    ['failing', [fine, rolling, failing], frozen],
    ['rolling', [drifted, rolling], frozen],
    ['drifted', [drifted, fine], frozen],
    ['frozen', [fine], frozen],
    ['calm', [fine], {}],
    ['unreadable', [failing], { unreadable: 'not YAML' }],
  ])('is %s', (state, services, sent) => expect(tileState(cluster(sent), count(services))).toBe(state));

  it('puts what needs a person first', () => {
    expect(urgency('failing')).toBeLessThan(urgency('rolling'));
    expect(urgency('frozen')).toBeLessThan(urgency('calm'));
  });
});

it('shows the worst services first', () => {
  expect(worstFirst([fine, drifted, failing, rolling]).map((s) => s.name)).toEqual(['job', 'web', 'api', 'ui']);
});

it('counts services by state, and clusters that are frozen', () => {
  expect(tallied(cluster(frozen), [fine, failing, rolling, drifted])).toEqual({
    failing: 1,
    paused: 0,
    rolling: 1,
    drifted: 1,
    frozen: 1,
    healthy: 1,
  });
});

describe('groups of names', () => {
  it('are those that begin alike', () => {
    expect(byPattern(['prod-eu', 'qa', 'prod-us', 'staging'])).toEqual([
      { pattern: 'prod*', names: ['prod-eu', 'prod-us'] },
      { pattern: OTHERS, names: ['qa', 'staging'] },
    ]);
  });

  it('need no rest', () => {
    expect(byPattern(['a-1', 'a_2'])).toEqual([{ pattern: 'a*', names: ['a-1', 'a_2'] }]);
    expect(byPattern([])).toEqual([]);
  });
});
