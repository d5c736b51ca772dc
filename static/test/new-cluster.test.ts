import { expect, test } from 'vitest';
import {
  type Answers,
  asDraft,
  begin,
  byService,
  chosenOf,
  creation,
  ecsClusterLine,
  lacking,
  origin,
  readAdoption,
  readUnlisted,
  readUnmanaged,
  stackfileOf,
} from '../src/lib/new-cluster';

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
  [{ image: '' }, 'The image is missing'],
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
  const ecsCluster = null;
  expect(origin({ source: 'adopt', name: 'a', ecsCluster })).not.toBe(
    origin({ source: 'adopt', name: 'b', ecsCluster }),
  );
  expect(origin({ source: 'form', name: 'a', ecsCluster })).toBe(origin({ source: 'form', name: 'b', ecsCluster }));
  const named = { name: 'default', account: 'prod' };
  for (const source of ['adopt', 'form', 'stackfile'] as const)
    expect(origin({ source, name: 'a', ecsCluster })).not.toBe(origin({ source, name: 'a', ecsCluster: named }));
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
    { name: 'default', managed: false, account: 'prod', needs_name: true },
  ];
  expect(readUnmanaged({ content: rows })).toEqual([
    { name: 'old', account: 'prod', needsName: false, services: 2, running: 7 },
    { name: 'bare', account: '', needsName: false, services: 0, running: 0 },
    { name: 'default', account: 'prod', needsName: true, services: 0, running: 0 },
  ]);
  expect(readUnmanaged({})).toEqual([]);
});

test('accounts whose clusters could not be listed', () => {
  expect(readUnlisted({ content: [], failing: { prod: 'AccessDenied' } })).toEqual(['prod']);
  expect(readUnlisted({ content: [], failing: {} })).toEqual([]);
  expect(readUnlisted({})).toEqual([]);
});

test('a cluster of ECS under another name', () => {
  const cluster = { name: 'default', account: 'prod', needsName: true, services: 0, running: 0 };
  const chosen = chosenOf(cluster);
  expect(chosen).toEqual({ name: 'prod-default', ecsCluster: { name: 'default', account: 'prod' } });
  expect(ecsClusterLine(chosen.ecsCluster)).toBe('ecs_cluster: "default"\n');
  expect(chosenOf({ ...cluster, needsName: false })).toEqual({ name: 'default', ecsCluster: null });
  expect(ecsClusterLine(null)).toBe('');
});
