/** A cluster that is being taken under management: what was answered so far, kept as a draft. */

import type { Draft } from './drafts';
import type { Json } from './model';
import { type Place, placeOf } from './place';
import type { Unmanaged } from './unmanaged';

export type Source = 'stackfile' | 'adopt' | 'form';

/** A note on an import: what a stackfile cannot represent; without a service it is about the whole cluster. */
export interface Note {
  service: string | null;
  message: string;
}

/** The answers of the form, as they were typed. */
export interface Answers {
  name: string;
  image: string;
  port: string;
  count: string;
}

export interface Progress {
  step: 1 | 2 | 3;
  /** The account that was chosen, as in `Account.key`; '' where none was. */
  account: string;
  /** What the stackfile states: the chosen account, or that of a chosen cluster that needs it. */
  place: Place;
  name: string;
  /** The ECS cluster, where its name there is another one. */
  ecsCluster: { name: string; account: string } | null;
  source: Source;
  text: string;
  /** What the text was written from: other answers begin another text. */
  from: string;
  notes: Note[];
  answers: Answers;
}

export const DRAFT = 'new cluster';
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html
export const CLUSTER_NAME = /^[A-Za-z0-9_-]{1,255}$/;
const SERVICE_NAME = /^[A-Za-z0-9_-]+$/;

const BEGINNING: Progress = {
  step: 1,
  account: '',
  place: {},
  name: '',
  ecsCluster: null,
  source: 'form',
  text: '',
  from: '',
  notes: [],
  answers: { name: '', image: '', port: '', count: '1' },
};

export function begin(draft: Draft | null): Progress {
  try {
    const kept = draft && (JSON.parse(draft.base) as Partial<Progress>);
    if (draft && kept) return { ...BEGINNING, ...kept, text: draft.text };
  } catch {
    // not a draft of this kind: start afresh
  }
  return BEGINNING;
}

export function asDraft({ text, ...rest }: Progress, at: number): Draft {
  return { name: DRAFT, text, base: JSON.stringify(rest), revision: null, savedAt: at };
}

/** The source of the text, as in `Progress.from`. */
export function origin(progress: Pick<Progress, 'source' | 'name' | 'ecsCluster' | 'place'>): string {
  const { source, name } = progress;
  return [source, ...(source === 'adopt' ? [name] : []), ...Object.entries(stated(progress)).flat()].join(' ');
}

/** The keys of a stackfile that place it: its account and region, and its name in ECS where that is another one. */
export function stated({ place, ecsCluster }: Pick<Progress, 'place' | 'ecsCluster'>): Record<string, string> {
  return { ...place, ...(ecsCluster ? { ecs_cluster: ecsCluster.name } : {}) };
}

/** These keys as the first lines of a stackfile. */
export function statedLines(progress: Pick<Progress, 'place' | 'ecsCluster'>): string {
  return Object.entries(stated(progress))
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join('');
}

/** The first of these keys that a stackfile lacks, with its value; null where it has all. */
export function unstated(text: string, progress: Pick<Progress, 'place' | 'ecsCluster'>): string | null {
  const lacking = Object.entries(stated(progress)).find(
    ([key]) => !new RegExp(`(^|[{,]\\s*)["']?${key}["']?\\s*:`, 'm').test(text),
  );
  return lacking ? lacking.join(': ') : null;
}

/** What choosing a cluster of ECS comes to; a name that its own account may have is suggested. */
export function chosenOf(
  { name, account, needsName, needsAccount }: Unmanaged,
  chosen: string,
): Pick<Progress, 'name' | 'ecsCluster' | 'place'> {
  const place = placeOf(chosen || (needsName || needsAccount ? account : ''));
  return needsName
    ? { name: `${account}-${name}`, ecsCluster: { name, account }, place }
    : { name, ecsCluster: null, place };
}

/** Whether a cluster of ECS is the one that was typed or chosen. */
export function isChosen(
  cluster: Unmanaged,
  { name, ecsCluster, place }: Pick<Progress, 'name' | 'ecsCluster' | 'place'>,
): boolean {
  if (cluster.needsName) return cluster.name === ecsCluster?.name && cluster.account === ecsCluster.account;
  const isThere = place.account ? place.account === cluster.account : !cluster.needsAccount;
  return !ecsCluster && cluster.name === name && isThere;
}

/** Why the form's answers make no service yet, or null where they do. */
export function lacking({ name, image, port, count }: Answers): string | null {
  if (!SERVICE_NAME.test(name)) return 'The service needs a name';
  if (!image) return 'Enter an image';
  if (port && !/^\d+(:\d+)?$/.test(port)) return 'The port must be a number, or HOST:CONTAINER';
  return /^\d+$/.test(count) ? null : 'The count must be a whole number';
}

/** The stackfile of one service. */
export function stackfileOf({ name, image, port, count }: Answers): string {
  const ports = port ? [`      ports: ["${port.includes(':') ? port : `${port}:${port}`}"]`] : [];
  return [
    'services:',
    `  - ${name}:`,
    `      image: ${JSON.stringify(image)}`,
    ...ports,
    `      desired_count: ${Number(count)}`,
    '',
  ].join('\n');
}

/** The body of `POST /clusters`: the stackfile as it was written, below the cluster's name. */
export function creation(name: string, text: string): string {
  // The mark of a document's beginning may stand above a stackfile, and not inside another document.
  const inner = text.replace(/^((?:[ \t]*(?:#.*)?\n)*)---[ \t]*(?=\n|$)/, '$1');
  const indented = inner
    .split('\n')
    .map((line) => (line ? `  ${line}` : line))
    .join('\n');
  return `name: ${JSON.stringify(name)}\nconfig:\n${indented}\n`;
}

export interface Adoption {
  text: string;
  notes: Note[];
}

/** The answer of `POST …/adopt?dry_run=true`. */
export function readAdoption(sent: Json): Adoption {
  const notes = Array.isArray(sent.notes) ? (sent.notes as Json[]) : [];
  return {
    text: String(sent.stackfile ?? ''),
    notes: notes.map((n) => ({
      service: typeof n.service === 'string' ? n.service : null,
      message: String(n.message),
    })),
  };
}

/** Notes by the service that they are about, in their order. */
export function byService(notes: readonly Note[]): [string | null, string[]][] {
  const found = new Map<string | null, string[]>();
  for (const { service, message } of notes) found.set(service, [...(found.get(service) ?? []), message]);
  return [...found];
}
