/** The keys that work now: each component adds its own while it is on the page. */

import { useLayoutEffect, useRef } from 'preact/hooks';
import { type Binding, isTyping, Keyboard } from '../lib/keys';
import { singleKeys } from './preferences';

const layers: { current: Binding[] }[] = [];
const keyboard = new Keyboard();

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

export function bindings(): Binding[] {
  return layers.flatMap((layer) => layer.current);
}

/** Adds keys for as long as the component is there; a stroke always finds what was rendered last. */
export function useKeys(keys: Binding[]): void {
  const latest = useRef(keys);
  latest.current = keys;
  useLayoutEffect(() => {
    layers.push(latest);
    return () => void layers.splice(layers.indexOf(latest), 1);
  }, []);
}

export function listen(): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const target = event.target as HTMLElement;
    // Inside a dialog only its own keys count, and those of the browser; inside a menu, whose Esc closes it alone, none.
    if (document.querySelector('.menu:popover-open')) return;
    const modal = document.querySelector('dialog[open]:modal');
    const usable = modal ? bindings().filter((b) => b.always && b.group === 'Dialog') : bindings();
    const binding = keyboard.match(event, usable, isTyping(target), performance.now(), singleKeys.value);
    if (!binding) return;
    event.preventDefault();
    binding.run();
  });
}
