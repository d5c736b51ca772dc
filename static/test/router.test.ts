import { expect, test } from 'vitest';
import { format, parse } from '../src/lib/router';

test.each([
  '/cp',
  '/cp?q=prod',
  '/cp?q=prod&state=failing&size=dense&group=pattern',
  '/cp?state=failing&account=prod%2Feu-west-1',
  '/cp/new',
  '/cp/activity',
  '/cp/activity?account=live&by=ann&service=api&cluster=prod&kind=rollback&since=2030-04-01&until=2030-04-08',
  '/cp/versions',
  '/cp/versions?q=web&clusters=prod&account=live%2Feu-west-1&sort=name',
  '/cp/removed',
  '/cp/parts',
  '/cp/clusters/staging',
  '/cp/clusters/staging?q=api&show=drifted&sort=-name',
  '/cp/clusters/staging/services/user-service',
  '/cp/clusters/staging/services/user-service?tab=tasks&q=api',
  '/cp/clusters/a%20b%2Fc',
  '/cp/clusters/staging/stackfile',
  '/cp/clusters/staging/stackfile?from=abc',
  '/cp/clusters/staging/review',
  '/cp/clusters/staging/rollout',
  '/cp/clusters/staging/history?from=a&to=b',
  '/cp/clusters/staging/audit',
  '/cp/clusters/staging/audit?q=maria&show=refused',
])('%s is the same after a round trip', (url) => expect(format(parse(url))).toBe(url));

test.each(['/cp/', '/cp/clusters', '/cp/clusters/'])('%s is the fleet', (url) =>
  expect(parse(url).screen).toBe('fleet'),
);

test.each([
  '/cp/nowhere',
  '/cp/clusters/a/nowhere',
  '/cp/clusters/a/services/b/c',
  '/cp/clusters/a/history/b',
  '/cp/%E0%A4%A',
  '/elsewhere',
])('%s is missing', (url) => expect(parse(url).screen).toBe('missing'));

test('an unknown tab is the first one', () => {
  expect(parse('/cp/clusters/a/services/b?tab=nowhere')).toMatchObject({ tab: 'overview', service: 'b' });
});
