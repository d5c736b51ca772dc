import { beforeEach, describe, expect, test } from 'vitest';
import type { ClockReading } from '../src/lib/clock';
import type { Json } from '../src/lib/model';
import { type Connection, LiveChannel, type Surroundings } from '../src/lib/socket';

/** A socket and a clock that the test turns. */
class Socket {
  readyState = 0;
  sent: Json[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  opened() {
    this.readyState = 1;
    this.onopen?.();
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  receive(message: Json) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  close() {
    this.readyState = 3;
  }
  breaks(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

let sockets: Socket[];
let clock: number;
let timers: { run: () => void; at: number }[];
let frames: (() => void)[];
let states: Connection[];
let applied: Json[][];
let synced: number;
let readings: ClockReading[];
let known: Record<string, string>;
let channel: LiveChannel;
let age: number;

const around: Surroundings = {
  open() {
    const socket = new Socket();
    sockets.push(socket);
    return socket as unknown as WebSocket;
  },
  ageOf: () => age,
  now: () => clock,
  random: () => 1,
  later(run, milliseconds) {
    const timer = { run, at: clock + milliseconds };
    timers.push(timer);
    return timer;
  },
  cancel(timer) {
    timers = timers.filter((t) => t !== timer);
  },
  frame: (run) => void frames.push(run),
};

function pass(milliseconds: number) {
  const end = clock + milliseconds;
  for (;;) {
    const next = timers.filter((t) => t.at <= end).toSorted((a, b) => a.at - b.at)[0];
    if (!next) break;
    clock = next.at;
    timers = timers.filter((t) => t !== next);
    next.run();
  }
  clock = end;
}

const paint = () => frames.splice(0).forEach((run) => run());
const last = () => sockets.at(-1)!;

beforeEach(() => {
  [sockets, timers, frames, states, applied, synced, readings, known, clock] = [[], [], [], [], [], 0, [], {}, 1000];
  age = 0;
  channel = open(false);
});

function open(subscribed: boolean): LiveChannel {
  const opened = new LiveChannel(
    'ws://x',
    {
      known: () => known,
      apply: (messages) => void applied.push(messages),
      state: (state) => void states.push(state),
      clock: (reading) => void readings.push(reading),
      synced: () => void synced++,
    },
    around,
    subscribed,
  );
  opened.start();
  return opened;
}

test('subscribes with what is known', () => {
  known = { prod: 'r7' };
  last().opened();
  expect(last().sent).toEqual([
    { type: 'subscribe', clusters: ['*'], detail: 'rows', batches: true, known: { prod: 'r7' } },
    { type: 'ping' },
  ]);
});

test('the clock of the server is read from hello and from each pong', () => {
  last().opened();
  last().receive({ type: 'hello', at: '1970-01-01T01:00:00Z' });
  clock += 300;
  last().receive({ type: 'pong', at: '1970-01-01T01:00:00.200Z' });
  last().receive({ type: 'rollout', cluster: 'prod', at: '1970-01-01T00:00:00Z' });
  last().receive({ type: 'pong', at: 'noon' });
  expect(readings).toEqual([
    { server: 3_600_000, sent: 1000, received: 1000 },
    { server: 3_600_200, sent: 1000, received: 1300 },
  ]);
});

test('is live when the server sends hello, not when the socket opens', () => {
  last().opened();
  expect(states).toEqual([]);
  last().receive({ type: 'hello' });
  expect(states).toEqual(['live']);
});

test('what comes between two frames is applied at once', () => {
  last().opened();
  last().receive({ type: 'cluster', cluster: 'a' });
  last().receive({ type: 'synced' });
  expect(applied).toEqual([]);
  expect(frames.length).toBe(1);
  paint();
  expect(applied.map((m) => m.length)).toEqual([2]);
  expect(synced).toBe(1);
  last().receive({ type: 'rollout', cluster: 'a' });
  paint();
  expect(applied.map((m) => m.length)).toEqual([2, 1]);
});

test('a frame that is not JSON does no harm', () => {
  last().opened();
  last().onmessage?.({ data: '{' });
  last().receive({ type: 'hello' });
  paint();
  expect(applied).toEqual([[{ type: 'hello' }]]);
});

describe('after a cut', () => {
  const waits = (n: number) => {
    const found = [];
    for (let i = 0; i < n; i++) {
      last().breaks();
      const before = clock;
      const count = sockets.length;
      while (sockets.length === count) pass(50);
      found.push(clock - before);
    }
    return found;
  };

  test('waits longer each time, up to 15 s', () => {
    expect(waits(8)).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  });

  test('starts over once it was live', () => {
    waits(4);
    last().opened();
    last().receive({ type: 'hello' });
    expect(waits(1)).toEqual([500]);
  });

  test('names the newest revisions', () => {
    last().opened();
    known = { prod: 'r9' };
    last().breaks();
    pass(500);
    last().opened();
    expect(last().sent[0]).toMatchObject({ known: { prod: 'r9' } });
    expect(states).toContain('reconnecting');
  });

  test('goes at once when the tab comes back', () => {
    waits(5);
    last().breaks();
    const before = sockets.length;
    channel.wake();
    expect(sockets.length).toBe(before + 1);
    pass(60_000);
    expect(sockets.length).toBe(before + 1);
  });

  test('reports that the session ended', () => {
    last().breaks(1008);
    expect(states).toEqual(['signed-out']);
  });
});

test('waking up does nothing while it is live', () => {
  last().opened();
  last().receive({ type: 'hello' });
  channel.wake();
  expect(sockets.length).toBe(1);
});

test('pings, and takes silence for an end', () => {
  last().opened();
  pass(15_000);
  expect(last().sent.at(-1)).toEqual({ type: 'ping' });
  pass(45_000);
  expect(states).toEqual(['reconnecting']);
  pass(500);
  expect(sockets.length).toBe(2);
});

test('a socket that was left receives nothing any more', () => {
  const old = last();
  old.opened();
  old.breaks();
  pass(500);
  old.receive({ type: 'hello' });
  old.breaks();
  paint();
  expect(states).toEqual(['reconnecting']);
  expect(applied).toEqual([]);
});

test('a socket that its address subscribed sends no subscription; the next one does', () => {
  channel.stop();
  channel = open(true);
  last().opened();
  expect(last().sent).toEqual([{ type: 'ping' }]);
  last().breaks();
  pass(500);
  last().opened();
  expect(last().sent[0]).toMatchObject({ type: 'subscribe' });
});

test('after an early socket that was refused, the next one subscribes', () => {
  channel.stop();
  channel = open(true);
  last().breaks();
  pass(500);
  last().opened();
  expect(last().sent[0]).toMatchObject({ type: 'subscribe' });
});

test('a message that has waited for the page is as old as it is', () => {
  last().opened();
  clock += 700;
  age = 600;
  last().receive({ type: 'hello', at: '1970-01-01T01:00:00Z' });
  expect(readings).toEqual([{ server: 3_600_000, sent: 1100, received: 1100 }]);
  expect(channel.lastHeard).toBe(1100);
});

test('stops for good', () => {
  last().opened();
  channel.stop();
  last().breaks();
  pass(60_000);
  channel.wake();
  expect(sockets.length).toBe(1);
});

describe('while everything is sent', () => {
  const cluster = (name: string) => ({ type: 'cluster', cluster: name });
  const types = () => applied.map((messages) => messages.map((message) => message.cluster ?? message.type));

  beforeEach(() => {
    channel.start();
    last().opened();
    last().receive({ type: 'hello' });
    last().receive(cluster('a'));
    paint();
  });

  test('clusters that come together are as those that come one by one', () => {
    last().receive({ type: 'batch', messages: [cluster('b'), cluster('c')] });
    last().receive({ type: 'synced' });
    paint();
    expect(types()).toEqual([
      ['hello', 'a'],
      ['b', 'c', 'synced'],
    ]);
  });

  test('the first cluster is applied at once, those after them in parts that come ever later', () => {
    expect(types()).toEqual([['hello', 'a']]);
    last().receive(cluster('b'));
    paint();
    pass(399);
    last().receive(cluster('c'));
    paint();
    expect(types()).toHaveLength(1);
    pass(1);
    paint();
    expect(types()).toEqual([
      ['hello', 'a'],
      ['b', 'c'],
    ]);
    last().receive(cluster('d'));
    pass(799);
    paint();
    expect(types()).toHaveLength(2);
    pass(1);
    paint();
    expect(types()[2]).toEqual(['d']);
  });

  test('a part waits for few seconds at most', () => {
    for (const name of ['b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      last().receive(cluster(name));
      pass(3200);
      paint();
      expect(types().at(-1)).toEqual([name]);
    }
  });

  test('the end of it waits for nothing', () => {
    last().receive(cluster('b'));
    last().receive({ type: 'synced' });
    paint();
    expect(types()[1]).toEqual(['b', 'synced']);
    last().receive({ type: 'rollout', cluster: 'b' });
    paint();
    expect(types()).toHaveLength(3);
    pass(1000);
    paint();
    expect(types()).toHaveLength(3);
  });

  test('a connection that comes back is sent everything again', () => {
    last().receive({ type: 'synced' });
    paint();
    last().breaks();
    pass(500);
    last().opened();
    last().receive({ type: 'hello' });
    paint();
    last().receive(cluster('b'));
    paint();
    expect(types().slice(-2)).toEqual([['hello'], ['b']]);
    last().receive(cluster('c'));
    paint();
    expect(types().at(-1)).toEqual(['b']);
    pass(400);
    paint();
    expect(types().at(-1)).toEqual(['c']);
  });
});
