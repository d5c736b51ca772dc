/** Which keys mean what. Bindings are data, so that the help shows exactly what works. */

export interface Stroke {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

export interface Binding {
  /** `mod+k`, `/`, `?`, `g c` (one after the other), `arrowdown`. `mod` is Ctrl, or ⌘ on a Mac. */
  keys: string;
  label: string;
  /** Where it belongs in the help. */
  group: string;
  run: () => void;
  /** Works while typing, too. */
  always?: boolean;
}

const SEQUENCE_MS = 1200;

export function strokeName(event: Stroke): string {
  const key = event.key.toLowerCase();
  const mod = event.ctrlKey || event.metaKey ? 'mod+' : '';
  const alt = event.altKey ? 'alt+' : '';
  const shift = event.shiftKey && key.length > 1 ? 'shift+' : '';
  return mod + alt + shift + key;
}

/** True where a key is text: in an input, a select, the editor. */
export function isTyping(target: { tagName?: string; isContentEditable?: boolean; type?: string } | null): boolean {
  if (!target?.tagName) return false;
  if (target.isContentEditable) return true;
  const tag = target.tagName.toLowerCase();
  if (tag === 'input') return !['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type ?? 'text');
  return tag === 'textarea' || tag === 'select';
}

/** Matches key strokes to bindings. Single keys can be switched off (WCAG 2.1.4). */
export class Keyboard {
  private pending = '';
  private pendingAt = 0;

  match(event: Stroke, bindings: readonly Binding[], typing: boolean, now: number, singleKeys = true): Binding | null {
    const stroke = strokeName(event);
    const before = this.pending && now - this.pendingAt < SEQUENCE_MS ? `${this.pending} ` : '';
    this.pending = '';
    const usable = bindings.filter(
      (b) => (!typing || b.always) && (singleKeys || b.keys.startsWith('mod+') || b.keys === 'escape'),
    );
    const hit = usable.findLast((b) => b.keys === before + stroke) ?? usable.findLast((b) => b.keys === stroke);
    if (hit) return hit;
    if (usable.some((b) => b.keys.startsWith(`${stroke} `))) {
      this.pending = stroke;
      this.pendingAt = now;
    }
    return null;
  }
}

/** How a binding's keys are shown: `['Ctrl', 'K']`, or `['⌘', 'K']` on a Mac. */
export function shown(keys: string, mac: boolean): string[] {
  const names: Record<string, string> = {
    mod: mac ? '⌘' : 'Ctrl',
    shift: '⇧',
    escape: 'Esc',
    enter: 'Enter',
    arrowdown: '↓',
    arrowup: '↑',
  };
  return keys.split(/[+ ]/).map((k) => names[k] ?? (keys.includes('+') ? k.toUpperCase() : k));
}
