import { expect, test } from 'vitest';
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
