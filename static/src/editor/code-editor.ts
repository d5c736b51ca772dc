/** CodeMirror for stackfiles: checked, completed and explained. */

import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab, toggleTabFocusMode } from '@codemirror/commands';
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  type IndentContext,
  indentOnInput,
  indentService,
  indentUnit,
} from '@codemirror/language';
import { type Diagnostic, forceLinting, linter, lintGutter, lintKeymap } from '@codemirror/lint';
import { diff, unifiedMergeView } from '@codemirror/merge';
import { searchKeymap } from '@codemirror/search';
import { Compartment, EditorState } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { explain, type Schema } from '../lib/json-schema';
import { indentBelow } from '../lib/yaml-indent';
import { placeAt, suggestions } from '../lib/yaml-path';
import { appearance } from './appearance';
import { explanations, nodeOf, treeTo } from './explanations';

export interface Problem {
  severity: 'error' | 'warning';
  message: string;
  path: string;
  line: number | null;
  column: number | null;
}

export interface EditorOptions {
  parent: HTMLElement;
  text: string;
  nonce: string;
  onChange: (text: string) => void;
  onSave: () => void;
  /** Asks the server; what comes back is shown only if the text is still the same. */
  check: (text: string) => Promise<Problem[]>;
  onProblems: (problems: Problem[]) => void;
  schema: () => Promise<Schema | null>;
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

export function createEditor(options: EditorOptions): CodeEditor {
  const comparison = new Compartment();
  let setting = false;
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        appearance(options.nonce),
        comparison.of([]),
        lineNumbers(),
        highlightActiveLineGutter(),
        highlightActiveLine(),
        highlightSpecialChars(),
        history(),
        foldGutter(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of('  '),
        indentService.of(indentNewLine),
        bracketMatching(),
        closeBrackets(),
        explanations(options.schema),
        autocompletion({ override: [async (context) => complete(context, await options.schema())], icons: false }),
        lintGutter(),
        linter((current) => check(current, options), { delay: CHECK_AFTER_MS }),
        keymap.of([
          { key: 'Mod-s', run: () => (options.onSave(), true), preventDefault: true },
          // Esc, then Tab leaves the editor: https://www.w3.org/TR/WCAG22/#no-keyboard-trap
          { key: 'Escape', run: (current) => (current.dispatch(), toggleTabFocusMode(current)) },
          ...closeBracketsKeymap,
          ...completionKeymap,
          // Which is the page's key for the review
          ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter'),
          ...searchKeymap,
          ...historyKeymap,
          ...foldKeymap,
          ...lintKeymap,
          indentWithTab,
        ]),
        EditorView.contentAttributes.of({
          'aria-label': 'Stackfile',
          'aria-describedby': 'editor-hint',
          spellcheck: 'false',
          tabindex: '0',
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !setting) options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    set(text) {
      // Only what differs: the cursor, the selection and what is in sight stay where they are.
      const changes = diff(view.state.doc.toString(), text).map(({ fromA, toA, fromB, toB }) => ({
        from: fromA,
        to: toA,
        insert: text.slice(fromB, toB),
      }));
      setting = true;
      view.dispatch({ changes });
      setting = false;
    },
    goTo(line, column) {
      const found = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)));
      const at = Math.min(found.from + Math.max(0, column - 1), found.to);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
      view.focus();
    },
    compare(original) {
      view.dispatch({
        effects: comparison.reconfigure(
          original === null
            ? []
            : unifiedMergeView({ original, mergeControls: false, collapseUnchanged: { margin: 3, minSize: 6 } }),
        ),
      });
    },
    recheck: () => forceLinting(view),
    focus: () => view.focus(),
    destroy: () => view.destroy(),
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

/** The depth of a line that is begun at the end of another; undefined leaves it to the language. */
function indentNewLine(context: IndentContext, position: number): number | undefined {
  if (context.simulatedBreak !== position || context.textAfterPos(position).trim()) return undefined;
  return indentBelow(context.lineAt(position, -1).text) ?? undefined;
}

function complete(context: CompletionContext, schema: Schema | null): CompletionResult | null {
  if (!schema || inText(context)) return null;
  const line = context.state.doc.lineAt(context.pos);
  const column = context.pos - line.from;
  const place = placeAt(context.state.doc.toString().split('\n'), line.number - 1, column);
  if (!context.explicit && place.from === column && !/(^|:)\s+$/.test(line.text.slice(0, column))) return null;
  const found = suggestions(schema, place).map(({ label, detail, kind }): Completion => {
    const explanation = kind === 'key' ? explain(schema, [...place.path, label]) : null;
    return {
      label,
      detail,
      type: kind,
      ...(explanation ? { info: () => nodeOf(explanation) } : {}),
      ...(kind === 'key' ? { apply: `${label}: ` } : {}),
    };
  });
  return found.length ? { from: line.from + place.from, options: found, validFor: /^[\w.-]*$/ } : null;
}

/** Whether the cursor is in a comment or a block of text, which have no fields. */
function inText({ state, pos }: CompletionContext): boolean {
  return ['Comment', 'BlockLiteralContent'].includes(treeTo(state, pos).resolveInner(pos, -1).name);
}
