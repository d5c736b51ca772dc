/** What this server can do, and who may, as its own OpenAPI document says. */

import type { Json } from './model';

/** `GET /clusters/{c}` → true where the document has it; names in braces are whatever they are. */
export function offers(document: Json | null, method: string, path: string, parameter: string | null = null): boolean {
  const found = operation(document, method, path);
  return found !== null && (!parameter || named(document, found, parameter));
}

/** The least role that may call it; null where the document does not say. */
export function leastRole(document: Json | null, method: string, path: string): string | null {
  const role = operation(document, method, path)?.['x-nysa-role'];
  return typeof role === 'string' ? role : null;
}

function named(document: Json | null, found: Json, parameter: string): boolean {
  return ((found.parameters ?? []) as Json[]).some((p) => {
    const reference = p.$ref as string | undefined;
    const target = reference ? reference.replace(/^#\//, '').split('/').reduce<unknown>((at, key) => (at as Json | undefined)?.[key], document) : p;
    return (target as { name?: string } | undefined)?.name === parameter;
  });
}

function operation(document: Json | null, method: string, path: string): Json | null {
  const paths = (document?.paths ?? {}) as Record<string, Record<string, Json>>;
  const wanted = shape(path);
  for (const [address, operations] of Object.entries(paths)) {
    const found = shape(address) === wanted && operations[method.toLowerCase()];
    if (found) return found;
  }
  return null;
}

function shape(path: string): string {
  return path.replace(/^\/api\/v1/, '').replace(/\{[^}]*\}/g, '{}');
}
