/** Where in a YAML text the cursor is, and what the JSON Schema allows there: enough for completion while typing. */

import { keysOf, type Schema, schemasAt, typeAt, valuesOf } from './json-schema';

export interface Place {
  /** Keys and list positions (as `[]`) from the top to the mapping in which the cursor is. */
  path: string[];
  /** Set where a value is being typed: its key. */
  key: string | null;
  /** Where the word that is being typed begins, in the line. */
  from: number;
  /** Keys that this mapping has already. */
  siblings: string[];
}

const ENTRY = /^(\s*)((?:- +)*)(?:(["']?)([\w.$-]+)\3:(?:\s|$))?/;
/** An open list or mapping in one line, without another inside. */
const FLOW = /^[^:]*:\s+([[{])([^[\]{}]*)$/;
const FLOW_KEY = /^\s*["']?([\w.$-]+)["']?:(?:\s|$)/;

interface Parsed {
  indent: number;
  dashes: number[];
  key: string | null;
}

function parseLine(line: string): Parsed | null {
  if (/^\s*(#|$)/.test(line)) return null;
  const found = ENTRY.exec(line)!;
  const base = found[1]!.length;
  const dashes: number[] = [];
  for (let i = 0; i < found[2]!.length; i++) if (found[2]![i] === '-') dashes.push(base + i);
  return { indent: base + found[2]!.length, dashes, key: found[4] ?? null };
}

export function placeAt(lines: readonly string[], lineIndex: number, column: number): Place {
  const before = (lines[lineIndex] ?? '').slice(0, column);
  const current = parseLine(before) ?? { indent: before.length, dashes: [], key: null };
  const word = /[\w.$/-]*$/.exec(before)!;
  let indent = current.indent;
  const path: string[] = [];
  const dashes = [...current.dashes];
  for (let i = lineIndex; i >= 0; i--) {
    const line = i === lineIndex ? current : parseLine(lines[i]!);
    if (!line) continue;
    if (i !== lineIndex && line.key !== null && line.indent < indent) {
      path.unshift(line.key);
      indent = line.indent;
      dashes.push(...line.dashes.filter((d) => d < indent));
    }
    for (const dash of line.dashes.toReversed()) {
      if (dash < indent) {
        path.unshift('[]');
        indent = dash;
      }
    }
    // A list may stand at the same depth as its key: `services:` and below it `- …`.
    if (i !== lineIndex && line.key !== null && !line.dashes.length && line.indent === indent && path[0] === '[]') {
      path.unshift(line.key);
    }
    if (indent === 0 && path[0] !== '[]') break;
  }
  const from = column - word[0].length;
  const [, bracket, items] = FLOW.exec(before) ?? [];
  if (current.key !== null && bracket) {
    const inner = [...path, current.key];
    if (bracket === '[') return { path: [...inner, '[]'], key: null, from, siblings: [] };
    const entries = items!.split(',').map((item) => FLOW_KEY.exec(item)?.[1] ?? null);
    return { path: inner, key: entries.at(-1)!, from, siblings: entries.filter((key) => key !== null) };
  }
  return { path, key: current.key, from, siblings: siblingsOf(lines, lineIndex, current.indent) };
}

function siblingsOf(lines: readonly string[], lineIndex: number, indent: number): string[] {
  const found: string[] = [];
  for (const step of [-1, 1]) {
    for (let i = lineIndex + step; i >= 0 && i < lines.length; i += step) {
      const line = parseLine(lines[i]!);
      if (!line) continue;
      if (line.indent < indent) break;
      if (step === 1 && line.dashes.length && line.indent === indent) break;
      if (line.indent === indent && line.key) found.push(line.key);
      if (step === -1 && line.dashes.length && line.indent === indent) break;
    }
  }
  return found;
}

export interface Suggestion {
  label: string;
  detail: string;
  kind: 'key' | 'value';
}

export function suggestions(root: Schema, place: Place): Suggestion[] {
  if (place.key !== null) return values(schemasAt(root, [...place.path, place.key]));
  const schemas = schemasAt(root, place.path);
  const keys = schemas.flatMap((schema) => keysOf(root, schema));
  const open = [...new Set(keys)].filter((label) => !place.siblings.includes(label));
  return [
    ...open.map((label): Suggestion => ({ label, detail: typeAt(root, [...place.path, label]), kind: 'key' })),
    ...values(schemas),
  ];
}

function values(schemas: Schema[]): Suggestion[] {
  return valuesOf(schemas).map((label) => ({ label, detail: '', kind: 'value' }));
}
