/** A value as YAML that the server reads back as the same value: quoted wherever it would be anything but that text. */

// The server's core schema and YAML 1.1: constants, numbers, times. A text that starts as one is quoted.
const CONSTANT = /^(~|null|true|false|yes|no|on|off|y|n)?$/i;
const NUMBER_LIKE = /^[-+.]?[0-9]|^[-+]?\.(inf|nan)$/i;
const PLAIN = /^[A-Za-z_/][\w ./@+-]*$/;

export function yamlScalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (PLAIN.test(value) && !value.endsWith(' ') && !CONSTANT.test(value) && !NUMBER_LIKE.test(value)) return value;
  // JSON's quotes are YAML's; these are line breaks or nothing at all to some readers.
  return JSON.stringify(value).replace(
    /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
