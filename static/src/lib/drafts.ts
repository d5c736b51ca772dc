/** Edits that are not stored yet: kept in the browser, so that neither a reload nor a sign-out loses them. */

export interface Draft {
  /** The cluster, or `new cluster` for one that is being made. */
  name: string;
  text: string;
  /** What the edit was made from, and its revision: what a merge needs. */
  base: string;
  revision: string | null;
  savedAt: number;
  /** The revision whose content it began with, where that is not the one that it is made from. */
  from?: string;
  /** The text of an earlier draft that this one replaced. */
  earlier?: string;
}

/** Which draft of another tab this one began as a copy of, and when that was saved. */
interface Copied {
  key: string;
  savedAt: number;
}
type Stored = Draft & { copied?: Copied };

type Shared = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
type OfTab = Pick<Storage, 'getItem' | 'setItem'>;

const PREFIX = 'nysa-draft:';
const TAB_KEY = 'nysa-tab';
/** No cluster's name has it. */
const SEPARATOR = '@';

/** Each tab writes its own drafts only, and begins with a copy of the newest one of any tab. */
export class Drafts {
  private tab: string;
  private readonly copied = new Map<string, Copied>();

  constructor(
    private readonly storage: Shared,
    private readonly session: OfTab,
    private readonly random: () => number,
  ) {
    this.tab = session.getItem(TAB_KEY) ?? this.rename();
  }

  get(name: string): Draft | null {
    const own = this.read(this.key(name));
    if (own) {
      if (own.copied) this.copied.set(name, own.copied);
      return own;
    }
    const newest = this.others(name)[0];
    if (!newest) return null;
    this.copied.set(name, { key: newest.key, savedAt: newest.draft.savedAt });
    const { copied: _, ...draft } = newest.draft;
    return draft;
  }

  has(name: string): boolean {
    return this.read(this.key(name)) !== null || this.others(name).length > 0;
  }

  /** False where the browser has no room: then the draft lives in the page only, and the page shows that. */
  put(draft: Draft): boolean {
    const copied = this.copied.get(draft.name);
    try {
      this.storage.setItem(this.key(draft.name), JSON.stringify(copied ? { ...draft, copied } : draft));
      return true;
    } catch {
      return false;
    }
  }

  /** Removes the draft of this tab, and what it was copied from unless its own tab has gone on with it. */
  drop(name: string): void {
    let copied = this.read(this.key(name))?.copied ?? this.copied.get(name);
    this.storage.removeItem(this.key(name));
    this.copied.delete(name);
    while (copied) {
      const origin = this.read(copied.key);
      if (origin?.savedAt !== copied.savedAt) return;
      this.storage.removeItem(copied.key);
      copied = origin.copied;
    }
  }

  /**
   * Another tab wrote to the storage; true where this tab has to save its draft of `name` again: a tab that was
   * duplicated has the other's id, and what this one was copied from may be gone.
   */
  noticed(key: string | null, value: string | null, name: string): boolean {
    if (key !== this.key(name)) return false;
    if (value !== null) this.tab = this.rename();
    return true;
  }

  private rename(): string {
    const tab = Math.floor(this.random() * 2 ** 48).toString(36);
    try {
      this.session.setItem(TAB_KEY, tab);
    } catch {
      // no room: the next load of the page begins with a copy
    }
    return tab;
  }

  private key(name: string): string {
    return `${PREFIX}${name}${SEPARATOR}${this.tab}`;
  }

  /** The drafts of other tabs, and of versions of the page that had one for all; the newest first. */
  private others(name: string): { key: string; draft: Stored }[] {
    const found: { key: string; draft: Stored }[] = [];
    for (let i = 0; i < this.storage.length; i++) {
      const key = this.storage.key(i)!;
      if (key !== PREFIX + name && !key.startsWith(PREFIX + name + SEPARATOR)) continue;
      const draft = this.read(key);
      if (draft && key !== this.key(name)) found.push({ key, draft });
    }
    return found.toSorted((a, b) => b.draft.savedAt - a.draft.savedAt);
  }

  private read(key: string): Stored | null {
    try {
      const draft: unknown = JSON.parse(this.storage.getItem(key) ?? 'null');
      return isDraft(draft) ? draft : null;
    } catch {
      return null;
    }
  }
}

function isDraft(value: unknown): value is Stored {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Draft).text === 'string' &&
    typeof (value as Draft).base === 'string'
  );
}
