/** The AWS accounts of an installation, in every state and with long names. */

import { useMemo } from 'preact/hooks';
import { readAccounts } from '../../lib/accounts';
import { AccountList, AccountTroubles } from '../accounts/accounts';
import { Section } from './section';

const LONGEST = 'a-name-with-sixty-three-letters-is-the-longest-of-an-account-ok';

export function Accounts({ at }: { at: number }) {
  const all = useMemo(() => {
    const row = (account: string, state: string, region: string, denied: string[] = []) => ({
      account,
      region,
      state,
      denied,
      seen_at: state === 'unknown' ? null : new Date(at - 70_000).toISOString(),
      names: Array.from({ length: account.length % 4 }, (_, i) => `${account}-${i}`),
    });
    const calls = ['ecs:DescribeServices', 'ecs:UpdateService', 'elasticloadbalancing:DescribeLoadBalancers'];
    return readAccounts({
      content: [
        row('home', 'ok', 'us-east-1'),
        row('production', 'denied', 'eu-west-1', ['sts:AssumeRole']),
        row('production', 'throttled', 'eu-central-1'),
        row('staging', 'unavailable', 'us-east-1'),
        row('new', 'unknown', 'us-east-1'),
        row(LONGEST, 'denied', 'ap-southeast-2', calls),
        ...Array.from({ length: 14 }, (_, i) => row(`team-${i + 1}`, i < 4 ? 'denied' : 'ok', 'us-east-1', calls)),
      ],
    });
  }, [at]);
  return (
    <Section title="AWS accounts">
      <AccountTroubles all={all} />
      <AccountList all={all} open />
    </Section>
  );
}
