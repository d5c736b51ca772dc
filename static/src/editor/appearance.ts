/** How YAML looks in every editor of the page. */

import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { Compartment, type Extension } from '@codemirror/state';
import { EditorView, ViewPlugin } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const theme = EditorView.theme({
  '&': { height: '100%', fontSize: '13px', backgroundColor: 'transparent', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--text)', paddingBlock: '12px' },
  '.cm-gutters': { backgroundColor: 'var(--tile)', color: 'var(--text-3)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '&.cm-focused .cm-cursor': { borderLeftColor: 'var(--text)', borderLeftWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'light-dark(#d5daff, #30376b) !important',
  },
  '.cm-panels, .cm-tooltip': {
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    border: '1px solid var(--line)',
  },
  '.cm-tooltip': { borderRadius: '8px', boxShadow: 'var(--shadow-dlg)', overflow: 'hidden' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { background: 'var(--selected)', color: 'var(--text)' },
  '.cm-completionDetail': { color: 'var(--text-3)', fontStyle: 'normal', marginLeft: '12px' },
  '.cm-explanation': { maxWidth: '440px', padding: '6px 10px', fontFamily: 'var(--sans)', fontSize: '13px' },
  '.cm-explanation p': { margin: '2px 0' },
  '.cm-diagnostic': { padding: '6px 10px', fontFamily: 'var(--sans)', fontSize: '13px' },
  '.cm-changedLine': { backgroundColor: 'var(--good-tint) !important' },
  '&.cm-merge-a .cm-changedLine': { backgroundColor: 'var(--fail-tint) !important' },
  '&.cm-merge-a .cm-changedText': { textDecorationColor: 'var(--fail-text) !important' },
  '.cm-collapsedLines': {
    background: 'var(--well) !important',
    color: 'var(--text-3) !important',
    fontFamily: 'var(--sans)',
    fontSize: '12px',
  },
  // Its own marks are in few fonts
  '.cm-collapsedLines::before, .cm-collapsedLines::after': { content: '"" !important' },
  '.cm-deletedChunk': { backgroundColor: 'var(--fail-tint) !important', paddingLeft: '6px' },
  '.cm-changedText': {
    background: 'none !important',
    textDecoration: 'underline',
    textDecorationColor: 'var(--good-text)',
  },
  '.cm-deletedText': { background: 'none !important' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--veil)', border: '0', color: 'var(--text-2)', padding: '0 6px' },
  '.cm-textfield, .cm-button': {
    backgroundColor: 'var(--tile)',
    backgroundImage: 'none',
    color: 'var(--text)',
    border: '1px solid var(--line-2)',
    borderRadius: '6px',
  },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'light-dark(#3743b3, #a3acff)' },
  { tag: [tags.string, tags.content], color: 'light-dark(#0f6b4a, #84d8ae)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'light-dark(#8a4b00, #efb86a)' },
  { tag: tags.comment, color: 'light-dark(#676d7b, #8b91a0)', fontStyle: 'italic' },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: 'light-dark(#676d7b, #8b91a0)' },
  { tag: [tags.labelName, tags.keyword], color: 'light-dark(#93278f, #e0a0dd)' },
]);

const dark = new Compartment();
const media = matchMedia('(prefers-color-scheme: dark)');

function darkness(): Extension {
  const chosen = document.documentElement.dataset.theme;
  return EditorView.darkTheme.of(chosen ? chosen === 'dark' : media.matches);
}

/** Follows the theme that a person chose, or the system's. */
const following = ViewPlugin.define((view) => {
  const follow = () => view.dispatch({ effects: dark.reconfigure(darkness()) });
  const watch = new MutationObserver(follow);
  watch.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  media.addEventListener('change', follow);
  return {
    destroy() {
      watch.disconnect();
      media.removeEventListener('change', follow);
    },
  };
});

/** Colours, highlighting, light and dark; the nonce lets its styles in past the page's policy. */
export function appearance(nonce: string): Extension {
  return [EditorView.cspNonce.of(nonce), dark.of(darkness()), following, theme, syntaxHighlighting(colours), yaml()];
}
