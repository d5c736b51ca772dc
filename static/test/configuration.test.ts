import { expect, it } from 'vitest';
import { readConfiguration } from '../src/lib/configuration';

it('has every value with its origin, that of a part before that of its field', () => {
  const { groups } = readConfiguration({
    fields: {
      image: { value: 'ecr/api:v1', origin: 'service' },
      environment: { value: { A: '1', B: '2' }, origin: 'merged', parts: { A: 'defaults' } },
    },
  });
  expect(groups.flatMap((group) => group.settings)).toEqual([
    { path: 'image', value: 'ecr/api:v1', origin: 'service' },
    { path: 'environment.A', value: '1', origin: 'defaults' },
    { path: 'environment.B', value: '2', origin: 'merged' },
  ]);
});

it('has addresses, with a link where a browser can open them', () => {
  const { addresses } = readConfiguration({
    addresses: [
      { host: 'api.example.com', port: 443, url: 'https://api.example.com', kind: 'load-balancer', public: true },
      { host: 'api.internal', port: 8080, url: null, kind: 'service-discovery', public: false },
    ],
  });
  expect(addresses).toEqual([
    { text: 'https://api.example.com', url: 'https://api.example.com', about: 'public load balancer' },
    { text: 'api.internal:8080', url: null, about: 'inside the VPC' },
  ]);
});

it('is empty for an answer without fields', () => expect(readConfiguration({})).toEqual({ groups: [], addresses: [] }));
