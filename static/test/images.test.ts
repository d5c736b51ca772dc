import { expect, test } from 'vitest';
import { digestAmong, names, parseImage, repositoryName, versionOf } from '../src/lib/images';

test.each([
  ['nginx', 'nginx', null, null],
  ['nginx:1.27', 'nginx', '1.27', null],
  ['host:5000/app', 'host:5000/app', null, null],
  ['host:5000/team/app:v1', 'host:5000/team/app', 'v1', null],
  ['host/app@sha256:abc', 'host/app', null, 'sha256:abc'],
  ['host/app:v1@sha256:abc', 'host/app', 'v1', 'sha256:abc'],
])('%s', (reference, repository, tag, digest) => expect(parseImage(reference)).toEqual({ repository, tag, digest }));

test('the version is the tag, else the digest', () => {
  expect(versionOf('a.dkr.ecr.eu-west-1.amazonaws.com/app:v1.2.3')).toBe('v1.2.3');
  expect(versionOf('app@sha256:0123456789abcdef')).toBe('0123456789ab');
  expect(versionOf('app')).toBe('latest');
  expect(versionOf(null)).toBe('–');
});

test('the registry is left out of a name', () => {
  expect(repositoryName('1.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1')).toBe('team/app');
  expect(repositoryName('localhost:5000/app')).toBe('app');
  expect(repositoryName('team/app')).toBe('team/app');
});

const [ONE, TWO] = ['a', 'b'].map((c) => `sha256:${c.repeat(64)}`);
const TAGS = [
  { tag: 'v1', digest: ONE! },
  { tag: 'v1-again', digest: ONE! },
  { tag: 'v2', digest: TWO! },
  { tag: 'latest', digest: TWO! },
];

test.each([
  ['team/web:v1', ['v1']],
  ['team/web', ['latest']],
  [`team/web@${ONE}`, ['v1', 'v1-again']],
  [`team/web:v9@${TWO}`, ['v2', 'latest']],
  ['team/web:v9', []],
])('%s names %j', (reference, tags) => {
  expect(TAGS.filter((each) => names(reference, each)).map((each) => each.tag)).toEqual(tags);
});

test('the digest of a reference is its own, or that of its tag', () => {
  expect(digestAmong('team/web:v1-again', TAGS)).toBe(ONE);
  expect(digestAmong(`team/web@${TWO}`, [])).toBe(TWO);
  expect(digestAmong('team/web:v9', TAGS)).toBeNull();
  expect(digestAmong(null, [{ tag: 'latest', digest: ONE! }])).toBeNull();
});
