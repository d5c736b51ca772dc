/**
 * The first connection of the live channel, opened before the code of the page has come: on a slow link both come
 * side by side. A script of its own, without imports; the page's code takes over the socket and what it received.
 */

import type { EarlyPage, EarlySocket } from './lib/early';

const page = globalThis as EarlyPage;

if (page.earlySocket === undefined) {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  // The cluster of the address is sent before all others.
  const shown = /^\/cp\/clusters\/([\w.-]+)/.exec(location.pathname);
  const clusters = `${shown ? `cluster=${shown[1]}&` : ''}cluster=*`;
  const socket = new WebSocket(
    `${scheme}://${location.host}/api/v1/events?${clusters}&detail=rows&batches=true`,
    'nysa.v1',
  );
  const early: EarlySocket = { socket, received: [] };
  for (const type of ['open', 'message', 'close'])
    socket.addEventListener(type, (event) => early.received?.push(event));
  page.earlySocket = early;
}
