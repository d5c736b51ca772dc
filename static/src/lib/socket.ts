/** The live channel: one WebSocket that comes back by itself, and names what it knows when it does. */

import type { ClockReading } from './clock';
import type { Json } from './model';
import { instant } from './time';

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'signed-out';

/** What the page gives the channel of the browser; tests give their own. */
export interface Surroundings {
  open(url: string): WebSocket;
  /** How many milliseconds ago a message came: one that came before the page's code has waited. */
  ageOf(event: MessageEvent): number;
  now(): number;
  random(): number;
  later(run: () => void, milliseconds: number): unknown;
  cancel(timer: unknown): void;
  /** Runs once before the next paint; while the page is hidden, when it is shown again. */
  frame(run: () => void): void;
}

export interface Callbacks {
  known(): Record<string, string>;
  apply(messages: Json[]): void;
  state(connection: Connection): void;
  /** The server's clock was read. */
  clock(reading: ClockReading): void;
  /** Everything that the subscription asked for is here. */
  synced(): void;
}

/** The rows of services, and deltas of them: see docs/events.md. */
const DETAIL = 'rows';
const SHORTEST_MS = 500;
const LONGEST_MS = 15_000;
/** While everything is sent it is applied in few parts, each after twice the time of the last: to draw each message costs more than all at once. */
const PART_MS = 400;
/** … up to this one: a server that has just started sends for minutes, and its changes with it. */
const LONGEST_PART_MS = 3200;
/** Nothing for so long, not even a pong: the connection is dead without a close frame. */
const SILENCE_MS = 45_000;
const PING_MS = 15_000;
/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4 – refused by policy: the user is signed out. */
const POLICY_VIOLATION = 1008;

export class LiveChannel {
  private socket: WebSocket | null = null;
  private attempts = 0;
  private retry: unknown = null;
  private heartbeat: unknown = null;
  private queue: Json[] = [];
  private scheduled = false;
  /** The pause before the next part of what a subscription asked for; 0 for the first cluster, and once all have come. */
  private pause = 0;
  private syncing = true;
  private pausing: unknown = null;
  private stopped = false;
  private pingedAt = 0;
  private tail: Json | null = null;
  private subscribed: boolean;
  /** When the server was last heard: the age of what is shown. */
  lastHeard: number;

  constructor(
    private readonly url: string,
    private readonly callbacks: Callbacks,
    private readonly around: Surroundings,
    /** Whether the first socket that `around` opens is subscribed by its address. */
    subscribed = false,
  ) {
    this.subscribed = subscribed;
    this.lastHeard = around.now();
  }

  start(): void {
    this.stopped = false;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.around.cancel(this.retry);
    this.around.cancel(this.heartbeat);
    this.socket?.close();
    this.socket = null;
  }

  /** Follows a log, also after a reconnect, in place of another one; null ends it. */
  follow(tail: Json | null): void {
    this.tail = tail;
    if (this.socket?.readyState !== 1) return;
    this.socket.send('{"type": "untail"}');
    if (tail) this.socket.send(JSON.stringify(tail));
  }

  /** The tab came back, or the network: do not wait for the next attempt. */
  wake(): void {
    if (this.stopped) return;
    if (this.socket && this.socket.readyState <= 1 && this.around.now() - this.lastHeard < SILENCE_MS) return;
    this.attempts = 0;
    this.connect();
  }

  private connect(): void {
    this.around.cancel(this.retry);
    this.drop();
    const [socket, subscribed] = [this.around.open(this.url), this.subscribed];
    this.socket = socket;
    this.subscribed = false;
    this.syncing = true;
    this.pause = 0;
    const mine = (run: () => void) => () => {
      if (this.socket === socket) run();
    };
    socket.onopen = mine(() => {
      if (!subscribed) this.ask();
      this.beat();
      this.ping();
      if (this.tail) socket.send(JSON.stringify(this.tail));
    });
    socket.onmessage = (event) => {
      if (this.socket === socket) this.receive(event);
    };
    socket.onclose = (event) => mine(() => this.lost(event.code))();
  }

  private drop(): void {
    const former = this.socket;
    this.socket = null;
    former?.close();
  }

  private ask(): void {
    const wish = { type: 'subscribe', clusters: ['*'], detail: DETAIL, batches: true, known: this.callbacks.known() };
    this.socket?.send(JSON.stringify(wish));
  }

  private beat(): void {
    this.around.cancel(this.heartbeat);
    this.heartbeat = this.around.later(() => {
      if (this.around.now() - this.lastHeard > SILENCE_MS) {
        this.drop();
        this.lost(0);
        return;
      }
      this.ping();
      this.beat();
    }, PING_MS);
  }

  private ping(): void {
    if (this.socket?.readyState !== 1) return;
    this.pingedAt = this.around.now();
    this.socket.send('{"type": "ping"}');
  }

  /** `hello` and `pong` are made as they are sent; other messages may have waited. */
  private readClock(message: Json): void {
    const server = instant(message.at);
    if (server === null) return;
    const received = this.lastHeard;
    this.callbacks.clock({ server, sent: message.type === 'pong' ? this.pingedAt : received, received });
  }

  private receive(event: MessageEvent): void {
    this.lastHeard = this.around.now() - this.around.ageOf(event);
    let message: Json;
    try {
      message = JSON.parse(String(event.data)) as Json;
    } catch {
      return;
    }
    if (message.type === 'hello' || message.type === 'pong') this.readClock(message);
    if (message.type === 'hello') {
      this.attempts = 0;
      this.callbacks.state('live');
    }
    if (message.type === 'batch') this.queue.push(...(message.messages as Json[]));
    else this.queue.push(message);
    if (message.type === 'synced') [this.syncing, this.pause] = [false, 0];
    if (this.pause) this.pausing ??= this.around.later(() => this.applyInFrame(), this.pause);
    else this.applyInFrame();
  }

  private applyInFrame(): void {
    this.around.cancel(this.pausing);
    this.pausing = null;
    if (this.scheduled) return;
    this.scheduled = true;
    this.around.frame(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    const messages = this.queue;
    if (this.syncing && messages.some((m) => m.type === 'cluster'))
      this.pause = Math.min(this.pause * 2 || PART_MS, LONGEST_PART_MS);
    this.queue = [];
    this.callbacks.apply(messages);
    if (messages.some((m) => m.type === 'synced')) this.callbacks.synced();
  }

  private lost(code: number): void {
    this.socket = null;
    this.around.cancel(this.heartbeat);
    if (this.stopped) return;
    this.callbacks.state(code === POLICY_VIOLATION ? 'signed-out' : 'reconnecting');
    const wait = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** this.attempts++);
    this.retry = this.around.later(() => this.connect(), wait * (0.5 + this.around.random() / 2));
  }
}
