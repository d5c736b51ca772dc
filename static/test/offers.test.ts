import { expect, test } from 'vitest';
import { leastRole, offers } from '../src/lib/offers';

const document = {
  paths: {
    '/api/v1/clusters/{cluster}': { get: { 'x-nysa-role': 'viewer' }, delete: { parameters: [{ name: 'dry_run' }, { $ref: '#/components/parameters/prune' }] } },
    '/clusters/{c}/services/{s}/tags': { get: {} },
  },
  components: { parameters: { prune: { name: 'prune' } } },
};

test.each([
  ['GET', '/clusters/{x}', null, true],
  ['DELETE', '/clusters/{x}', 'dry_run', true],
  ['DELETE', '/clusters/{x}', 'prune', true],
  ['GET', '/clusters/{x}', 'dry_run', false],
  ['PUT', '/clusters/{x}', null, false],
  ['GET', '/clusters/{x}/services/{y}/tags', null, true],
  ['GET', '/clusters', null, false],
])('%s %s %s', (method, path, parameter, there) => expect(offers(document, method, path, parameter)).toBe(there));

test('nothing is known of a server without the document', () => expect(offers(null, 'GET', '/clusters')).toBe(false));

test('the least role', () => {
  expect(leastRole(document, 'GET', '/clusters/{c}')).toBe('viewer');
  expect(leastRole(document, 'DELETE', '/clusters/{c}')).toBeNull();
  expect(leastRole(document, 'GET', '/nowhere')).toBeNull();
});
