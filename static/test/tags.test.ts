import { describe, expect, it } from 'vitest';
import { isFound, isVersion, proposed, versionsOf } from '../src/lib/tags';

const pushed_at = '2026-11-29T12:00:00Z';
const tag = (name: string, digest: string, more: object = {}) => ({ tag: name, digest, pushed_at, ...more });
const versions = versionsOf([
  tag('latest', 'sha256:c'),
  tag('v3', 'sha256:c'),
  tag('v2', 'sha256:b', { quarantined: true }),
  tag('v1', 'sha256:a'),
  tag('abc123', 'sha256:a'),
]);

describe('versions', () => {
  it('are one a digest, named by the tag that does not move', () => {
    expect(versions.map((version) => [version.tag, version.also])).toEqual([
      ['v3', ['latest']],
      ['v2', []],
      ['v1', ['abc123']],
    ]);
    expect(versions[1]!.blocked).toBe(true);
  });

  it('without a digest stay apart', () => {
    expect(
      versionsOf([
        { tag: 'a', pushed_at },
        { tag: 'b', pushed_at },
      ]),
    ).toHaveLength(2);
  });

  it('are recognised by any of their tags, and by their digest', () => {
    expect(isVersion('ecr/app:latest', versions[0]!)).toBe(true);
    expect(isVersion('ecr/app@sha256:c', versions[0]!)).toBe(true);
    expect(isVersion('ecr/app:v1', versions[0]!)).toBe(false);
    expect(isVersion(null, versions[0]!)).toBe(false);
  });

  it('are proposed newest first, without what is desired or blocked', () => {
    expect(proposed(versions, 'ecr/app:v1')?.tag).toBe('v3');
    expect(proposed(versions, 'ecr/app:v3')?.tag).toBe('v1');
    expect(proposed([], null)).toBeNull();
  });

  it('are found by any part of a tag or digest', () => {
    expect(isFound(versions[2]!, 'ABC')).toBe(true);
    expect(isFound(versions[2]!, 'v3')).toBe(false);
  });
});
