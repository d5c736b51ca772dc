import { expect, test } from 'vitest';
import {
  type Answers,
  asDraft,
  begin,
  byService,
  chosenOf,
  creation,
  isChosen,
  lacking,
  origin,
  readAdoption,
  stackfileOf,
  statedLines,
  unstated,
} from '../src/lib/new-cluster';
import { placeInWords, placeOf } from '../src/lib/place';
import { readUnlisted, readUnmanaged } from '../src/lib/unmanaged';

const ANSWERS: Answers = { name: 'web', image: 'team/web:1', port: '8080', count: '2' };

test('what was answered comes back', () => {
  const progress = {
    ...begin(null),
    step: 2 as const,
    name: 'staging',
    text: 'services: []',
    notes: [{ service: 'web', message: 'x' }],
    answers: ANSWERS,
  };
  expect(begin(asDraft(progress, 1))).toEqual(progress);
});

test.each(['no JSON', 'null', '7'])('a draft that is of another kind begins afresh: %s', (base) => {
  expect(begin({ name: 'new cluster', text: '', base, revision: null, savedAt: 0 })).toEqual(begin(null));
});

test.each([
  [{ name: '' }, 'The service needs a name'],
  [{ name: 'a b' }, 'The service needs a name'],
  [{ image: '' }, 'Enter an image'],
  [{ port: 'http' }, 'The port must be a number, or HOST:CONTAINER'],
  [{ count: '' }, 'The count must be a whole number'],
  [{ count: '-1' }, 'The count must be a whole number'],
  [{ port: '' }, null],
  [{ port: '0:80' }, null],
])('%j lacks: %s', (change, why) => {
  expect(lacking({ ...ANSWERS, ...change })).toBe(why);
});

test('the stackfile of the form', () => {
  expect(stackfileOf(ANSWERS)).toBe(
    'services:\n  - web:\n      image: "team/web:1"\n      ports: ["8080:8080"]\n      desired_count: 2\n',
  );
  expect(stackfileOf({ ...ANSWERS, port: '', image: 'a: #b' })).toBe(
    'services:\n  - web:\n      image: "a: #b"\n      desired_count: 2\n',
  );
});

test.each([
  ['services: []\n', 'name: "s"\nconfig:\n  services: []\n\n'],
  ['---\nservices: []', 'name: "s"\nconfig:\n\n  services: []\n'],
  ['# a comment\n--- \nservices: []', 'name: "s"\nconfig:\n  # a comment\n\n  services: []\n'],
  ['{"services": []}', 'name: "s"\nconfig:\n  {"services": []}\n'],
])('%j as the body of a creation', (text, body) => {
  expect(creation('s', text)).toBe(body);
});

test('where a text comes from', () => {
  const own = { name: 'a', ecsCluster: null, place: {} };
  expect(origin({ ...own, source: 'adopt' })).not.toBe(origin({ ...own, source: 'adopt', name: 'b' }));
  expect(origin({ ...own, source: 'form' })).toBe(origin({ ...own, source: 'form', name: 'b' }));
  for (const source of ['adopt', 'form', 'stackfile'] as const) {
    const changes = [{ ecsCluster: { name: 'default', account: 'prod' } }, { place: { account: 'prod' } }];
    for (const change of changes) expect(origin({ ...own, source })).not.toBe(origin({ ...own, source, ...change }));
  }
});

test('an adoption, its notes by service', () => {
  const { text, notes } = readAdoption({
    stackfile: 'services: []\n',
    notes: [
      { service: 'web', message: 'a' },
      { service: null, message: 'b' },
      { service: 'web', message: 'c' },
    ],
  });
  expect(text).toBe('services: []\n');
  expect(byService(notes)).toEqual([
    ['web', ['a', 'c']],
    [null, ['b']],
  ]);
});

test('the unmanaged clusters of ECS', () => {
  const rows = [
    { name: 'old', account: 'prod', managed: false, services: 2, running: 7 },
    { name: 'ours', managed: true },
    { name: 'bare', managed: false },
    { name: 'default', managed: false, account: 'prod', needs_name: true, needs_account: true },
  ];
  expect(readUnmanaged({ content: rows })).toEqual([
    { name: 'old', account: 'prod', needsName: false, needsAccount: false, services: 2, running: 7 },
    { name: 'bare', account: '', needsName: false, needsAccount: false, services: 0, running: 0 },
    { name: 'default', account: 'prod', needsName: true, needsAccount: true, services: 0, running: 0 },
  ]);
  expect(readUnmanaged({})).toEqual([]);
});

test('accounts whose clusters could not be listed', () => {
  expect(readUnlisted({ content: [], failing: { prod: 'AccessDenied' } })).toEqual(['prod']);
  expect(readUnlisted({ content: [], failing: {} })).toEqual([]);
  expect(readUnlisted({})).toEqual([]);
});

const CLUSTER = { name: 'default', account: 'prod', needsName: false, needsAccount: false, services: 0, running: 0 };

test('a cluster of ECS under another name', () => {
  const chosen = chosenOf({ ...CLUSTER, needsName: true }, '');
  expect(chosen).toEqual({
    name: 'prod-default',
    ecsCluster: { name: 'default', account: 'prod' },
    place: { account: 'prod' },
  });
  expect(statedLines(chosen)).toBe('account: "prod"\necs_cluster: "default"\n');
  expect(isChosen({ ...CLUSTER, needsName: true }, chosen)).toBe(true);
  expect(isChosen({ ...CLUSTER, needsName: true, account: 'staging' }, chosen)).toBe(false);
});

test('the account is stated where it was chosen, and where a cluster needs it', () => {
  expect(chosenOf(CLUSTER, '')).toEqual({ name: 'default', ecsCluster: null, place: {} });
  expect(chosenOf(CLUSTER, 'prod').place).toEqual({ account: 'prod' });
  expect(chosenOf(CLUSTER, 'prod/eu-west-1').place).toEqual({ account: 'prod', region: 'eu-west-1' });
  expect(chosenOf({ ...CLUSTER, needsAccount: true }, '').place).toEqual({ account: 'prod' });
  expect(statedLines({ place: {}, ecsCluster: null })).toBe('');
  expect(placeInWords(placeOf('prod/eu-west-1'))).toBe('prod · eu-west-1');
  expect(placeInWords(placeOf(''))).toBe('');
});

test('of two clusters with one name, the one of the account is chosen', () => {
  const other = { ...CLUSTER, account: 'staging', needsAccount: true };
  const typed = { name: 'default', ecsCluster: null, place: {} };
  expect([CLUSTER, other].map((each) => isChosen(each, typed))).toEqual([true, false]);
  expect([CLUSTER, other].map((each) => isChosen(each, chosenOf(other, '')))).toEqual([false, true]);
  expect([CLUSTER, other].map((each) => isChosen(each, { ...typed, name: 'b' }))).toEqual([false, false]);
});

test.each([
  ['services: []\n', 'account: prod'],
  ['services:\n  - web:\n      account: x\n', 'account: prod'],
  ['---\naccount: other\nregion: eu-west-1\nservices: []\n', null],
  ['account: prod\nservices: []\n', 'region: eu-west-1'],
  ['{"services": [], "account": "prod",\n "region": "eu-west-1"}', null],
])('%j lacks what was chosen: %s', (text, missing) => {
  expect(unstated(text, { place: { account: 'prod', region: 'eu-west-1' }, ecsCluster: null })).toBe(missing);
  expect(unstated(text, { place: {}, ecsCluster: null })).toBe(null);
});
