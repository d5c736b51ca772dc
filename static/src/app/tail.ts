/** The tail of one service's log over the live channel: at most one at a time. */

import type { Json } from '../lib/model';

export interface Tail {
  cluster: string;
  service: string;
  filter: string;
}

type Hear = (messages: readonly Json[]) => void;

let hear: Hear | null = null;

/** Sends a message to the server; set by the live channel's owner. */
let send: (message: Json | null) => void = () => undefined;

export function connectTail(sender: (message: Json | null) => void): void {
  send = sender;
}

/** Begins to follow a log; the result ends it. */
export function followLog({ cluster, service, filter }: Tail, onMessages: Hear): () => void {
  hear = onMessages;
  send({ type: 'tail', cluster, service, ...(filter ? { filter } : {}) });
  return () => {
    if (hear !== onMessages) return;
    hear = null;
    send(null);
  };
}

/** Passes on what the channel received: lines, and errors that end a tail. */
export function receiveTail(messages: readonly Json[]): void {
  if (!hear) return;
  const own = messages.filter((message) => message.type === 'log' || message.type === 'error');
  if (own.length) hear(own);
}
