/** Stopping a rollout, and continuing one that is paused: the calls, and why they cannot be made now. */

import type { Json, Service } from '../lib/model';
import { call, path } from '../lib/rest';
import { hindrance } from './state';

const STOP = '/clusters/{c}/services/{s}/rollout/stop';
const CONTINUE = '/clusters/{c}/services/{s}/rollout/continue';

/** `abort` leaves the tasks as they are; AWS may refuse it. */
export type StopMode = 'rollback' | 'abort';

/** Why a rollout cannot be stopped now; null where it can. */
export function stopHindrance({ cluster, name, staged }: Service): string | null {
  return hindrance('POST', STOP, cluster, [name]) ?? (staged?.deployment ? null : 'ECS has not begun');
}

/** Why a paused rollout cannot be continued, or rolled back, by the viewer; null where it can. */
export function continueHindrance({ cluster, name, staged }: Service): string | null {
  return hindrance('POST', CONTINUE, cluster, [name]) ?? (staged?.pause ? null : 'It is not paused');
}

/** Stops the deployment that the viewer saw: the server refuses where another one has begun. */
export function stopRollout({ cluster, name, staged }: Service, mode: StopMode, reason: string) {
  const body = { mode, reason, ...(staged?.deployment ? { deployment: staged.deployment } : {}) };
  return call<Json>(path('clusters', cluster, 'services', name, 'rollout', 'stop'), { method: 'POST', body });
}

/** Ends the pause that the viewer saw. */
export function endPause({ cluster, name, staged }: Service, action: 'continue' | 'rollback', reason: string) {
  const body = {
    action,
    reason,
    ...(staged?.pause ? { hook: staged.pause.hook } : {}),
    ...(staged?.deployment ? { deployment: staged.deployment } : {}),
  };
  return call<Json>(path('clusters', cluster, 'services', name, 'rollout', 'continue'), { method: 'POST', body });
}
