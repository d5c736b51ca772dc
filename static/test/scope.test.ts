import { expect, test } from 'vitest';
import { scopeHindrance } from '../src/lib/scope';

const PATCH = 'PATCH /clusters/{c}/services';

test.each([
  [['*'], ['web'], null],
  [['team-a-*'], ['team-a-web'], null],
  [['team-a-*', 'api'], ['api', 'team-a-web'], null],
  [['team-a-*'], ['web'], 'web is outside the services of your token: team-a-*'],
  [['api'], ['web', 'jobs'], 'web and jobs are outside the services of your token: api'],
  [['api'], ['api2', 'b', 'c'], '3 services are outside the services of your token: api'],
])('a token for %s and a change of %s', (patterns, services, why) =>
  expect(scopeHindrance(patterns, PATCH, services)).toBe(why),
);

test('a limited token changes no cluster as a whole', () => {
  const freeze = 'PUT /clusters/{c}/freeze';
  expect(scopeHindrance(['api'], freeze)).toBe('Your token is limited to services: api');
  expect(scopeHindrance(['*'], freeze)).toBeNull();
  expect(scopeHindrance(['api'], 'POST /clusters/{c}/rollback')).toBeNull();
});
