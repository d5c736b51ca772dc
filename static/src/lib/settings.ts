/** The settings of a service as rows: one a value, with the path that a stackfile has it under. */

import type { Json } from './model';

export interface Setting {
  path: string;
  value: string;
}

export interface SettingGroup {
  title: string;
  settings: Setting[];
}

/** Which keys are shown together, in this order; what is in none of them comes last. */
const GROUPS: [title: string, keys: readonly string[]][] = [
  ['Image and tasks', ['image', 'desired_count', 'cpu', 'memory', 'command', 'entrypoint', 'architecture', 'user']],
  ['Network', ['ports', 'load_balancer', 'custom_host_port', 'dns_discovery', 'security_groups', 'subnets', 'network']],
  ['Environment', ['environment', 'env', 'secrets']],
];
const OTHER = 'Other settings';

export function settingGroups(settings: Json): SettingGroup[] {
  const grouped = new Set(GROUPS.flatMap(([, keys]) => keys));
  const groups = GROUPS.map(([title, keys]) => ({ title, settings: rowsOf(settings, keys) }));
  const others = Object.keys(settings).filter((key) => !grouped.has(key));
  return [...groups, { title: OTHER, settings: rowsOf(settings, others) }].filter((group) => group.settings.length > 0);
}

function rowsOf(settings: Json, keys: readonly string[]): Setting[] {
  return keys.filter((key) => key in settings).flatMap((key) => flatten(key, settings[key]));
}

function flatten(path: string, value: unknown): Setting[] {
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== 'object' || item === null)) return [{ path, value: value.join(', ') }];
    return value.flatMap((item, i) => flatten(`${path}[${i}]`, item));
  }
  if (value && typeof value === 'object') {
    return Object.entries(value).flatMap(([key, inner]) => flatten(`${path}.${key}`, inner));
  }
  return [{ path, value: value === null ? 'not set' : String(value) }];
}
