import { useEffect, useRef, useState } from 'preact/hooks';
import { useKeys } from '../app/keyboard';
import { sideBySide } from '../app/preferences';
import type { SideBySide } from '../editor/side-by-side';
import { TextDiff } from './fields';
import { nonce } from './nonce';
import { Skeleton } from './states';

interface Texts {
  before: string;
  after: string;
  label: string;
}

/** Two texts compared: unified, or side by side, as the user last chose. */
export function TextCompare(texts: Texts) {
  const side = sideBySide.value;
  useKeys([
    {
      keys: 'v',
      label: 'Side by side or unified',
      group: 'Comparison',
      run: () => (sideBySide.value = !sideBySide.peek()),
    },
  ]);
  return (
    <div class="panel">
      <header>
        <div class="segments" role="group" aria-label="Layout">
          <button type="button" aria-pressed={!side} onClick={() => (sideBySide.value = false)}>
            Unified
          </button>
          <button type="button" aria-pressed={side} onClick={() => (sideBySide.value = true)}>
            Side by side
          </button>
        </div>
        <span class="small mute">
          <kbd>v</kbd> changes the layout
          {side && (
            <>
              , <kbd>n</kbd> <kbd>p</kbd> go through the changes
            </>
          )}
        </span>
      </header>
      {side ? <Sides key={`${texts.before}\0${texts.after}`} {...texts} /> : <TextDiff {...texts} />}
    </div>
  );
}

function Sides({ before, after, label }: Texts) {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<SideBySide | null>(null);
  const [state, setState] = useState<'loading' | 'there' | 'failed'>('loading');
  useEffect(() => {
    let left = false;
    import('../editor').then(
      ({ createSideBySide }) => {
        if (left) return;
        view.current = createSideBySide({ parent: parent.current!, before, after, nonce });
        setState('there');
      },
      () => setState('failed'),
    );
    return () => {
      left = true;
      view.current?.destroy();
    };
  }, []);
  useKeys([
    { keys: 'n', label: 'Next change', group: 'Comparison', run: () => view.current?.step(true) },
    { keys: 'p', label: 'Previous change', group: 'Comparison', run: () => view.current?.step(false) },
  ]);
  if (state === 'failed') return <TextDiff before={before} after={after} label={label} />;
  return (
    <>
      {state === 'loading' && <Skeleton rows={6} />}
      <div class="sides" role="region" aria-label={label} ref={parent} />
    </>
  );
}
