/** The server's check of a stackfile: errors, warnings and its JSON Schema. */

import type { Json } from '../lib/model';
import { ApiError, call, type Detail, path } from '../lib/rest';
import type { Schema } from '../lib/json-schema';
import type { Problem } from '../editor/code-editor';

export async function check(yaml: string, cluster: string | null): Promise<Problem[]> {
  try {
    const { data } = await call<Json>('/stackfiles/validate', { method: 'POST', yaml, query: { cluster } });
    return problems(data.warnings, 'warning');
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 400) throw error;
    const mistakes = problems(error.details, 'error');
    const all = [...mistakes, ...problems(error.body.warnings, 'warning')];
    return all.length ? all : [{ severity: 'error', message: error.message, path: '', line: null, column: null }];
  }
}

function problems(value: unknown, severity: Problem['severity']): Problem[] {
  return (Array.isArray(value) ? (value as Detail[]) : []).map((d) => ({
    severity,
    message: d.message,
    path: d.path ?? '',
    line: d.line ?? null,
    column: d.column ?? null,
  }));
}

let schema: Promise<Schema | null> | null = null;

/** The JSON Schema for completion and explanations, read once; null where it cannot be read, until the next call. */
export function stackfileSchema(): Promise<Schema | null> {
  schema ??= call<Schema>('/stackfile.schema.json', { accept: 'application/schema+json, application/json' }).then(
    ({ data }) => data,
    () => (schema = null),
  );
  return schema;
}

/** The stored text, or that of a revision. */
export function readText(cluster: string, signal: AbortSignal, revision: string | null = null) {
  const target =
    revision === null ? path('clusters', cluster, 'config') : path('clusters', cluster, 'revisions', revision);
  return call<string>(target, { accept: 'application/yaml', signal });
}
