/** Made-up services, clusters and series for the page of parts: one for each state, some with very long names. */

import type { Series } from '../../lib/metrics';
import { type Json, readCluster, readService, type Service } from '../../lib/model';
import { type Proposal, readProposal } from '../../lib/proposals';
import { ApiError } from '../../lib/rest';
import { ClusterEntry } from '../../lib/store';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const LONG = 'recommendation-engine-for-returning-customers-in-northern-europe-blue';
export const UNBROKEN = 'x'.repeat(120);
const IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/';

const iso = (at: number) => new Date(at).toISOString();

function service(name: string, sent: Json): Service {
  const image = `${IMAGE}${name}:v2.6.0`;
  const deployed = { image, desired: 3, running: 3, pending: 0 };
  const calm = { image, desired_count: 3, state: 'steady', sync: 'in-sync', health: 'healthy', deployed };
  return readService('sample', name, { ...calm, ...sent });
}

const STAGES =
  'RECONCILE_SERVICE PRE_SCALE_UP SCALE_UP POST_SCALE_UP TEST_TRAFFIC_SHIFT POST_TEST_TRAFFIC_SHIFT PRODUCTION_TRAFFIC_SHIFT POST_PRODUCTION_TRAFFIC_SHIFT BAKE_TIME CLEAN_UP'.split(
    ' ',
  );

/** A deployment in a stage, with so many percent of the traffic on the new tasks. */
function inStage(name: string, now: number, stage: string, percent: number, sent: Json): Service {
  const index = STAGES.indexOf(stage);
  const stages = STAGES.map((each, i) => ({
    stage: each,
    state: i < index ? 'done' : i === index ? 'now' : 'next',
    since: i <= index ? iso(now - (index - i + 1) * 2 * MINUTE) : null,
  }));
  return service(name, {
    sync: 'rolling-out',
    image: `${IMAGE}${name}:v2.7.0`,
    image_before: `${IMAGE}${name}:v2.6.0`,
    running: 3,
    desired: 3,
    deployed: { image: `${IMAGE}${name}:v2.6.0`, desired: 3, running: 6, pending: 0 },
    deployment_arn: `arn:${name}`,
    stage,
    stages,
    traffic: { old: 100 - percent, new: percent },
    ...sent,
  });
}

export function paused(now: number): Service {
  const stage = 'POST_TEST_TRAFFIC_SHIFT';
  const until = { since: iso(now - 4 * MINUTE), until: iso(now + 26 * MINUTE), on_timeout: 'rollback' };
  return inStage('checkout-service', now, stage, 0, {
    state: 'paused',
    strategy: 'blue_green',
    waiting: { hook: 'h', stage, ...until, message: 'Run the smoke test', may: 'group:platform, role:deployer' },
  });
}

export function shifting(now: number): Service {
  return inStage(LONG, now, 'PRODUCTION_TRAFFIC_SHIFT', 5, {
    state: 'shifting',
    strategy: 'canary',
    until: iso(now + 8 * MINUTE),
    alarms: { names: ['orders-5xx', LONG], triggered: ['orders-5xx'] },
  });
}

export function baking(now: number): Service {
  return inStage('payments-service', now, 'BAKE_TIME', 100, {
    state: 'baking',
    strategy: 'blue_green',
    until: iso(now + 5 * HOUR),
    breaker: { failures: 1, threshold: 3 },
  });
}

/** A proposal that the viewer may approve, and one of their own. */
export function proposals(now: number): Proposal[] {
  const sent = {
    cluster: 'sample',
    by: 'ines',
    at: iso(now - HOUR),
    reason: 'Retry card authorisations once',
    expires_at: iso(now + 3 * HOUR),
    required: 2,
    approvals: [{ by: 'maria', at: iso(now - 20 * MINUTE), reason: 'Looks right' }],
    may_approve: 'group:platform, role:deployer',
    can_approve: true,
  };
  const own = { can_approve: false, why_not: 'It is your own proposal', approvals: [], reason: UNBROKEN };
  return [readProposal({ ...sent, id: 'p-1' }), readProposal({ ...sent, ...own, id: 'p-2' })];
}

/** One service in each state that a row can show. */
export function services(now: number): Service[] {
  const succeeded = { ending: 'succeeded', reason: '', at: iso(now - 2 * DAY), failed: false };
  const failed = { ending: 'rolled-back', reason: 'tasks failed to start', at: iso(now - 8 * MINUTE), failed: true };
  const trouble = { kind: 'exit', what: 'The application exited with code 1', advice: 'See its log.' };
  const next = `${IMAGE}user-service:v2.6.1-rc.4-with-a-long-suffix`;
  return [
    service('api-gateway', { verdict: succeeded }),
    service('billing-service', {
      state: 'rolled-back',
      verdict: failed,
      trouble,
      image_before: `${IMAGE}billing-service:v2.5.9`,
      deployed: { image: `${IMAGE}billing-service:v2.5.9`, desired: 3, running: 2, pending: 1 },
    }),
    service('user-service', { sync: 'rolling-out', state: 'rolling-out', image: next, running: 1, desired: 3 }),
    service('search-service', { sync: 'rolling-out', state: 'rolling-out', trouble, running: 0, desired: 3 }),
    paused(now),
    service('routing-service', {
      sync: 'drifted',
      drift: [{ path: 'desired_count', before: 2, after: 4 }],
      deployed: { image: `${IMAGE}routing-service:v2.6.0`, desired: 2, running: 2, pending: 0 },
    }),
    service('cart-service', { health: 'degraded', deployed: { desired: 3, running: 2, pending: 1 } }),
    service('etl-orders', { health: 'stopped', desired_count: 0, deployed: { desired: 0, running: 0, pending: 0 } }),
    service('new-worker', { sync: 'not-deployed', health: 'unknown', deployed: null }),
    service('legacy-cron', { managed: false }),
    service(LONG, { desired_count: 30, deployed: { image: next, desired: 30, running: 30, pending: 0 } }),
  ];
}

function entry(name: string, sent: Json, rows: readonly Service[]): ClusterEntry {
  const made = new ClusterEntry(name);
  made.summary.value = readCluster(name, sent);
  made.replaceRows(rows.map((row) => ({ ...row, cluster: name })));
  return made;
}

/** A cluster for each state of a tile, then those that are hard to lay out. */
export function clusters(now: number): ClusterEntry[] {
  const all = services(now);
  const calm = all[0]!;
  const last = { changed_at: iso(now - 2 * HOUR), by: 'ann', message: 'TLS session tickets' };
  const of = (name: string) => all.find((one) => one.name === name)!;
  const rollout = (name: string, seconds: number) => ({
    rollouts: [{ services: [name], since: iso(now - seconds * 1000), usual_seconds: 50 }],
  });
  const freeze = { by: 'farah', reason: 'Sales week', at: iso(now - 42 * HOUR), until: iso(now + 5 * DAY) };
  const many = Array.from({ length: 300 }, (_, i) => ({ ...calm, name: `service-${String(i).padStart(3, '0')}` }));
  return [
    entry('failing', { ...last, ...rollout('billing-service', 192) }, [of('billing-service'), calm]),
    entry('rolling-out', { ...last, ...rollout('user-service', 32) }, [of('user-service'), calm]),
    entry('paused', last, [of('checkout-service'), calm]),
    entry('drifted', last, [of('routing-service'), calm]),
    entry('frozen', { ...last, frozen: freeze }, [calm]),
    entry('unreadable', { ...last, unreadable: 'not JSON: line 4, column 12' }, [calm]),
    entry('calm', last, [calm]),
    entry('empty', {}, []),
    entry('three-hundred-services', last, many),
    entry(LONG, { ...last, by: UNBROKEN, message: `${LONG} ${UNBROKEN}` }, [calm, of(LONG)]),
  ];
}

/** An hour of a metric: `shape` has a value between 0 and 1 for each share of the hour, or null. */
export function series(name: string, now: number, top: number, shape: (share: number) => number | null): Series {
  const points = Array.from({ length: 60 }, (_, i) => {
    const value = shape(i / 59);
    return { at: now - (60 - i) * MINUTE, value: value === null ? null : value * top };
  });
  return { name, unit: '', points };
}

export function error(status: number): ApiError {
  const details = [
    { path: `services.${LONG}.ports`, message: 'expected a list', line: 12, column: 3 },
    { message: UNBROKEN },
  ];
  return new ApiError(status, 'sample', 'The stackfile has 2 errors', details, 'req-5f3a01c2');
}
