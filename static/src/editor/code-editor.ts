/** CodeMirror for stackfiles; a chunk of its own, loaded when somebody edits. */

import { autocompletion, closeBrackets, closeBracketsKeymap, type Completion, type CompletionContext, type CompletionResult, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab, toggleTabFocusMode } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, forceLinting, linter, lintGutter, lintKeymap } from '@codemirror/lint';
import { unifiedMergeView } from '@codemirror/merge';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { placeAt, type Schema, suggestions } from '../lib/yaml-path';

export interface Problem { severity: 'error' | 'warning'; message: string; path: string; line: number | null; column: number | null }

export interface EditorOptions {
  parent: HTMLElement;
  text: string;
  nonce: string;
  onChange: (text: string) => void;
  onSave: () => void;
  /** Asks the server; what comes back is shown only if the text is still the same. */
  check: (text: string) => Promise<Problem[]>;
  onProblems: (problems: Problem[]) => void;
  schema: () => Schema | null;
}

export interface CodeEditor {
  text: () => string;
  set: (text: string) => void;
  goTo: (line: number, column: number) => void;
  /** Shows what differs from a text, in place; null switches that off. */
  compare: (with_: string | null) => void;
  recheck: () => void;
  focus: () => void;
  destroy: () => void;
}

const CHECK_AFTER_MS = 350;

const theme = EditorView.theme({
  '&': { height: '100%', fontSize: '13px', backgroundColor: 'transparent', color: 'var(--ink)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--accent)', paddingBlock: '12px' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--ink-3)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '&.cm-focused .cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { background: 'light-dark(#d5daff, #30376b) !important' },
  '.cm-panels, .cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--ink)', border: '1px solid var(--line-strong)' },
  '.cm-tooltip': { borderRadius: '8px', boxShadow: 'var(--shadow)', overflow: 'hidden' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { background: 'var(--selected)', color: 'var(--ink)' },
  '.cm-completionDetail': { color: 'var(--ink-3)', fontStyle: 'normal', marginLeft: '12px' },
  '.cm-diagnostic': { padding: '6px 10px', fontFamily: 'var(--sans)', fontSize: '13px' },
  '.cm-changedLine': { backgroundColor: 'var(--good-back) !important' },
  '.cm-deletedChunk': { backgroundColor: 'var(--bad-back) !important', paddingLeft: '6px' },
  '.cm-changedText': { background: 'none !important', textDecoration: 'underline', textDecorationColor: 'var(--good)' },
  '.cm-deletedText': { background: 'none !important' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--mute-back)', border: '0', color: 'var(--ink-2)', padding: '0 6px' },
  '.cm-textfield, .cm-button': { backgroundColor: 'var(--surface)', backgroundImage: 'none', color: 'var(--ink)', border: '1px solid var(--control)', borderRadius: '6px' },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'light-dark(#3743b3, #a3acff)' },
  { tag: [tags.string, tags.content], color: 'light-dark(#0f6b4a, #84d8ae)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'light-dark(#8a4b00, #efb86a)' },
  { tag: tags.comment, color: 'light-dark(#676d7b, #8b91a0)', fontStyle: 'italic' },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: 'light-dark(#676d7b, #8b91a0)' },
  { tag: [tags.labelName, tags.keyword], color: 'light-dark(#93278f, #e0a0dd)' },
]);

export function createEditor(options: EditorOptions): CodeEditor {
  const dark = new Compartment();
  const comparison = new Compartment();
  const media = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === 'dark' : media.matches;
  };
  let setting = false;
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        EditorView.cspNonce.of(options.nonce),
        dark.of(EditorView.darkTheme.of(isDark())),
        comparison.of([]),
        theme,
        syntaxHighlighting(colours),
        lineNumbers(),
        highlightActiveLineGutter(),
        highlightActiveLine(),
        highlightSpecialChars(),
        highlightSelectionMatches(),
        history(),
        foldGutter(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of('  '),
        bracketMatching(),
        closeBrackets(),
        yaml(),
        autocompletion({ override: [(context) => complete(context, options.schema())], icons: false }),
        lintGutter(),
        linter((current) => check(current, options), { delay: CHECK_AFTER_MS }),
        keymap.of([
          { key: 'Mod-s', run: () => (options.onSave(), true), preventDefault: true },
          // Esc, then Tab leaves the editor: https://www.w3.org/TR/WCAG22/#no-keyboard-trap
          { key: 'Escape', run: (current) => (current.dispatch(), toggleTabFocusMode(current)) },
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...defaultKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...foldKeymap,
          ...lintKeymap,
          indentWithTab,
        ]),
        EditorView.contentAttributes.of({ 'aria-label': 'Stackfile', 'aria-describedby': 'editor-hint', spellcheck: 'false', tabindex: '0' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !setting) options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  const follow = () => view.dispatch({ effects: dark.reconfigure(EditorView.darkTheme.of(isDark())) });
  const watch = new MutationObserver(follow);
  watch.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  media.addEventListener('change', follow);
  return {
    text: () => view.state.doc.toString(),
    set(text) {
      setting = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      setting = false;
    },
    goTo(line, column) {
      const found = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)));
      const at = Math.min(found.from + Math.max(0, column - 1), found.to);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
      view.focus();
    },
    compare(original) {
      view.dispatch({ effects: comparison.reconfigure(original === null ? [] : unifiedMergeView({ original, mergeControls: false, collapseUnchanged: { margin: 3, minSize: 6 } })) });
    },
    recheck: () => forceLinting(view),
    focus: () => view.focus(),
    destroy() {
      watch.disconnect();
      media.removeEventListener('change', follow);
      view.destroy();
    },
  };
}

async function check(view: EditorView, options: EditorOptions): Promise<Diagnostic[]> {
  const { doc } = view.state;
  const problems = await options.check(doc.toString());
  if (view.state.doc !== doc) return [];
  options.onProblems(problems);
  return problems.map((problem) => {
    const line = doc.line(Math.max(1, Math.min(problem.line ?? 1, doc.lines)));
    const from = Math.min(line.from + Math.max(0, (problem.column ?? 1) - 1), line.to);
    const word = /^[^\s:,[\]{}]+/.exec(doc.sliceString(from, line.to));
    const to = word ? from + word[0].length : line.to;
    return { from, to: Math.max(from, to), severity: problem.severity, message: problem.message };
  });
}

function complete(context: CompletionContext, schema: Schema | null): CompletionResult | null {
  if (!schema) return null;
  const line = context.state.doc.lineAt(context.pos);
  const column = context.pos - line.from;
  const place = placeAt(context.state.doc.toString().split('\n'), line.number - 1, column);
  if (!context.explicit && place.from === column && !/(^|:)\s+$/.test(line.text.slice(0, column))) return null;
  const found = suggestions(schema, place).map((s): Completion => ({ label: s.label, detail: s.detail, ...(s.info ? { info: s.info } : {}), type: s.kind, ...(s.kind === 'key' ? { apply: `${s.label}: ` } : {}) }));
  return found.length ? { from: line.from + place.from, options: found, validFor: /^[\w.-]*$/ } : null;
}
