/** The AWS accounts and regions of the installation, and which one each cluster is in. */

import type { Json } from './model';
import { instant } from './time';

export type AccountState = 'unknown' | 'ok' | 'denied' | 'throttled' | 'unavailable';
const STATES: readonly AccountState[] = ['unknown', 'ok', 'denied', 'throttled', 'unavailable'];

/** An account in one region. `seenAt`: when AWS answered last; `denied`: the calls that lack a permission. */
export interface Account {
  /** What an address names it by: its name, with the region where the account is in several. */
  key: string;
  /** Its name, with the region where that distinguishes it. */
  label: string;
  name: string;
  region: string | null;
  state: AccountState;
  denied: readonly string[];
  seenAt: number | null;
  clusters: readonly string[];
}

/** The answer of `GET /accounts`. */
export function readAccounts(sent: Json): Account[] {
  const rows = Array.isArray(sent.content) ? (sent.content as Json[]) : [];
  const names = rows.map((row) => String(row.account));
  const regions = rows.map((row) => (typeof row.region === 'string' ? row.region : null));
  const oneRegion = new Set(regions).size < 2;
  return rows.map((row, i) => {
    const [name, region] = [names[i]!, regions[i]!];
    const alone = names.filter((each) => each === name).length === 1;
    return {
      name,
      region,
      key: alone || region === null ? name : `${name}/${region}`,
      label: oneRegion || region === null ? name : `${name} · ${region}`,
      state: STATES.find((state) => state === row.state) ?? 'unknown',
      denied: texts(row.denied),
      seenAt: instant(row.seen_at),
      clusters: texts(row.names),
    };
  });
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** The account of each cluster that is in one. */
export function byCluster<A extends Pick<Account, 'clusters'>>(accounts: readonly A[]): ReadonlyMap<string, A> {
  return new Map(accounts.flatMap((account) => account.clusters.map((cluster) => [cluster, account] as const)));
}

/** Whether an address that names an account means this one; the name alone means the account in every region. */
export function isMeant(account: Pick<Account, 'key' | 'name'>, key: string): boolean {
  return account.key === key || account.name === key;
}

const RANK: Partial<Record<AccountState, number>> = { denied: 0, unavailable: 0, throttled: 1 };

/** Whether calls to an account fail or are slowed down. */
export function isTroubled({ state }: Pick<Account, 'state'>): boolean {
  return RANK[state] !== undefined;
}

/** The accounts whose calls fail or are slowed down, those that fail first. */
export function troubled(accounts: readonly Account[]): Account[] {
  return accounts.filter(isTroubled).toSorted((a, b) => RANK[a.state]! - RANK[b.state]!);
}

/** The clusters of each account, in the order of the accounts; clusters without one are at the end, under `''`. */
export function grouped<A extends Pick<Account, 'label' | 'clusters'>>(
  accounts: readonly A[],
  clusters: readonly string[],
): { label: string; names: string[] }[] {
  const of = byCluster(accounts);
  const known = accounts.map((account) => ({
    label: account.label,
    names: clusters.filter((cluster) => of.get(cluster) === account),
  }));
  const rest = { label: '', names: clusters.filter((cluster) => !of.has(cluster)) };
  return [...known, rest].filter(({ names }) => names.length);
}

const NAMED = 2;

/** What the state of an account means, as a sentence. */
export function stateInWords({ state, denied }: Pick<Account, 'state' | 'denied'>): string {
  switch (state) {
    case 'denied': {
      const more = denied.length - NAMED;
      return `AWS denies ${denied.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    }
    case 'throttled':
      return 'AWS throttles calls: states are read less often';
    case 'unavailable':
      return 'AWS does not answer: states may be old';
    case 'ok':
      return 'AWS answers';
    case 'unknown':
      return 'Not asked yet';
  }
}
