/** Where in a YAML text the cursor is, and what the JSON Schema allows there: enough for completion while typing. */

import { yamlScalar } from './yaml-scalar';

export type Schema = { [key: string]: unknown };

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
    for (const dash of (i === lineIndex ? line.dashes : line.dashes).toReversed()) {
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
  return {
    path,
    key: current.key,
    from: column - word[0].length,
    siblings: siblingsOf(lines, lineIndex, current.indent),
  };
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

/** The schemas that may hold at a path; several where the schema leaves a choice. */
export function schemasAt(root: Schema, path: readonly string[]): Schema[] {
  let found = expand(root, root);
  for (const part of path)
    found = found.flatMap((schema) => step(schema, part)).flatMap((schema) => expand(root, schema));
  return found;
}

function step(schema: Schema, part: string): Schema[] {
  if (part === '[]') {
    const { items } = schema;
    return Array.isArray(items) ? (items as Schema[]) : isSchema(items) ? [items] : [];
  }
  const properties = schema.properties as Record<string, Schema> | undefined;
  if (properties?.[part]) return [properties[part]];
  for (const [pattern, value] of Object.entries((schema.patternProperties ?? {}) as Record<string, Schema>)) {
    if (new RegExp(pattern, 'u').test(part)) return [value];
  }
  return isSchema(schema.additionalProperties) ? [schema.additionalProperties] : [];
}

function expand(root: Schema, schema: Schema, depth = 0): Schema[] {
  if (depth > 20) return [];
  if (typeof schema.$ref === 'string') {
    const target = schema.$ref
      .replace(/^#\/?/, '')
      .split('/')
      .filter(Boolean)
      .reduce<unknown>((at, key) => (isSchema(at) ? at[key] : undefined), root);
    return isSchema(target) ? expand(root, target, depth + 1) : [];
  }
  const choices = [schema.anyOf, schema.oneOf, schema.allOf].flatMap((c) => (Array.isArray(c) ? (c as Schema[]) : []));
  return [schema, ...choices.flatMap((choice) => expand(root, choice, depth + 1))];
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface Suggestion {
  label: string;
  detail: string;
  info: string;
  kind: 'key' | 'value';
}

export function suggestions(root: Schema, place: Place): Suggestion[] {
  if (place.key !== null) return valuesOf(schemasAt(root, [...place.path, place.key]));
  const found = new Map<string, Suggestion>();
  for (const schema of schemasAt(root, place.path)) {
    for (const [label, value] of Object.entries((schema.properties ?? {}) as Record<string, Schema>)) {
      if (found.has(label) || place.siblings.includes(label)) continue;
      found.set(label, { label, detail: typeName(root, value), info: String(value.description ?? ''), kind: 'key' });
    }
  }
  return [...found.values(), ...valuesOf(schemasAt(root, place.path))];
}

function valuesOf(schemas: Schema[]): Suggestion[] {
  const values = schemas.flatMap((s) => [
    ...(Array.isArray(s.enum) ? s.enum : []),
    ...('const' in s ? [s.const] : []),
    ...(s.type === 'boolean' ? [true, false] : []),
  ]);
  return [...new Set(values.map(yamlScalar))].map((label) => ({ label, detail: '', info: '', kind: 'value' }));
}

function typeName(root: Schema, schema: Schema): string {
  const names = expand(root, schema).flatMap((s) =>
    Array.isArray(s.type) ? s.type : s.type ? [s.type] : Array.isArray(s.enum) ? s.enum : [],
  );
  return [...new Set(names.map(String))].join(' | ');
}
