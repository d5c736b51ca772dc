/** ECS clusters that are not managed, as the API answers. */

import type { Json } from './model';

/** An unmanaged ECS cluster, the AWS account it is in, and what runs in it. */
export interface Unmanaged {
  name: string;
  account: string;
  /** Whether it can be managed under another name only. */
  needsName: boolean;
  /** Whether its own name belongs to another account, so that its stackfile must state this one. */
  needsAccount: boolean;
  services: number;
  running: number;
}

/** The answer of `GET /ecs-clusters`. */
export function readUnmanaged(sent: Json): Unmanaged[] {
  const content = Array.isArray(sent.content) ? (sent.content as Json[]) : [];
  return content
    .filter((each) => each.managed !== true)
    .map((each) => ({
      name: String(each.name),
      account: String(each.account ?? ''),
      needsName: each.needs_name === true,
      needsAccount: each.needs_account === true,
      services: Number(each.services) || 0,
      running: Number(each.running) || 0,
    }));
}

/** The accounts whose ECS clusters could not be listed, in the answer of `GET /ecs-clusters`. */
export function readUnlisted(sent: Json): string[] {
  return typeof sent.failing === 'object' && sent.failing !== null ? Object.keys(sent.failing) : [];
}
