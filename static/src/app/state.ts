/** What the whole page shares: one store, one live channel, one route, one clock. */

import { computed, signal } from '@preact/signals';
import { ServerClock } from '../lib/clock';
import { type EarlyPage, replay, takeEarlySocket } from '../lib/early';
import { Drafts } from '../lib/drafts';
import { freezer, type Json } from '../lib/model';
import { leastRole, offers } from '../lib/offers';
import { type ApiError, asApiError, call, path, proveWith } from '../lib/rest';
import { format, parse, type Route } from '../lib/router';
import { EVERY_SERVICE, scopeHindrance } from '../lib/scope';
import { type Connection, LiveChannel } from '../lib/socket';
import { Store } from '../lib/store';
import { afterFrame, whenIdle } from './frames';
import { connectTail, receiveTail } from './tail';

export const store = new Store();
export const drafts = new Drafts(localStorage, sessionStorage, Math.random);

const clock = new ServerClock(Date.now);

/** The server's time, which relative times follow; it stands while the page is hidden. */
export const now = signal(clock.now());
const TICK_MS = 5000;
const SECOND_MS = 1000;

const MINUTE_MS = 60_000;

/** The server's time in whole minutes, for what does not move in seconds. */
export const minute = computed(() => Math.floor(now.value / MINUTE_MS) * MINUTE_MS);

let eachSecond: ReturnType<typeof setInterval> | undefined;

/** The server's time, each second, for running clocks; it ticks only while one is shown. */
export const seconds = signal(clock.now(), {
  watched() {
    seconds.value = clock.now();
    eachSecond = setInterval(() => {
      if (!document.hidden) seconds.value = clock.now();
    }, SECOND_MS);
  },
  unwatched: () => clearInterval(eachSecond),
});

// Where we are
export const route = signal<Route>(parse(location.href));
export const screen = computed(() => route.value.screen);

/** Goes to a route; `replace` for what the back button should not stop at (a filter, a sort order). */
export function go(to: Route | string, replace = false): void {
  writeAddress();
  const url = typeof to === 'string' ? to : format(to);
  if (url === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  const before = route.peek();
  route.value = parse(location.href);
  const after = route.peek();
  const elsewhere =
    after.screen !== before.screen || ('cluster' in after && 'cluster' in before && after.cluster !== before.cluster);
  if (elsewhere) {
    scrollTo(0, 0);
    // Screen readers and keyboards start at the top of the new screen.
    queueMicrotask(() => document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true }));
  }
}

let unwritten = false;

/** Changes a part of the present route, in place. The address follows once that is painted: writing it costs as much as a frame has. */
export function adjust(change: Partial<Record<string, string | null>>): void {
  route.value = { ...route.peek(), ...change } as Route;
  unwritten = true;
  afterFrame(writeAddress);
}

/** Writes what `adjust` has not written yet. */
function writeAddress(): void {
  if (!unwritten) return;
  unwritten = false;
  history.replaceState(null, '', format(route.peek()));
}

// Notices stay until they are dismissed
export interface Notice {
  id: number;
  tone: 'good' | 'bad' | 'warn' | 'busy';
  title: string;
  text?: string;
  error?: ApiError;
  retry?: () => void;
  link?: { label: string; to: Route };
}
export const notices = signal<readonly Notice[]>([]);
let nextNotice = 1;

export function notify(notice: Omit<Notice, 'id'>): void {
  notices.value = [...notices.peek().slice(-4), { ...notice, id: nextNotice++ }];
}
export function dismiss(id: number): void {
  notices.value = notices.peek().filter((n) => n.id !== id);
}

/** The live channel's state. */
export const connection = signal<Connection>('connecting');

// Who we are, and what the server offers
/** `services`: the names and patterns that the token is limited to; `signedIn`: by a session of this browser, which can be ended here. */
export const me = signal<{ name: string; role: string; services: readonly string[]; signedIn: boolean } | null>(null);
/** Why no user is signed in: not yet (`first`), or since a session has `ended`; null while one is. */
export const signedOut = signal<'first' | 'ended' | null>(null);
/** True once neither the channel nor the API could be reached. */
export const unreachable = signal(false);
const description = signal<Json | null>(null);

/** Why an action on a cluster, or on some of its services, cannot be done now; null where it can. */
export function hindrance(
  method: string,
  target: string,
  cluster: string | null = null,
  services: readonly string[] = [],
): string | null {
  if (connection.value !== 'live') return "Offline — can't deploy until reconnected";
  const lacks =
    roleHindrance(method, target) ??
    scopeHindrance(me.value?.services ?? EVERY_SERVICE, `${method} ${target}`, services);
  if (lacks) return lacks;
  const frozen = cluster && store.get(cluster)?.summary.value.frozen;
  if (frozen && overrideHindrance()) return `Frozen by ${freezer(frozen)}: ${frozen.reason}`;
  return null;
}

/** True once the server's OpenAPI document is read. */
export const described = computed(() => description.value !== null);

/** Whether the server has a call; false until its document is read. */
export function offered(method: string, target: string): boolean {
  return description.value !== null && offers(description.value, method, target);
}

/** Why this server does not do it for us, or null where it does. */
export function roleHindrance(method: string, target: string): string | null {
  if (description.value && !offers(description.value, method, target)) return 'Not available on this server';
  const role = me.value?.role;
  if (role === 'viewer') return 'Read-only (viewer). Ask an admin for deployer.';
  const least = leastRole(description.value, method, target);
  if (role && least === 'admin' && role !== least) return `Requires the role ${least}; yours is ${role}`;
  return null;
}

/** Why we may not make a change in spite of a freeze, or null where we may. */
export function overrideHindrance(): string | null {
  const role = me.value?.role;
  return role === 'admin' ? null : `Overriding a freeze requires the role admin; yours is ${role ?? 'unknown'}`;
}

/** Reads the OpenAPI document: by far the largest answer, so that it comes after what is shown. */
async function describe(): Promise<void> {
  if (description.peek()) return;
  try {
    description.value = (await call<Json>('/openapi.json')).data;
  } catch (error) {
    heed(asApiError(error));
  }
}

/** Counts what decides who we are, so that a read that was under way when one signed in or out decides nothing. */
let sessionTurn = 0;

/** Who we are to the server, and what a change must show; servers without sessions know neither. */
async function readSession(): Promise<void> {
  sessionTurn += 1;
  const turn = sessionTurn;
  try {
    const { data } = await call<Json>('/session');
    if (turn === sessionTurn) useSession(data);
  } catch (error) {
    heed(asApiError(error));
  }
}

/** How one can sign in besides a token: the host of a provider of identities where there is one. */
export const ways = signal<{ provider: string | null }>({ provider: null });

function useSession(session: Json): void {
  sessionTurn += 1;
  const offered = Array.isArray(session.sign_in) ? session.sign_in : ['token'];
  ways.value = { provider: offered.includes('oidc') ? String(session.provider) : null };
  unreachable.value = false;
  if (session.signed_in === false) signOff();
  else signedOut.value = null;
  me.value =
    typeof session.name === 'string'
      ? {
          name: session.name,
          role: String(session.role ?? ''),
          services: Array.isArray(session.services) ? session.services.map(String) : EVERY_SERVICE,
          signedIn: typeof session.csrf === 'string',
        }
      : null;
  proveWith(typeof session.csrf === 'string' ? session.csrf : null);
}

function signOff(): void {
  signedOut.value ??= me.peek() ? 'ended' : 'first';
}

/** Signs in with a token; throws ApiError where it is invalid. */
export async function signIn(token: string): Promise<void> {
  useSession((await call<Json>('/session', { method: 'POST', body: { token } })).data);
  channel.stop();
  channel.start();
}

export async function signOut(): Promise<void> {
  try {
    const { data } = await call<Json>('/session', { method: 'DELETE' });
    useSession(data);
    if (signedOut.peek()) signedOut.value = 'first';
    // The provider would sign the next user of this browser in as the last one.
    if (typeof data.end_at_provider === 'string') location.assign(data.end_at_provider);
  } catch (error) {
    notify({ tone: 'bad', title: 'You are still signed in', error: asApiError(error) });
  }
}

/** An error that concerns the whole page, whatever was asked. */
export function heed(error: ApiError): ApiError {
  if (error.status === 401) signOff();
  if (error.code === 'unreachable' || error.status >= 500) unreachable.value = connection.peek() !== 'live';
  return error;
}

// The live channel
let early = takeEarlySocket(globalThis as EarlyPage);

const channel = new LiveChannel(
  `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/events`,
  {
    known: () => store.known(),
    apply(messages) {
      const hello = messages.findLast((m) => m.type === 'hello');
      if (hello) welcome(hello);
      withoutChannel?.abort();
      store.apply(messages);
      receiveTail(messages);
    },
    state(state) {
      connection.value = state;
      if (state === 'signed-out') signOff();
      // A handshake that is refused looks like one that failed: only the end of a session distinguishes them.
      if (state === 'reconnecting') void readSession();
      if (state === 'reconnecting' && !store.loaded.peek()) void readWithoutChannel();
    },
    clock(reading) {
      clock.read(reading);
      now.value = clock.now();
    },
    synced() {
      store.loaded.value = true;
      store.syncs.value += 1;
      whenIdle(() => void describe());
    },
  },
  {
    open(url) {
      const taken = early;
      early = null;
      if (!taken) return new WebSocket(url, 'nysa.v1');
      queueMicrotask(() => replay(taken));
      return taken.socket;
    },
    ageOf: (event) => performance.now() - event.timeStamp,
    now: Date.now,
    random: Math.random,
    later: (run, milliseconds) => setTimeout(run, milliseconds),
    cancel: (timer) => clearTimeout(timer as number),
    // While the page is hidden no frame comes: what arrived waits, and is applied at once when the page is shown.
    frame: (run) => requestAnimationFrame(run),
  },
  early !== null,
);

function welcome(hello: Json): void {
  const caller = hello.caller as Json;
  const { services = EVERY_SERVICE, signedIn = false } = me.peek() ?? {};
  me.value = { name: String(caller.name), role: String(caller.role), services, signedIn };
  signedOut.value = null;
  unreachable.value = false;
}

/** How old what is shown is, in milliseconds; 0 while it is live. */
export const age = computed(() => {
  void now.value;
  return connection.value === 'live' ? 0 : Math.max(0, Date.now() - channel.lastHeard);
});

/** Ends the reads over REST once the channel sends: their answers may be older than what it sent. */
let withoutChannel: AbortController | null = null;

/** The page stays readable where the channel does not come up at first: one read of everything, over REST. */
async function readWithoutChannel(): Promise<void> {
  if (withoutChannel) return;
  withoutChannel = new AbortController();
  const { signal } = withoutChannel;
  try {
    const { data } = await call<{ content: string[] }>('/clusters', { signal });
    for (const name of data.content) store.entry(name);
    for (const name of data.content) store.snapshot(name, (await call<Json>(path('clusters', name), { signal })).data);
    store.loaded.value = true;
  } catch (error) {
    if (!signal.aborted) heed(asApiError(error));
  } finally {
    withoutChannel = null;
  }
  void describe();
}

export function start(): void {
  connectTail((tail) => channel.follow(tail));
  addEventListener('popstate', () => {
    unwritten = false;
    route.value = parse(location.href);
  });
  addEventListener('online', () => channel.wake());
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    now.value = clock.now();
    channel.wake();
  });
  setInterval(() => {
    if (!document.hidden) now.value = clock.now();
  }, TICK_MS);
  channel.start();
  void readSession();
}

/** The image that the running tasks of a cluster's service have, where it is known. */
export function imageThatRuns(cluster: string): (service: string) => string | null {
  return (service) => store.get(cluster)?.rows.get(service)?.value.deployedImage ?? null;
}
