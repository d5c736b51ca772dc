import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { address, ApiError, asApiError, call, path, proveWith, report } from '../src/lib/rest';

let server: Server;
let seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string };
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen = { method: request.method!, url: request.url!, headers: request.headers, body };
    answer(response);
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const real = globalThis.fetch;
  // A page's addresses are relative to its origin; Node has none.
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => real(origin + url, init));
});

afterAll(() => {
  vi.unstubAllGlobals();
  server.close();
});

beforeEach(() => {
  answer = (response) =>
    response
      .writeHead(200, { 'Content-Type': 'application/json; charset=UTF-8', ETag: 'W/"r1"' })
      .end('{"content": []}');
});

test('reads JSON and its revision', async () => {
  expect(await call('/clusters')).toEqual({ data: { content: [] }, revision: 'r1', status: 200 });
  expect(seen).toMatchObject({ method: 'GET', url: '/api/v1/clusters' });
});

test('a change names what it was made from, and why', async () => {
  answer = (response) =>
    response.writeHead(202, { 'Content-Type': 'application/json', ETag: '"old"' }).end('{"revision": "new"}');
  const { revision } = await call(path('clusters', 'a b/c'), {
    method: 'PUT',
    body: { desired_count: 0 },
    ifMatch: 'r1',
    query: { message: 'schlaf gut', dry_run: true, none: null },
  });
  expect(seen).toMatchObject({
    url: '/api/v1/clusters/a%20b%2Fc?message=schlaf+gut&dry_run=true',
    body: '{"desired_count":0}',
  });
  expect(seen.headers).toMatchObject({ 'if-match': '"r1"', 'content-type': 'application/json' });
  expect(revision).toBe('new');
});

test('a read during which one signs in is sent again, once', async () => {
  let asked = 0;
  answer = (response) => {
    asked += 1;
    if (asked === 1) proveWith('new');
    response.writeHead(401, { 'Content-Type': 'application/json' }).end('{"error": "unauthorized"}');
  };
  await expect(call('/clusters')).rejects.toMatchObject({ status: 401 });
  expect(asked).toBe(2);
  await expect(call('/clusters')).rejects.toMatchObject({ status: 401 });
  expect(asked).toBe(3);
  proveWith(null);
});

test('a stackfile goes as it is', async () => {
  answer = (response) =>
    response.writeHead(200, { 'Content-Type': 'application/yaml', ETag: '"r2"' }).end('services: []\n');
  expect(await call('/x', { method: 'POST', yaml: 'services: [] # none', accept: 'application/yaml' })).toEqual({
    data: 'services: []\n',
    revision: 'r2',
    status: 200,
  });
  expect(seen.body).toBe('services: [] # none');
  expect(seen.headers).toMatchObject({ 'content-type': 'application/yaml', accept: 'application/yaml' });
});

test('a refusal carries everything that helps', async () => {
  const body = {
    error: 'invalid_stackfile',
    message: '2 mistakes',
    details: [{ path: 'services[0]', line: 3, message: 'is missing' }],
    current: 'r9',
  };
  answer = (response) =>
    response.writeHead(400, { 'Content-Type': 'application/json', 'X-Request-Id': 'q1' }).end(JSON.stringify(body));
  const error = (await call('/x').catch(asApiError)) as ApiError;
  expect(error).toMatchObject({
    status: 400,
    code: 'invalid_stackfile',
    message: '2 mistakes',
    requestId: 'q1',
    body: { current: 'r9' },
    retryable: false,
  });
  expect(report(error)).toBe('400 invalid_stackfile: 2 mistakes\n  services[0], line 3: is missing\nrequest q1');
});

test('a proxy that answers HTML is no surprise', async () => {
  answer = (response) => response.writeHead(502, 'Bad Gateway', { 'Content-Type': 'text/html' }).end('<h1>no</h1>');
  expect(await call('/x').catch(asApiError)).toMatchObject({
    status: 502,
    code: 'http_502',
    message: 'The server answered 502 Bad Gateway',
    retryable: true,
  });
});

test('a server that is not there', async () => {
  answer = (response) => response.destroy();
  expect(await call('/x').catch(asApiError)).toMatchObject({ status: 0, code: 'unreachable', retryable: true });
});

test('an abort is not an error of the API', async () => {
  const abort = new AbortController();
  abort.abort();
  await expect(call('/x', { signal: abort.signal })).rejects.toThrow(/abort/i);
});

test('empty parameters are left out', () =>
  expect(address('/x', { a: '', b: undefined, c: 0, d: false })).toBe('/api/v1/x?c=0&d=false'));

test('in a session every change proves where it comes from; a read has no need to', async () => {
  proveWith('c1');
  await call('/x');
  expect(seen.headers['x-csrf-token']).toBeUndefined();
  await call('/x', { method: 'DELETE' });
  expect(seen.headers['x-csrf-token']).toBe('c1');
  proveWith(null);
  await call('/x', { method: 'DELETE' });
  expect(seen.headers['x-csrf-token']).toBeUndefined();
});

test.each([
  [412, 'revision_conflict', true],
  [409, 'conflict', true],
  [409, 'quarantined', false],
  [403, 'access_denied', false],
  [429, 'too_many_requests', true],
  [503, 'aws_unavailable', true],
  [500, 'state_unreadable', false],
  [500, 'misconfigured', false],
  [0, 'unexpected', false],
])('whether a retry can help: %d %s', (status, code, helps) => {
  expect(new ApiError(status, code, '').retryable).toBe(helps);
});
