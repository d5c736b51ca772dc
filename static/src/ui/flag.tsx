import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icons';

export type FlagMark = 'failing' | 'paused' | 'rolling' | 'drifted' | 'frozen' | 'unreadable';

const ICONS: Record<FlagMark, IconName> = {
  failing: 'cross',
  paused: 'pause',
  rolling: 'up-arrow',
  drifted: 'waves',
  frozen: 'frozen',
  unreadable: 'alert',
};

/** A state that differs from healthy: icon, word and colour. A healthy cluster has none. */
export function Flag({ mark, title, children }: { mark: FlagMark; title?: string; children: ComponentChildren }) {
  return (
    <span class="flag" data-mark={mark === 'unreadable' ? 'failing' : mark} title={title}>
      <Icon name={ICONS[mark]} />
      {children}
    </span>
  );
}

/** The icon of a flag alone, where its words are beside it; named for a screen reader. */
export function FlagIcon({ mark }: { mark: FlagMark }) {
  return (
    <>
      <Icon name={ICONS[mark]} />
      <span class="visually-hidden">{WORDS[mark]}</span>
    </>
  );
}

const WORDS: Record<FlagMark, string> = {
  failing: 'Failing',
  paused: 'Paused',
  rolling: 'Rolling out',
  drifted: 'Drifted',
  frozen: 'Frozen',
  unreadable: 'Unreadable',
};
