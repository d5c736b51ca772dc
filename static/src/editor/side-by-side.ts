/** Two texts beside each other, read-only. */

import { goToNextChunk, goToPreviousChunk, MergeView } from '@codemirror/merge';
import { EditorState } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { appearance } from './appearance';

export interface SideBySide {
  /** Brings the next change into sight, or the one before. */
  step: (forward: boolean) => void;
  destroy: () => void;
}

export function createSideBySide({
  parent,
  before,
  after,
  nonce,
}: {
  parent: HTMLElement;
  before: string;
  after: string;
  nonce: string;
}): SideBySide {
  const side = (doc: string, label: string) => ({
    doc,
    extensions: [
      appearance(nonce),
      lineNumbers(),
      EditorState.readOnly.of(true),
      EditorView.contentAttributes.of({ 'aria-label': label, 'aria-readonly': 'true', tabindex: '0' }),
      EditorView.lineWrapping,
    ],
  });
  const view = new MergeView({
    parent,
    a: side(before, 'Before'),
    b: side(after, 'After'),
    collapseUnchanged: { margin: 3, minSize: 6 },
  });
  return {
    step(forward) {
      (forward ? goToNextChunk : goToPreviousChunk)(view.b);
      view.b.focus();
    },
    destroy: () => view.destroy(),
  };
}
