import { expect, test } from 'vitest';
import { leastRole, offers } from '../src/lib/offers';

const document = {
  paths: {
    '/api/v1/clusters/{cluster}': { get: { 'x-nysa-role': 'viewer' }, delete: { 'x-nysa-role': 'admin' } },
    '/clusters/{c}/services/{s}/tags': { get: {} },
  },
};

test.each([
  ['GET', '/clusters/{x}', true, 'viewer'],
  ['DELETE', '/clusters/{x}', true, 'admin'],
  ['PUT', '/clusters/{x}', false, null],
  ['GET', '/clusters/{x}/services/{y}/tags', true, null],
  ['GET', '/clusters', false, null],
])('%s %s', (method, path, there, role) => {
  expect(offers(document, method, path)).toBe(there);
  expect(leastRole(document, method, path)).toBe(role);
});

test('nothing is known of a server without the document', () => expect(offers(null, 'GET', '/clusters')).toBe(false));
