import { expect, it } from 'vitest';
import { attentionOf, iconOf, titleOf } from '../src/lib/attention';
import { count, readService } from '../src/lib/model';

const services = (...sent: object[]) =>
  count(sent.map((each, i) => readService('prod', `s${i}`, each as Record<string, unknown>)));

it('sums what fails and what rolls out over all clusters', () => {
  expect(
    attentionOf([services({ health: 'failing' }, { sync: 'rolling-out' }), services({ state: 'failed' })]),
  ).toEqual({ failing: 2, rolling: 1 });
});

it('puts what fails in front of the title', () => {
  expect(titleOf(['staging', null, 'Nysa'], { failing: 0, rolling: 3 })).toBe('staging · Nysa');
  expect(titleOf(['staging', 'Nysa'], { failing: 2, rolling: 0 })).toBe('2 failing · staging · Nysa');
});

it('has an icon of its own for a failure and for a rollout', () => {
  expect(iconOf({ failing: 0, rolling: 0 })).toBeNull();
  expect(decodeURIComponent(iconOf({ failing: 1, rolling: 1 })!)).toContain('#ff5533');
  expect(decodeURIComponent(iconOf({ failing: 0, rolling: 1 })!)).toContain('#5eb4f9');
});
