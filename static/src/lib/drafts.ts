/** Edits that are not stored yet: kept in the browser, so that neither a reload nor a sign-out loses them. */

export interface Draft {
  /** The cluster, or `new` for one that is being made. */
  name: string;
  text: string;
  /** What the edit was made from, and its revision: what a merge needs. */
  base: string;
  revision: string | null;
  savedAt: number;
  /** The revision whose content it began with, where that is not the one that it is made from. */
  from?: string;
  /** What an earlier draft said when this one took its place. */
  earlier?: string;
}

const PREFIX = 'nysa-draft:';

export class Drafts {
  constructor(private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>) {}

  get(name: string): Draft | null {
    try {
      const draft: unknown = JSON.parse(this.storage.getItem(PREFIX + name) ?? 'null');
      return isDraft(draft) ? draft : null;
    } catch {
      return null;
    }
  }

  /** False where the browser has no room: then the draft lives in the page only, and the page says so. */
  put(draft: Draft): boolean {
    try {
      this.storage.setItem(PREFIX + draft.name, JSON.stringify(draft));
      return true;
    } catch {
      return false;
    }
  }

  drop(name: string): void {
    this.storage.removeItem(PREFIX + name);
  }
}

function isDraft(value: unknown): value is Draft {
  return typeof value === 'object' && value !== null && typeof (value as Draft).text === 'string' && typeof (value as Draft).base === 'string';
}
