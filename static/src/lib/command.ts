/** What is typed into the palette as a command: a verb, a service, and for a deployment a version. */

export type Verb = 'deploy' | 'restart' | 'scale' | 'logs' | 'rollback';

export interface Command {
  verb: Verb;
  /** What the service's name is to contain; '' for any. */
  service: string;
  /** The version to deploy, null where none was typed. */
  tag: string | null;
}

const VERBS: [Verb, RegExp][] = [
  ['deploy', /^deploy\b/i],
  ['restart', /^restart\b/i],
  ['scale', /^scale\b/i],
  ['logs', /^logs\b/i],
  ['rollback', /^roll ?back\b/i],
];

/** `deploy user v2.6.1` as a command; null where the query does not begin with a verb. */
export function parseCommand(query: string): Command | null {
  const text = query.trim();
  for (const [verb, pattern] of VERBS) {
    if (!pattern.test(text)) continue;
    const [service = '', tag = null] = text.replace(pattern, '').trim().split(/\s+/) as [string?, string?];
    return { verb, service: service.toLowerCase(), tag: verb === 'deploy' ? tag : null };
  }
  return null;
}
