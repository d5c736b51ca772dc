/** What a person set for this browser. */

import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const cookie = /(?:^|; )nysa-theme=(light|dark)/.exec(document.cookie)?.[1];

export const theme = signal<Theme>((cookie as Theme | undefined) ?? 'system');
export const singleKeys = signal(localStorage.getItem('nysa-single-keys') !== 'off');

// A cookie, so that the server can put the theme into the page before anything is painted.
effect(() => {
  const { documentElement } = document;
  if (theme.value === 'system') delete documentElement.dataset.theme;
  else documentElement.dataset.theme = theme.value;
  const life = theme.value === 'system' ? 0 : 31_536_000;
  document.cookie = `nysa-theme=${theme.value}; path=/; max-age=${life}; samesite=lax`;
});

effect(() => localStorage.setItem('nysa-single-keys', singleKeys.value ? 'on' : 'off'));

/** How texts are held against each other: one below the other is what screen readers read best. */
export const sideBySide = signal(localStorage.getItem('nysa-compare') === 'side');
effect(() => localStorage.setItem('nysa-compare', sideBySide.value ? 'side' : 'unified'));
