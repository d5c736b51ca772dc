import { expect, it } from 'vitest';
import { settingGroups } from '../src/lib/settings';

it('shows every value under its path, grouped, the rest last', () => {
  const groups = settingGroups({
    stop_timeout: 30,
    environment: { LOG_LEVEL: 'info', PORT: 80 },
    image: 'ecr/api:v1',
    ports: ['80:8080', '9090'],
    containers: { proxy: { image: 'envoy', essential: null } },
    volumes: [{ name: 'data' }],
  });
  expect(groups).toEqual([
    { title: 'Image and tasks', settings: [{ path: 'image', value: 'ecr/api:v1' }] },
    { title: 'Network', settings: [{ path: 'ports', value: '80:8080, 9090' }] },
    {
      title: 'Environment',
      settings: [
        { path: 'environment.LOG_LEVEL', value: 'info' },
        { path: 'environment.PORT', value: '80' },
      ],
    },
    {
      title: 'Other settings',
      settings: [
        { path: 'stop_timeout', value: '30' },
        { path: 'containers.proxy.image', value: 'envoy' },
        { path: 'containers.proxy.essential', value: 'not set' },
        { path: 'volumes[0].name', value: 'data' },
      ],
    },
  ]);
});

it('shows nothing of no settings', () => expect(settingGroups({})).toEqual([]));
