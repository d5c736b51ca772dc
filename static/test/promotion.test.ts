import { expect, test } from 'vitest';
import { readCandidates, versionWithDigest } from '../src/lib/promotion';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

test.each([
  ['team/web:2', null, DIGEST, '2 (abababababab)'],
  [`team/web@${DIGEST}`, 'v2', DIGEST, 'v2 (abababababab)'],
  [`team/web@${DIGEST}`, null, DIGEST, 'abababababab'],
  ['team/web:2', null, null, '2'],
  ['team/web', null, null, 'latest'],
])('%s with the tag %s and the digest %s is %s', (image, tag, digest, shown) => {
  expect(versionWithDigest(image, tag, digest)).toBe(shown);
});

test('candidates have what changes first, with what keeps it from running well', () => {
  const sent = {
    promoted: [
      {
        service: 'web',
        before: 'web:1',
        before_digest: null,
        image: `web@${DIGEST}`,
        tag: '2',
        digest: DIGEST,
        hindrance: 'it is rolling out (40 %)',
      },
    ],
    unchanged: ['api'],
  };
  expect(readCandidates(sent, () => 'api:7')).toEqual([
    { name: 'web', now: '1', next: '2 (abababababab)', same: false, hindrance: 'it is rolling out (40 %)' },
    { name: 'api', now: '7', next: '7', same: true, hindrance: null },
  ]);
});

test('an answer without candidates has none', () => {
  expect(readCandidates({}, () => null)).toEqual([]);
});
