/** The services that a token is limited to, as names and patterns with `*`: what it may change, and why not. */

export const EVERY_SERVICE: readonly string[] = ['*'];

/** Calls that concern a cluster as a whole: a limited token may make none of them. */
const WHOLE_CLUSTER = new Set([
  'POST /clusters',
  'DELETE /clusters/{c}',
  'POST /clusters/{c}/adopt',
  'POST /clusters/{c}/deploy',
  'POST /clusters/{c}/restore',
  'PUT /clusters/{c}/freeze',
  'DELETE /clusters/{c}/freeze',
]);

/** Why a limited token may not make a call that concerns `services`; null where it may. */
export function scopeHindrance(
  patterns: readonly string[],
  call: string,
  services: readonly string[] = [],
): string | null {
  if (patterns.includes('*')) return null;
  const limits = patterns.join(', ');
  if (WHOLE_CLUSTER.has(call)) return `Your token is limited to services: ${limits}`;
  const outside = services.filter((service) => !patterns.some((pattern) => matches(pattern, service)));
  if (!outside.length) return null;
  const named =
    outside.length > 2
      ? `${outside.length} services are`
      : `${outside.join(' and ')} ${outside.length > 1 ? 'are' : 'is'}`;
  return `${named} outside the services of your token: ${limits}`;
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[^\w-]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
