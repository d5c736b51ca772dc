import { expect, test, vi } from 'vitest';
import { type EarlySocket, replay, takeEarlySocket } from '../src/lib/early';

test('the page takes over a socket once, and no other is opened early then', () => {
  const early = { socket: new EventTarget(), received: [] } as unknown as EarlySocket;
  const page = { earlySocket: early };
  expect(takeEarlySocket(page)).toBe(early);
  expect(page.earlySocket).toBeNull();
  expect(takeEarlySocket(page)).toBeNull();
  const late = {};
  expect(takeEarlySocket(late)).toBeNull();
  expect(late).toEqual({ earlySocket: null });
});

test('what a socket received is repeated, in order, and not collected any more', () => {
  const socket = new EventTarget();
  const early = { socket, received: [new Event('open'), new Event('message')] } as unknown as EarlySocket;
  const heard: string[] = [];
  for (const type of ['open', 'message', 'close']) {
    socket.addEventListener(type, (event) => {
      heard.push(event.type);
      early.received?.push(event);
    });
  }
  replay(early);
  socket.dispatchEvent(new Event('close'));
  expect(heard).toEqual(['open', 'message', 'close']);
  expect(early.received).toBeNull();
});

test.each([
  ['/cp', 'cluster=*'],
  ['/cp/versions', 'cluster=*'],
  ['/cp/clusters/prod', 'cluster=prod&cluster=*'],
  ['/cp/clusters/eu-1.b_2/services/web', 'cluster=eu-1.b_2&cluster=*'],
  ['/cp/clusters/a%20b&detail=x', 'cluster=a&cluster=*'],
])('the cluster of the address %s is asked for first', async (pathname, asked) => {
  const opened: string[] = [];
  class Socket extends EventTarget {
    constructor(url: string) {
      super();
      opened.push(url);
    }
  }
  vi.stubGlobal('WebSocket', Socket);
  vi.stubGlobal('location', { protocol: 'https:', host: 'nysa', pathname });
  vi.stubGlobal('earlySocket', undefined);
  vi.resetModules();
  await import('../src/early');
  vi.unstubAllGlobals();
  expect(opened).toEqual([`wss://nysa/api/v1/events?${asked}&detail=rows&batches=true`]);
});
