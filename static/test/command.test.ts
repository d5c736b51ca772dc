import { expect, it } from 'vitest';
import { parseCommand } from '../src/lib/command';

it.each([
  ['deploy user v2.6.1', { verb: 'deploy', service: 'user', tag: 'v2.6.1' }],
  ['Deploy', { verb: 'deploy', service: '', tag: null }],
  ['restart Billing', { verb: 'restart', service: 'billing', tag: null }],
  ['logs search now', { verb: 'logs', service: 'search', tag: null }],
  ['roll back api', { verb: 'rollback', service: 'api', tag: null }],
  ['rollback api', { verb: 'rollback', service: 'api', tag: null }],
  ['deployer', null],
  ['billing', null],
  ['', null],
])('%j is %j', (query, command) => expect(parseCommand(query)).toEqual(command));
