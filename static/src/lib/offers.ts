/** What this server can do, as its own OpenAPI document says: an action that it does not offer is shown disabled. */

import type { Json } from './model';

interface Operation { parameters?: { name?: string }[] }

/** `GET /clusters/{c}` → true where the document has it; names in braces are whatever they are. */
export function offers(document: Json | null, method: string, path: string, parameter: string | null = null): boolean {
  const paths = (document?.paths ?? {}) as Record<string, Record<string, Operation>>;
  const wanted = shape(path);
  for (const [address, operations] of Object.entries(paths)) {
    if (shape(address) !== wanted) continue;
    const operation = operations[method.toLowerCase()];
    if (operation && (!parameter || named(document, operation, parameter))) return true;
  }
  return false;
}

function named(document: Json | null, operation: Operation, parameter: string): boolean {
  return (operation.parameters ?? []).some((p) => {
    const reference = (p as { $ref?: string }).$ref;
    const target = reference ? reference.replace(/^#\//, '').split('/').reduce<unknown>((at, key) => (at as Json | undefined)?.[key], document) : p;
    return (target as { name?: string } | undefined)?.name === parameter;
  });
}

function shape(path: string): string {
  return path.replace(/^\/api\/v1/, '').replace(/\{[^}]*\}/g, '{}');
}
