import { expect, test } from 'vitest';
import { type Draft, Drafts } from '../src/lib/drafts';

const draft: Draft = { name: 'staging', text: 'services: []', base: '', revision: 'r1', savedAt: 1 };

function memory() {
  const kept = new Map<string, string>();
  return { kept, getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k) };
}

test('a draft comes back, until it is dropped', () => {
  const drafts = new Drafts(memory());
  expect(drafts.get('staging')).toBeNull();
  expect(drafts.put(draft)).toBe(true);
  expect(drafts.get('staging')).toEqual(draft);
  expect(drafts.get('production')).toBeNull();
  drafts.drop('staging');
  expect(drafts.get('staging')).toBeNull();
});

test('what cannot be read is no draft', () => {
  const storage = memory();
  const drafts = new Drafts(storage);
  for (const damaged of ['{', '[]', '{"text": 3}', 'null']) {
    storage.kept.set('nysa-draft:staging', damaged);
    expect(drafts.get('staging')).toBeNull();
  }
});

test('a full storage is told', () => {
  const full = { ...memory(), setItem: () => { throw new DOMException('full', 'QuotaExceededError'); } };
  expect(new Drafts(full).put(draft)).toBe(false);
});
