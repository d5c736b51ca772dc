/** What a JSON Schema states about a field: its keys, its values, and its explanation for completion and hover. */

import { yamlScalar } from './yaml-scalar';

export type Schema = { [key: string]: unknown };

/** What a reader of a field needs; texts are empty where the schema states nothing. */
export interface Explanation {
  description: string;
  type: string;
  /** The default, as YAML. */
  initial: string;
  /** The only values, as YAML; for a list, those of an item. */
  allowed: string[];
  range: string;
}

/** The schemas that may be valid at a path; several where the schema leaves a choice. */
export function schemasAt(root: Schema, path: readonly string[]): Schema[] {
  let found = expand(root, root);
  for (const part of path)
    found = found.flatMap((schema) => step(schema, part)).flatMap((schema) => expand(root, schema));
  return found;
}

function step(schema: Schema, part: string): Schema[] {
  if (part === '[]') return [schema.prefixItems, schema.items].flat().filter(isSchema);
  const properties = schemasOf(schema.properties);
  if (Object.hasOwn(properties, part)) return [properties[part]!];
  const matches = Object.entries(schemasOf(schema.patternProperties)).filter(([p]) => new RegExp(p, 'u').test(part));
  if (matches.length) return matches.map(([, value]) => value);
  return isSchema(schema.additionalProperties) ? [schema.additionalProperties] : [];
}

/** A schema, the target of its reference and its choices, in this order: its own words come first. */
function expand(root: Schema, schema: Schema, depth = 0): Schema[] {
  if (depth > 20) return [];
  const target = typeof schema.$ref === 'string' ? resolve(root, schema.$ref) : undefined;
  const choices = [target, schema.anyOf, schema.oneOf, schema.allOf].flat().filter(isSchema);
  return [schema, ...choices.flatMap((choice) => expand(root, choice, depth + 1))];
}

/** The target of a local reference; its names have none of the characters that a JSON Pointer escapes. */
function resolve(root: Schema, reference: string): unknown {
  return reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter(Boolean)
    .reduce<unknown>((at, token) => (isSchema(at) ? at[token] : undefined), root);
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function schemasOf(value: unknown): Record<string, Schema> {
  return isSchema(value) ? (value as Record<string, Schema>) : {};
}

/** The keys that a mapping can have, as far as the schema lists them. */
export function keysOf(root: Schema, schema: Schema): string[] {
  const names = isSchema(schema.propertyNames) ? expand(root, schema.propertyNames) : [];
  return [...Object.keys(schemasOf(schema.properties)), ...names.flatMap(enumOf).map(String)];
}

/** The values that schemas list, as YAML. */
export function valuesOf(schemas: readonly Schema[]): string[] {
  const values = schemas.flatMap((schema) => [...enumOf(schema), ...(schema.type === 'boolean' ? [true, false] : [])]);
  return [...new Set(values.map(yamlScalar))];
}

function enumOf(schema: Schema): unknown[] {
  return [...(Array.isArray(schema.enum) ? schema.enum : []), ...('const' in schema ? [schema.const] : [])];
}

/** The types of a field, such as `array of string | object`. */
export function typeAt(root: Schema, path: readonly string[]): string {
  const types = typesOf(schemasAt(root, path));
  const items = types.includes('array') ? typesOf(schemasAt(root, [...path, '[]'])) : [];
  return [...types.filter((type) => type !== 'array'), ...(types.includes('array') ? ['array'] : [])]
    .join(' | ')
    .concat(items.length ? ` of ${items.join(' | ')}` : '');
}

function typesOf(schemas: readonly Schema[]): string[] {
  const types = schemas.flatMap((schema) => {
    // What it excludes is no type of its own
    const stated = [schema.type].flat().filter((type) => typeof type === 'string');
    return stated.length ? stated : enumOf(schema).map((value) => (value === null ? 'null' : typeof value));
  });
  return [...new Set(types)];
}

/** The explanation of the field at a path, of the list for an item; null where the schema describes nothing. */
export function explain(root: Schema, path: readonly string[]): Explanation | null {
  const field = path.slice(0, path.findLastIndex((part) => part !== '[]') + 1);
  if (!field.length) return null;
  const schemas = schemasAt(root, field);
  const first = (key: string) => schemas.find((schema) => key in schema)?.[key];
  const listed = valuesOf(schemas);
  const explanation = {
    description: String(first('description') ?? ''),
    type: typeAt(root, field),
    initial: first('default') === undefined ? '' : yamlScalar(first('default')),
    allowed: listed.length ? listed : valuesOf(schemasAt(root, [...field, '[]'])),
    range: rangeOf(first('minimum'), first('maximum')),
  };
  const { description, initial, allowed, range } = explanation;
  return description || initial || allowed.length || range ? explanation : null;
}

/** An explanation as lines of text, with code in backticks. */
export function linesOf({ description, type, initial, allowed, range }: Explanation): string[] {
  const code = (label: string, values: string[]) =>
    values.some(Boolean) ? `${label}: ${values.map((value) => `\`${value}\``).join(', ')}` : '';
  return [
    description,
    code('Type', [type]),
    code('Default', [initial]),
    code('Allowed', allowed),
    code('Range', [range]),
  ].filter(Boolean);
}

/** Bounds beyond exact integers are those of a number type, and no information. */
function rangeOf(minimum: unknown, maximum: unknown): string {
  const [low, high] = [minimum, maximum].map((bound) => (Number.isSafeInteger(bound) ? String(bound) : ''));
  if (low && high) return `${low} to ${high}`;
  if (low) return `${low} or more`;
  return high ? `${high} or less` : '';
}
