import { yamlLanguage } from '@codemirror/lang-yaml';
import { expect, test } from 'vitest';
import { explain, linesOf, type Schema, schemasAt } from '../src/lib/json-schema';
import { fieldAt } from '../src/lib/yaml-node';
import { placeAt, suggestions } from '../src/lib/yaml-path';

/** The shapes that the server's schema has: items with one key, references with a description, maps, choices. */
const SCHEMA: Schema = {
  properties: {
    services: {
      description: 'The services.',
      type: 'array',
      items: { type: 'object', additionalProperties: { $ref: '#/$defs/service' } },
    },
  },
  $defs: {
    service: {
      type: 'object',
      properties: {
        undeclared: { description: 'What is not declared.', enum: ['remove', 'keep'], default: 'remove' },
        memory: { description: 'MiB.', type: 'integer', minimum: 4, maximum: 1024, default: 512 },
        init: { description: 'An init process.', type: 'boolean' },
        add: { description: 'Capabilities.', type: 'array', items: { enum: ['KILL', 'CHOWN'] } },
        containers: {
          description: 'Further containers.',
          type: 'array',
          items: {
            anyOf: [
              { type: 'string' },
              { type: 'object', additionalProperties: { $ref: '#/$defs/container' }, maxProperties: 1 },
            ],
          },
        },
        ulimits: {
          description: 'Limits.',
          propertyNames: { enum: ['nofile', 'core'] },
          additionalProperties: { anyOf: [{ type: 'integer' }, { type: 'object' }] },
        },
        labels: { type: 'object', patternProperties: { '^x-': { type: 'string', description: 'Own.' } } },
        ecs: { properties: { service: { description: 'Members.', $ref: '#/$defs/ecs.service' } } },
      },
      additionalProperties: false,
    },
    container: { properties: { essential: { description: 'Stops the task.', type: 'boolean', default: true } } },
    'ecs.service': {
      type: 'object',
      description: 'A shape.',
      properties: { launchType: { $ref: '#/$defs/ecs.LaunchType', description: 'Where tasks run.' } },
    },
    'ecs.LaunchType': { enum: ['EC2', 'FARGATE'] },
  },
};

const SERVICE = ['services', '[]', 'web'];
const of = (...path: string[]) => explain(SCHEMA, [...SERVICE, ...path]);

test('a field has its description, type, default and allowed values', () => {
  expect(of('undeclared')).toEqual({
    description: 'What is not declared.',
    type: 'string',
    initial: 'remove',
    allowed: ['remove', 'keep'],
    range: '',
  });
  expect(of('memory')).toMatchObject({ type: 'integer', initial: '512', allowed: [], range: '4 to 1024' });
  expect(of('init')).toMatchObject({ type: 'boolean', initial: '', allowed: ['true', 'false'] });
});

test('an explanation in lines', () => {
  expect(linesOf(of('undeclared')!)).toEqual([
    'What is not declared.',
    'Type: `string`',
    'Default: `remove`',
    'Allowed: `remove`, `keep`',
  ]);
  expect(linesOf(of('memory')!).at(-1)).toBe('Range: `4 to 1024`');
});

test('a range that only bounds the number type is left out', () => {
  const wide = { properties: { a: { description: 'A.', type: 'integer', minimum: -(2 ** 63), maximum: 2 ** 63 } } };
  expect(explain(wide, ['a'])).toMatchObject({ range: '' });
  const open = { properties: { a: { description: 'A.', type: 'integer', minimum: 1 } } };
  expect(explain(open, ['a'])).toMatchObject({ range: '1 or more' });
});

test('a container in a list of choices is explained', () => {
  expect(of('containers')).toMatchObject({ type: 'array of string | object' });
  expect(of('containers', '[]', 'agent', 'essential')).toMatchObject({ description: 'Stops the task.' });
});

test("a reference keeps its own description before the target's", () => {
  expect(of('ecs', 'service')).toMatchObject({ description: 'Members.', type: 'object' });
  expect(of('ecs', 'service', 'launchType')).toMatchObject({
    description: 'Where tasks run.',
    allowed: ['EC2', 'FARGATE'],
  });
});

test('an item of a list is explained as its list, with the values of an item', () => {
  expect(of('add')).toMatchObject({ type: 'array of string', allowed: ['KILL', 'CHOWN'] });
  expect(of('add', '[]')).toMatchObject({ description: 'Capabilities.', allowed: ['KILL', 'CHOWN'] });
});

test('what the schema does not describe has no explanation', () => {
  expect(of()).toBeNull();
  expect(of('bogus')).toBeNull();
  expect(of('ulimits', 'nofile')).toBeNull();
  expect(explain(SCHEMA, [])).toBeNull();
});

test('a key of a pattern is explained', () => expect(of('labels', 'x-a')).toMatchObject({ description: 'Own.' }));

test('a reference that goes round ends', () => {
  const round: Schema = { $ref: '#' };
  expect(schemasAt(round, ['a'])).toEqual([]);
});

const HEAD = ['services:', '  - web:'];
const completed = (...lines: string[]) => {
  const all = [...HEAD, ...lines];
  return suggestions(SCHEMA, placeAt(all, all.length - 1, all.at(-1)!.length)).map((s) => s.label);
};

test('names that a map allows are completed', () => {
  expect(completed('      ulimits:', '        core: 1', '        ')).toEqual(['nofile']);
});

test('fields of further containers and of ECS are completed', () => {
  expect(completed('      containers:', '        - agent:', '            ')).toEqual(['essential']);
  expect(completed('      ecs:', '        service:', '          launchType: ')).toEqual(['EC2', 'FARGATE']);
});

test('mappings and lists in one line are completed', () => {
  expect(completed('      add: [')).toEqual(['KILL', 'CHOWN']);
  expect(completed('      add: [KILL, C')).toEqual(['KILL', 'CHOWN']);
  expect(completed('      ulimits: {nofile: 1, ')).toEqual(['core']);
  expect(completed('      containers:', '        - agent: {essential: ')).toEqual(['true', 'false']);
  expect(completed('      ecs: {service: {}, ')).toEqual([]);
});

const TEXT = `services:
  - "web":
      undeclared: keep
      add: [KILL]
      ecs: {service: {launchType: EC2}}
      command: |
        undeclared: keep
      # undeclared
      containers:
      - agent:
          essential: &on true
`;
const tree = yamlLanguage.parser.parse(TEXT);
const hovered = (text: string, nth = 0) => {
  let from = TEXT.indexOf(text);
  for (let i = 0; i < nth; i++) from = TEXT.indexOf(text, from + 1);
  const field = fieldAt(tree, (a, b) => TEXT.slice(a, b), from + 1);
  return field && { path: field.path.join('.'), is: field.is, text: TEXT.slice(field.from, field.to) };
};

test.each([
  ['services', 'services', 'key', 'services'],
  ['web', 'services.[].web', 'key', '"web"'],
  ['undeclared', 'services.[].web.undeclared', 'key', 'undeclared'],
  ['keep', 'services.[].web.undeclared', 'value', 'keep'],
  ['KILL', 'services.[].web.add.[]', 'value', 'KILL'],
  ['launchType', 'services.[].web.ecs.service.launchType', 'key', 'launchType'],
  ['EC2', 'services.[].web.ecs.service.launchType', 'value', 'EC2'],
  ['essential', 'services.[].web.containers.[].agent.essential', 'key', 'essential'],
  ['true', 'services.[].web.containers.[].agent.essential', 'value', 'true'],
])('the field at %s', (text, path, is, word) => {
  expect(hovered(text)).toEqual({ path, is, text: word });
});

test('a cursor after a word is at its field', () => {
  const end = TEXT.indexOf('keep') + 4;
  expect(fieldAt(tree, (a, b) => TEXT.slice(a, b), end)).toMatchObject({ is: 'value', to: end });
});

test('text of a block and comments are no fields', () => {
  expect(hovered('undeclared', 1)).toBeNull();
  expect(hovered('undeclared', 2)).toBeNull();
  expect(hovered('  - ')).toBeNull();
});
