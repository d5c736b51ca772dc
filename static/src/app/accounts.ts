/** The AWS accounts of the installation. With a single one the page shows nothing of it, and loads no part for it. */

import { batch, computed, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Account } from '../lib/accounts';
import type { Json } from '../lib/model';
import { call } from '../lib/rest';
import { useRead } from './read';
import { now, offered, store } from './state';

const LIST = '/accounts';

/** How often the health of several accounts is read again; a hidden page reads nothing. */
const EVERY_MS = 30_000;

type Parts = typeof import('../screens/accounts/accounts');
const loaded = signal<Parts | null>(null);

/** All accounts and regions, where there are several; otherwise none. */
export const accounts = signal<readonly Account[]>([]);

/** What reads and shows them: a chunk of its own, null while there is a single account. */
export const accountParts = computed(() => (accounts.value.length ? loaded.value : null));

/** Whether a cluster is in the account that an address names; every one is before the accounts are known, and where there is a single one. */
export function inAccount(cluster: string, key: string): boolean {
  return !key || (accountParts.value?.isIn(cluster, key) ?? true);
}

const asked = signal(0);

/** Reads the health of several accounts again. */
export function readAccountsAgain(): void {
  if (accounts.peek().length) asked.value = asked.peek() + 1;
}

const members = computed(() => store.names.value.join(' '));
const unread = computed(() =>
  store.names.value.filter((name) => store.get(name)!.summary.value.failing !== null).join(' '),
);

/** Reads the accounts: again when clusters come or go or cannot be read in ECS, and of several ones from time to time. */
export function AccountsReader() {
  const ready = store.loaded.value && offered('GET', LIST);
  const round = accounts.value.length ? Math.floor(now.value / EVERY_MS) : 0;
  const key = ready ? [LIST, round, asked.value, store.syncs.value, members.value, '·', unread.value].join(' ') : null;
  const { data } = useRead<Json>(key, (signal) => call(LIST, { signal }));
  useEffect(() => {
    if (data) void show(data);
  }, [data]);
  return null;
}

async function show(sent: Json): Promise<void> {
  const several = Array.isArray(sent.content) && sent.content.length > 1;
  const parts = several ? (loaded.peek() ?? (await import('../screens/accounts/accounts'))) : null;
  batch(() => {
    if (parts) loaded.value = parts;
    accounts.value = parts ? parts.readAccounts(sent) : [];
  });
}
