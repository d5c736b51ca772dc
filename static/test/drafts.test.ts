import { expect, test } from 'vitest';
import { type Draft, Drafts } from '../src/lib/drafts';

const draft: Draft = { name: 'staging', text: 'services: []', base: '', revision: 'r1', savedAt: 1 };

/** A storage of one browser. */
function memory() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (k: string) => kept.get(k) ?? null,
    setItem: (k: string, v: string) => void kept.set(k, v),
    removeItem: (k: string) => void kept.delete(k),
    key: (i: number) => [...kept.keys()][i] ?? null,
    get length() {
      return kept.size;
    },
  };
}

let tabs = 0;
const tab = (storage: ReturnType<typeof memory>, session = memory()) =>
  new Drafts(storage, session, () => ++tabs / 1000);

test('a draft comes back, until it is dropped', () => {
  const drafts = tab(memory());
  expect(drafts.get('staging')).toBeNull();
  expect(drafts.put(draft)).toBe(true);
  expect(drafts.get('staging')).toEqual(draft);
  expect(drafts.get('production')).toBeNull();
  drafts.drop('staging');
  expect(drafts.get('staging')).toBeNull();
  expect(drafts.has('staging')).toBe(false);
});

test('a reload of the tab finds its own draft, and not a newer one of another', () => {
  const [storage, session] = [memory(), memory()];
  tab(storage, session).put({ ...draft, text: 'mine' });
  tab(storage).put({ ...draft, text: 'other', savedAt: 2 });
  expect(tab(storage, session).get('staging')?.text).toBe('mine');
});

test('two tabs never overwrite the draft of each other', () => {
  const storage = memory();
  const [one, two] = [tab(storage), tab(storage)];
  one.put({ ...draft, text: 'one' });
  two.put({ ...draft, text: 'two' });
  one.put({ ...draft, text: 'one, longer' });
  expect(two.get('staging')?.text).toBe('two');
  expect(one.get('staging')?.text).toBe('one, longer');
});

test('another tab begins with a copy of the newest draft', () => {
  const storage = memory();
  const [one, two] = [tab(storage), tab(storage)];
  one.put({ ...draft, text: 'old', savedAt: 1 });
  two.put({ ...draft, text: 'new', savedAt: 2 });
  const third = tab(storage);
  expect(third.has('staging')).toBe(true);
  expect(third.get('staging')).toEqual({ ...draft, text: 'new', savedAt: 2 });
});

test('an applied copy takes its origins with it, of tabs that were closed', () => {
  const storage = memory();
  tab(storage).put({ ...draft, text: 'first', savedAt: 1 });
  const second = tab(storage);
  second.put({ ...second.get('staging')!, text: 'second', savedAt: 2 });
  const third = tab(storage);
  third.get('staging');
  third.drop('staging');
  expect(storage.length).toBe(0);
});

test('an origin that went on in its own tab stays', () => {
  const storage = memory();
  const one = tab(storage);
  one.put({ ...draft, savedAt: 1 });
  const two = tab(storage);
  two.get('staging');
  one.put({ ...draft, text: 'went on', savedAt: 2 });
  two.drop('staging');
  expect(one.get('staging')?.text).toBe('went on');
});

test('a duplicated tab has the id of the first one, until one of them writes', () => {
  const [storage, session] = [memory(), memory()];
  const one = tab(storage, session);
  one.put({ ...draft, text: 'one' });
  const duplicate = tab(storage, { ...session });
  duplicate.put({ ...draft, text: 'duplicate' });
  const [key] = [...storage.kept.keys()];
  expect(one.noticed(key!, storage.getItem(key!), 'staging')).toBe(true);
  one.put({ ...draft, text: 'one' });
  expect(duplicate.get('staging')?.text).toBe('duplicate');
  expect(one.get('staging')?.text).toBe('one');
});

test('what other tabs do to their own drafts, or remove of this tab, is noticed', () => {
  const storage = memory();
  const one = tab(storage);
  one.put(draft);
  const [key] = [...storage.kept.keys()];
  expect(one.noticed('nysa-draft:staging@other', 'x', 'staging')).toBe(false);
  expect(one.noticed(null, null, 'staging')).toBe(false);
  expect(one.noticed(key!, null, 'staging')).toBe(true);
});

test('the one draft that earlier versions kept for all tabs is found', () => {
  const storage = memory();
  storage.setItem('nysa-draft:staging', JSON.stringify(draft));
  const drafts = tab(storage);
  expect(drafts.get('staging')).toEqual(draft);
  drafts.drop('staging');
  expect(storage.length).toBe(0);
});

test('what cannot be read is no draft', () => {
  const storage = memory();
  const drafts = tab(storage);
  for (const damaged of ['{', '[]', '{"text": 3}', 'null']) {
    storage.kept.set('nysa-draft:staging', damaged);
    expect(drafts.get('staging')).toBeNull();
  }
});

test('a full storage is reported', () => {
  const full = {
    ...memory(),
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError');
    },
  };
  expect(new Drafts(full, full, () => 0.5).put(draft)).toBe(false);
});
