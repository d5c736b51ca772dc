/** The take-over of the socket that `early.ts` opened. */

/** `received` has its events so far, null once the page has taken it over. */
export interface EarlySocket {
  socket: WebSocket;
  received: Event[] | null;
}

/** Where the early script leaves the socket: null keeps it from opening one. */
export interface EarlyPage {
  earlySocket?: EarlySocket | null;
}

/** The socket that was opened early; null where there is none, and then none is opened any more. */
export function takeEarlySocket(page: EarlyPage): EarlySocket | null {
  const early = page.earlySocket ?? null;
  page.earlySocket = null;
  return early;
}

/** Repeats what a socket received for the handlers that it has now; nothing else can come in between. */
export function replay(early: EarlySocket): void {
  const { socket, received } = early;
  early.received = null;
  for (const event of received ?? []) socket.dispatchEvent(event);
}
