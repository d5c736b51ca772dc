/** The parts of the page that only an installation with several AWS accounts has: a chunk of its own. */

import '../../styles/accounts.css';
import { computed } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { accounts } from '../../app/accounts';
import { adjust } from '../../app/state';
import {
  type Account,
  type AccountState,
  byCluster,
  grouped,
  isMeant,
  isTroubled,
  stateInWords,
  troubled,
} from '../../lib/accounts';
import { plural } from '../../lib/changes';
import { fleetRoute } from '../../lib/router';
import { sameJson, stable } from '../../lib/stable';
import { OTHERS } from '../../lib/wall';
import { Link } from '../../ui/button';
import { Icon, type IconName } from '../../ui/icons';
import { Ago } from '../../ui/time';

export { readAccounts } from '../../lib/accounts';

/** Without the time of the last answer: that alone repaints no tile. */
const settled = stable(() => accounts.value.map((account) => ({ ...account, seenAt: null })), sameJson);
const accountOf = computed(() => byCluster(settled.value));

/** Whether a cluster is in the account that an address names. */
export function isIn(cluster: string, key: string): boolean {
  const account = accountOf.value.get(cluster);
  return account !== undefined && isMeant(account, key);
}

export function labelOf(cluster: string): string | null {
  return accountOf.value.get(cluster)?.label ?? null;
}

/** Clusters by account. */
export function groupsOf(clusters: readonly string[]): { title: string; names: readonly string[] }[] {
  return grouped(settled.value, clusters).map(({ label, names }) => ({ title: label || OTHERS, names }));
}

const ICONS: Record<AccountState, IconName> = {
  ok: 'circle-check',
  unknown: 'question',
  denied: 'hold',
  throttled: 'pause',
  unavailable: 'alert',
};
const WORDS: Record<AccountState, string> = {
  ok: 'OK',
  unknown: 'Unknown',
  denied: 'Denied',
  throttled: 'Throttled',
  unavailable: 'No answer',
};

/** More accounts with problems are in the list of all. */
const MOST = 5;

function State({ account }: { account: Pick<Account, 'state'> }) {
  return (
    <span class="acctstate" data-state={account.state}>
      <Icon name={ICONS[account.state]} />
      {WORDS[account.state]}
    </span>
  );
}

/** An account in a list: its state, its name, which leads to its clusters, and what its state means. */
function Line({ account, children }: { account: Account; children: ComponentChildren }) {
  return (
    <li>
      <State account={account} />
      <Link to={fleetRoute('', '', '', '', account.key)} class="acctname">
        {account.label}
      </Link>
      <span class="grow">{stateInWords(account)}</span>
      {children}
    </li>
  );
}

/** One line for each account with a problem; without any, none. */
export function AccountTroubles({ all = accounts.value }: { all?: readonly Account[] }) {
  const found = troubled(all);
  if (!found.length) return null;
  return (
    <section class="accttroubles" aria-label="AWS accounts with problems">
      <ul>
        {found.slice(0, MOST).map((account) => (
          <Line key={account.key} account={account}>
            <span class="mute">
              {plural(account.clusters.length, 'cluster')}
              {account.seenAt !== null && (
                <>
                  {' '}
                  · last answer <Ago at={account.seenAt} />
                </>
              )}
            </span>
          </Line>
        ))}
      </ul>
      {found.length > MOST && <p class="mute small">and {found.length - MOST} more: see the list of accounts below</p>}
    </section>
  );
}

type Choice = { value: string; onChoose: (key: string) => void };

function AccountChoice({ value, onChoose, ...rest }: Choice & { id?: string; class: string; 'aria-label'?: string }) {
  const all = accounts.value;
  const chosen = all.find((account) => isMeant(account, value));
  // The name of an account that is in several regions means all of them, and has no line of its own.
  const whole = value && chosen?.key !== value;
  return (
    <select {...rest} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
      <option value="">All accounts</option>
      {whole && <option value={value}>{value}</option>}
      {all.map((account) => (
        <option key={account.key} value={account.key}>
          {account.label}
          {isTroubled(account) ? ` (${WORDS[account.state].toLowerCase()})` : ''}
        </option>
      ))}
    </select>
  );
}

/** The choice of the account whose clusters are shown: it goes to the address. */
export function AccountFilter({
  value,
  onChoose = (account) => adjust({ account }),
}: Pick<Choice, 'value'> & Partial<Choice>) {
  return <AccountChoice class="input acctfilter" aria-label="AWS account" value={value} onChoose={onChoose} />;
}

/** The choice of an account in a form, with what its state means where that is a problem. */
export function AccountField({ value, onChoose }: Choice) {
  const chosen = accounts.value.find((account) => account.key === value);
  return (
    <div class="field acctfield">
      <label htmlFor="aws-account">AWS account</label>
      <AccountChoice id="aws-account" class="input" value={value} onChoose={onChoose} />
      {chosen && isTroubled(chosen) && (
        <p class="row small" role="status">
          <State account={chosen} />
          <span class="soft">{stateInWords(chosen)}</span>
        </p>
      )}
    </div>
  );
}

/** The account of a cluster, with its state where that is a problem. */
export function AccountOf({ cluster }: { cluster: string }) {
  const account = accountOf.value.get(cluster);
  if (!account) return null;
  return (
    <span class="acctof" title={`AWS account ${account.label}: ${stateInWords(account)}`}>
      <span class="cut">account {account.label}</span>
      {isTroubled(account) && <State account={account} />}
    </span>
  );
}

/** All accounts with their health, folded. */
export function AccountList({ all = accounts.value, open = false }: { all?: readonly Account[]; open?: boolean }) {
  return (
    <details class="acctlist" open={open}>
      <summary>{plural(all.length, 'AWS account')}</summary>
      <ul>
        {all.map((account) => (
          <Line key={account.key} account={account}>
            <span class="mute">{plural(account.clusters.length, 'cluster')}</span>
            <span class="mute seen">
              {account.seenAt === null ? (
                'no answer yet'
              ) : (
                <>
                  last answer <Ago at={account.seenAt} />
                </>
              )}
            </span>
          </Line>
        ))}
      </ul>
    </details>
  );
}
