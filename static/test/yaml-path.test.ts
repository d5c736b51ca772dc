import { expect, test } from 'vitest';
import type { Schema } from '../src/lib/json-schema';
import { placeAt, suggestions } from '../src/lib/yaml-path';

const TEXT = `vpc:
  id: vpc-1
  subnets:
    public: [a]
# a comment
services:
  - user-service:
      image: a:b
      elb:
        type: public

        ports:
          public: 443
  - worker:
      image: c:d
      en
environment:
- A: 1
`.split('\n');

/** The place at the end of a line. */
const at = (line: number, column = TEXT[line]!.length) => placeAt(TEXT, line, column);

test.each([
  [0, [], 'vpc'],
  [1, ['vpc'], 'id'],
  [3, ['vpc', 'subnets'], 'public'],
  [6, ['services', '[]'], 'user-service'],
  [7, ['services', '[]', 'user-service'], 'image'],
  [9, ['services', '[]', 'user-service', 'elb'], 'type'],
  [12, ['services', '[]', 'user-service', 'elb', 'ports'], 'public'],
  [15, ['services', '[]', 'worker'], null],
  [17, ['environment', '[]'], 'A'],
])('line %d', (line, path, key) => expect(at(line)).toMatchObject({ path, key }));

test('an empty line belongs where its indentation places it', () => {
  expect(placeAt(TEXT.with(10, '        '), 10, 8)).toMatchObject({
    path: ['services', '[]', 'user-service', 'elb'],
    key: null,
    siblings: ['type', 'ports'],
  });
  expect(placeAt(TEXT.with(10, '      '), 10, 6)).toMatchObject({ path: ['services', '[]', 'user-service'] });
});

test('a word that is begun', () => expect(at(15).from).toBe(6));

const SCHEMA: Schema = {
  properties: {
    vpc: { properties: { id: { type: 'string', description: 'Which VPC' }, subnets: {} } },
    services: { items: { additionalProperties: { $ref: '#/$defs/service' } } },
  },
  $defs: {
    service: {
      properties: {
        image: { type: 'string' },
        privileged: { type: 'boolean' },
        elb: { anyOf: [{ properties: { type: { enum: ['public', 'private'] } } }, { type: 'null' }] },
      },
    },
  },
};

const labels = (line: number, text?: string) => {
  const lines = text === undefined ? TEXT : TEXT.with(line, text);
  return suggestions(SCHEMA, placeAt(lines, line, lines[line]!.length)).map((s) => s.label);
};

test('keys that are not there yet', () => {
  expect(labels(15)).toEqual(['privileged', 'elb']);
  expect(labels(0, 'v')).toEqual(['vpc']);
  expect(labels(4, '')).toEqual([]);
});

test('values that the schema names', () => {
  expect(labels(9)).toEqual(['public', 'private']);
  expect(labels(15, '      privileged: ')).toEqual(['true', 'false']);
});
