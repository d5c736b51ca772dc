import { expect, test } from 'vitest';
import { byCluster, grouped, isMeant, readAccounts, stateInWords, troubled } from '../src/lib/accounts';

const row = (account: string, region: string | null, more: Record<string, unknown> = {}) => ({
  account,
  region,
  state: 'ok',
  denied: [],
  seen_at: '2030-01-01T12:00:00Z',
  message: null,
  clusters: 0,
  names: [],
  ...more,
});

test('an account is read', () => {
  const [account] = readAccounts({ content: [row('prod', 'eu-west-1', { names: ['a', 'b'] })] });
  expect(account).toEqual({
    key: 'prod',
    label: 'prod',
    name: 'prod',
    region: 'eu-west-1',
    state: 'ok',
    denied: [],
    seenAt: Date.parse('2030-01-01T12:00:00Z'),
    clusters: ['a', 'b'],
  });
});

test('an answer of another version is no accounts, and an unknown state is unknown', () => {
  expect(readAccounts({})).toEqual([]);
  expect(readAccounts({ content: [row('prod', null, { state: 'new', names: undefined })] })[0]).toMatchObject({
    state: 'unknown',
    clusters: [],
  });
});

test('the region is shown where there are several, and is in the key of an account that has several', () => {
  const accounts = readAccounts({
    content: [row('home', 'us-east-1'), row('prod', 'eu-west-1'), row('prod', 'us-east-1')],
  });
  expect(accounts.map(({ key }) => key)).toEqual(['home', 'prod/eu-west-1', 'prod/us-east-1']);
  expect(accounts.map(({ label }) => label)).toEqual(['home · us-east-1', 'prod · eu-west-1', 'prod · us-east-1']);
  expect(accounts.map((account) => isMeant(account, 'prod'))).toEqual([false, true, true]);
  expect(accounts.map((account) => isMeant(account, 'prod/us-east-1'))).toEqual([false, false, true]);
});

test('clusters by account, in the order of the accounts; the others are last', () => {
  const accounts = readAccounts({
    content: [row('home', null, { names: ['qa'] }), row('empty', null), row('prod', null, { names: ['live', 'shop'] })],
  });
  expect(byCluster(accounts).get('shop')?.name).toBe('prod');
  expect(grouped(accounts, ['shop', 'new', 'live', 'qa'])).toEqual([
    { label: 'home', names: ['qa'] },
    { label: 'prod', names: ['shop', 'live'] },
    { label: '', names: ['new'] },
  ]);
});

test('accounts with problems: those that fail come before those that are throttled', () => {
  const accounts = readAccounts({
    content: ['ok', 'throttled', 'unavailable', 'unknown', 'denied'].map((state) => row(state, null, { state })),
  });
  expect(troubled(accounts).map(({ name }) => name)).toEqual(['unavailable', 'denied', 'throttled']);
});

test('states in words', () => {
  const words = (state: string, denied: string[] = []) =>
    stateInWords(readAccounts({ content: [row('prod', null, { state, denied })] })[0]!);
  expect(words('denied', ['sts:AssumeRole'])).toBe('AWS denies sts:AssumeRole');
  expect(words('denied', ['a', 'b', 'c', 'd'])).toBe('AWS denies a, b and 2 more');
  expect(words('unavailable')).toBe('AWS does not answer: states may be old');
  expect(words('throttled')).toBe('AWS throttles calls: states are read less often');
  expect(words('ok')).toBe('AWS answers');
  expect(words('unknown')).toBe('Not asked yet');
});
