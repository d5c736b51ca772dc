/** The calls that this server offers, and to which roles, by its OpenAPI document. */

import type { Json } from './model';

/** `GET /clusters/{c}` → true where the document has it; names in braces are whatever they are. */
export function offers(document: Json | null, method: string, path: string): boolean {
  return operation(document, method, path) !== null;
}

/** The least role that may call it; null where the document states none. */
export function leastRole(document: Json | null, method: string, path: string): string | null {
  const role = operation(document, method, path)?.['x-nysa-role'];
  return typeof role === 'string' ? role : null;
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
