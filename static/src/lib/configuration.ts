/** The effective configuration of a service: every field with its origin, and the addresses that it answers at. */

import type { Json } from './model';
import { type Setting, type SettingGroup, settingGroups } from './settings';

export interface Address {
  text: string;
  /** Where a browser can open it. */
  url: string | null;
  about: string;
}

export interface OriginSetting extends Setting {
  origin: string;
}

export interface Configuration {
  groups: (Omit<SettingGroup, 'settings'> & { settings: OriginSetting[] })[];
  addresses: Address[];
}

const KINDS: Record<string, string> = {
  'dns-record': 'DNS record',
  'load-balancer': 'load balancer',
  'service-discovery': 'inside the VPC',
};

const object = (value: unknown): Json =>
  value && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {};

export function readConfiguration(sent: Json): Configuration {
  const fields = object(sent.fields);
  const values = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, object(field).value]));
  const groups = settingGroups(values).map((group) => ({
    ...group,
    settings: group.settings.map((setting) => ({ ...setting, origin: originOf(fields, setting.path) })),
  }));
  return {
    groups,
    addresses: (Array.isArray(sent.addresses) ? sent.addresses : []).map((address) => readAddress(object(address))),
  };
}

/** The origin of a value: that of its own part where the server states one, else of its field. */
function originOf(fields: Json, path: string): string {
  const name = Object.keys(fields).find(
    (field) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`),
  );
  const field = object(name === undefined ? null : fields[name]);
  const part = name === undefined ? '' : path.slice(name.length + 1);
  return String(object(field.parts)[part] ?? field.origin ?? '');
}

function readAddress({ host, port, url, kind, public: open }: Json): Address {
  const link = typeof url === 'string' && url ? url : null;
  const about = [open === true ? 'public' : '', KINDS[String(kind)] ?? String(kind ?? '')].filter(Boolean).join(' ');
  return { text: link ?? `${String(host)}${typeof port === 'number' ? `:${port}` : ''}`, url: link, about };
}
