/** A failure in sentences: what fails and why, since when, whose deployment it is, and what still serves. */

import { parseImage, versionOf } from './images';
import { type Cluster, concern, scheduleConcern, type Service, troublesomeStop } from './model';
import { clock } from './time';

export interface Incident {
  /** What fails and why: `billing-service v2.7.0: the application exited with code 1`. */
  title: string;
  /** What still serves, or that nothing does. */
  serves: string;
  /** Whose deployment it is, where it is one; without the reason, which is the user's own text. */
  by: string | null;
  reason: string | null;
  since: number | null;
  /** The version to go back to, null where none is known. */
  back: string | null;
}

export function incidentOf(service: Service, cluster: Cluster): Incident {
  const brought = cluster.changed.includes(service.name);
  return {
    title: `${service.name} ${versionOf(service.image ?? service.deployedImage)}: ${lowerFirst(withoutStop(concern(service) ?? 'it fails'))}`,
    serves: stillServes(service),
    by: brought ? (cluster.by ?? 'an external change') : null,
    reason: brought ? cluster.message : null,
    since: failingSince(service, cluster),
    back: backTo(service),
  };
}

function stillServes(service: Service): string {
  const { running, desired, deployedImage } = service;
  if (scheduleConcern(service)) return 'The schedule goes on.';
  if (running === null) return 'What still serves is not known yet.';
  if (running === 0) return 'No task runs.';
  if (deployedImage === null) return `${running} of ${desired} tasks still run.`;
  return `${versionOf(deployedImage)} still serves ${running} of ${desired} tasks.`;
}

/** From when the clock of a failure runs: its rollout, its verdict, or the newest task that stopped. */
export function failingSince(service: Service, { rollouts }: Cluster): number | null {
  if (service.sync === 'rolling-out')
    return rollouts.findLast((rollout) => rollout.services.includes(service.name))?.since ?? null;
  if (scheduleConcern(service)) return service.schedule!.since;
  return service.verdict?.failed ? service.verdict.at : (troublesomeStop(service)?.at ?? service.verdict?.at ?? null);
}

/** The version that a rollback leads to: the former image, else the one that still runs. */
export function backTo({ image, previousImage, deployedImage }: Service): string | null {
  const former = [previousImage, deployedImage].find((other) => other !== null && other !== image);
  if (!former) return null;
  const { tag, digest } = parseImage(former);
  return tag || digest ? versionOf(former) : null;
}

/** The incident as plain text to paste into a chat. */
export function chatText(service: Service, incident: Incident, now: number, address: string): string {
  const duration = incident.since === null ? '' : `, failing for ${clock(now - incident.since)}`;
  const by = incident.by ? ` Deployed by ${incident.by}${incident.reason ? ` ("${incident.reason}")` : ''}.` : '';
  return `${incident.title} in ${service.cluster}${duration}.\n${incident.serves}${by}\n${address}`;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) && !text.startsWith('ECS') ? text[0]!.toLowerCase() + text.slice(1) : text;
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}
