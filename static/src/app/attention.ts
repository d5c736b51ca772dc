/** The tab's icon and the notifications of the browser follow the fleet. */

import { computed, effect, signal } from '@preact/signals';
import calm from '../favicon.svg';
import { attentionOf, iconOf } from '../lib/attention';
import { concern, hasFailed, type Service } from '../lib/model';
import { clusterRoute } from '../lib/router';
import { sameFields, stable } from '../lib/stable';
import { go, store } from './state';

const entries = computed(() => store.names.value.map((name) => store.get(name)!));

/** How many services fail and roll out, over all clusters. */
export const attention = stable(() => attentionOf(entries.value.map((entry) => entry.counts.value)), sameFields);

const KEY = 'nysa-notifications';

/** Whether the user asked for notifications of the browser, and the browser grants them. */
export const notifying = signal(
  localStorage.getItem(KEY) === 'on' && globalThis.Notification?.permission === 'granted',
);

/** Turns notifications on, after the browser has asked the user, or off. */
export async function toggleNotifications(): Promise<void> {
  const on = !notifying.peek() && (await globalThis.Notification?.requestPermission()) === 'granted';
  notifying.value = on;
  localStorage.setItem(KEY, on ? 'on' : 'off');
}

let known: ReadonlySet<string> | null = null;

/** Publishes services that began to fail since the last look; none of those that failed when the page was opened. */
function publishFailures(failing: readonly Service[]): void {
  const keys = new Set(failing.map(({ cluster, name }) => `${cluster}/${name}`));
  const fresh = known === null ? [] : failing.filter(({ cluster, name }) => !known!.has(`${cluster}/${name}`));
  known = keys;
  if (!notifying.peek()) return;
  for (const service of fresh) {
    const tag = `${service.cluster}/${service.name}`;
    const shown = new Notification(`${service.name} is failing in ${service.cluster}`, {
      body: concern(service) ?? '',
      tag,
      icon: calm,
    });
    shown.addEventListener('click', () => {
      window.focus();
      go(clusterRoute(service.cluster, service.name));
    });
  }
}

export function watchAttention(): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  effect(() => {
    const icon = iconOf(attention.value) ?? calm;
    if (link && link.getAttribute('href') !== icon) link.href = icon;
  });
  effect(() => {
    if (!store.loaded.value) return;
    publishFailures(
      entries.value.flatMap((entry) => (entry.counts.value.failed ? entry.services().filter(hasFailed) : [])),
    );
  });
}
