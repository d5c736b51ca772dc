/**
 * The first connection of the live channel, opened before the code of the page has come: on a slow link both come
 * side by side. A script of its own, without imports; the page's code takes over the socket and what it received.
 */

import type { EarlyPage, EarlySocket } from './lib/early';

const page = globalThis as EarlyPage;

if (page.earlySocket === undefined) {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const socket = new WebSocket(`${scheme}://${location.host}/api/v1/events?cluster=*&detail=rows`, 'nysa.v1');
  const early: EarlySocket = { socket, received: [] };
  for (const type of ['open', 'message', 'close'])
    socket.addEventListener(type, (event) => early.received?.push(event));
  page.earlySocket = early;
}
