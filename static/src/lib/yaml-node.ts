/** The field at a position of a parsed YAML text, for explanations. */

import type { syntaxTree } from '@codemirror/language';

export interface Field {
  /** Keys, and `[]` for items of lists, from the top. */
  path: string[];
  is: 'key' | 'value';
  from: number;
  to: number;
}

type Tree = ReturnType<typeof syntaxTree>;

const SCALARS = new Set(['Literal', 'QuotedLiteral']);

/** The key or scalar value that contains or touches a position; null in comments, blocks of text and between fields. */
export function fieldAt(tree: Tree, slice: (from: number, to: number) => string, position: number): Field | null {
  const scalar = ([1, -1] as const).map((side) => tree.resolveInner(position, side)).find((n) => SCALARS.has(n.name));
  if (!scalar) return null;
  const path: string[] = [];
  for (let node = scalar.parent; node; node = node.parent) {
    if (node.name === 'Item') path.unshift('[]');
    const key = node.name === 'Pair' ? node.getChild('Key') : null;
    const name = key && (key.getChild('Literal') ?? key.getChild('QuotedLiteral'));
    if (name) path.unshift(slice(name.from, name.to).replace(/^(["'])(.*)\1$/, '$2'));
  }
  const is = scalar.parent?.name === 'Key' ? 'key' : 'value';
  return path.length ? { path, is, from: scalar.from, to: scalar.to } : null;
}
