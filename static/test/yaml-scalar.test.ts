import { expect, test } from 'vitest';
import { suggestions } from '../src/lib/yaml-path';
import { yamlScalar } from '../src/lib/yaml-scalar';

test.each(['web', 'HTTP', 'awsvpc', 'a/b.c-d', 'one two'])('%s needs no quotes', (text) => {
  expect(yamlScalar(text)).toBe(text);
});

test.each([
  '',
  '7410e02',
  '0o17',
  '1e3',
  '.5',
  '-1',
  '+1',
  '.inf',
  'null',
  '~',
  'true',
  'No',
  'on',
  'y',
  '2030-01-31',
  'a: b',
  '- a',
  '#a',
  'a ',
  ' a',
  '*a',
  'a\u0085b',
  'a\u2028b',
  "it's",
  '<<',
])('%j is quoted', (text) => {
  const written = yamlScalar(text);
  expect(written).toMatch(/^"[\x20-\x7e]*"$/);
  expect(JSON.parse(written)).toBe(text);
});

test.each([
  [true, 'true'],
  [80, '80'],
  [null, 'null'],
])('%j is written as it is', (value, written) => {
  expect(yamlScalar(value)).toBe(written);
});

test('values are suggested as they are read back', () => {
  const schema = { properties: { version: { enum: ['1e3', 'on', 'web', 2, null] } } };
  const place = { path: [], key: 'version', from: 0, siblings: [] };
  expect(suggestions(schema, place).map((s) => s.label)).toEqual(['"1e3"', '"on"', 'web', '2', 'null']);
});
