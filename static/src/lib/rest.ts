/** The REST API, as the page calls it: one function, one kind of error. */

export interface Detail {
  path?: string;
  line?: number;
  column?: number;
  message: string;
}

const RETRYABLE_CODES = new Set(['unreachable', 'conflict', 'plan_outdated', 'revision_conflict']);
/** Failures that only a change elsewhere removes: of the settings, or of what is stored. */
const FINAL_CODES = new Set(['misconfigured', 'state_unreadable', 'http_501']);
// https://www.rfc-editor.org/rfc/rfc9110#section-15.5
const RETRYABLE_STATUSES = new Set([408, 412, 425, 429]);

/** Every refusal, with what a person needs to go on or to report it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Detail[] = [],
    readonly requestId: string | null = null,
    /** The answer as it came, for what a single call adds (the current revision of a 412, who froze it, …). */
    readonly body: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** True where the same call may succeed later, unchanged: something was away, busy, or has moved meanwhile. */
  get retryable(): boolean {
    if (RETRYABLE_CODES.has(this.code)) return true;
    if (FINAL_CODES.has(this.code)) return false;
    return RETRYABLE_STATUSES.has(this.status) || this.status >= 500;
  }
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  /** A stackfile as text: sent as it is. */
  yaml?: string;
  /** A list is sent as a repeated parameter. */
  query?: Record<string, string | number | boolean | readonly string[] | null | undefined>;
  /** The revision that the caller has seen; the server refuses with 412 where it has moved on. */
  ifMatch?: string | null;
  accept?: string;
  signal?: AbortSignal;
}

export interface Answer<T> {
  data: T;
  revision: string | null;
  status: number;
}

export const BASE = '/api/v1';

let csrf: string | null = null;

/** What proves to the server that a change comes from our own page; null without a session. */
export function proveWith(token: string | null): void {
  csrf = token;
}

export function path(...segments: string[]): string {
  return `/${segments.map(encodeURIComponent).join('/')}`;
}

export function address(target: string, query: Call['query'] = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const sent = pairs.flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]));
  const search = new URLSearchParams(sent).toString();
  return BASE + target + (search ? `?${search}` : '');
}

/** Calls the API; throws ApiError, and nothing else but an abort. A read during which one signs in is sent again. */
export async function call<T = Record<string, unknown>>(target: string, options: Call = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: options.accept ?? 'application/json' };
  if (options.ifMatch) headers['If-Match'] = `"${options.ifMatch}"`;
  const isRead = (options.method ?? 'GET') === 'GET';
  const proof = csrf;
  if (proof && !isRead) headers['X-CSRF-Token'] = proof;
  let body: string | undefined;
  if (options.yaml !== undefined) {
    headers['Content-Type'] = 'application/yaml';
    body = options.yaml;
  } else if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(options.body);
  }
  let response: Response;
  try {
    response = await fetch(address(target, options.query), {
      method: options.method ?? 'GET',
      headers,
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, 'unreachable', 'The server cannot be reached. Nothing is known to have been changed.');
  }
  const text = await response.text();
  if (response.status === 401 && isRead && csrf && csrf !== proof) return call<T>(target, options);
  if (!response.ok) throw refusal(response, text);
  const json = /json/.test(response.headers.get('Content-Type') ?? '');
  const data = json && text ? JSON.parse(text) : text;
  const etag = response.headers.get('ETag')?.replace(/^W\//, '').replaceAll('"', '') ?? null;
  const revision = json && typeof data?.revision === 'string' ? data.revision : etag;
  return { data: data as T, revision, status: response.status };
}

function refusal(response: Response, text: string): ApiError {
  let body: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed && typeof parsed === 'object') body = parsed as Record<string, unknown>;
  } catch {
    // not JSON: a proxy answered
  }
  const message =
    typeof body.message === 'string'
      ? body.message
      : `The server answered ${response.status} ${response.statusText}`.trim();
  const code = typeof body.error === 'string' ? body.error : `http_${response.status}`;
  const details = Array.isArray(body.details) ? (body.details as Detail[]) : [];
  const requestId =
    response.headers.get('X-Request-Id') ?? (typeof body.request_id === 'string' ? body.request_id : null);
  return new ApiError(response.status, code, message, details, requestId, body);
}

/** Any thrown thing as an ApiError, so that a screen shows one kind. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, 'unexpected', error instanceof Error ? error.message : String(error));
}

/** The error as text for the clipboard: everything that a bug report needs. */
export function report(error: ApiError): string {
  const lines = [`${error.status || '–'} ${error.code}: ${error.message}`];
  for (const d of error.details)
    lines.push(`  ${[d.path, d.line && `line ${d.line}`].filter(Boolean).join(', ')}: ${d.message}`);
  if (error.requestId) lines.push(`request ${error.requestId}`);
  return lines.join('\n');
}
