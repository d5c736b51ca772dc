/** Explanations of fields from the JSON Schema: under the pointer, at the cursor by F1, and beside a completion. */

import { ensureSyntaxTree, syntaxTree } from '@codemirror/language';
import { type EditorState, type Extension, Prec } from '@codemirror/state';
import { activateHover, closeHoverTooltips, EditorView, hoverTooltip, keymap, type Tooltip } from '@codemirror/view';
import { explain, type Explanation, linesOf, type Schema } from '../lib/json-schema';
import { fieldAt } from '../lib/yaml-node';

/** The tooltips; a key as well as the pointer opens them, and Esc closes them (WCAG 2.2, 1.4.13). */
export function explanations(schema: () => Promise<Schema | null>): Extension {
  let known: Schema | null = null;
  const read = async () => (known = await schema());
  // At once where it can be: any update of the view, as of the linter, drops a tooltip that is still to come.
  const tooltip = hoverTooltip(
    (view, position) =>
      known ? tooltipAt(view, position, known) : read().then((found) => tooltipAt(view, position, found)),
    { hideOnChange: true },
  );
  const explainAtCursor = async (view: EditorView) => {
    const before = view.state;
    await read();
    // The user went on while the schema was read.
    if (!before.doc.eq(view.state.doc) || !before.selection.eq(view.state.selection)) return;
    const position = view.state.selection.main.head;
    const explanation = explanationAt(view, position, known);
    if (!explanation) return;
    activateHover(view, position, 1, { tooltip });
    view.dispatch({ effects: EditorView.announce.of(linesOf(explanation.content).join(' ')) });
  };
  const atCursor = (view: EditorView) => {
    void explainAtCursor(view);
    return true;
  };
  const close = (view: EditorView) => {
    view.dispatch({ effects: closeHoverTooltips });
    // Esc also begins to leave the editor
    return false;
  };
  return [
    tooltip,
    // Before the keys of the completion, which keeps Esc to itself
    Prec.highest(
      keymap.of([
        { key: 'F1', run: atCursor },
        { key: 'Escape', run: close },
      ]),
    ),
    EditorView.domEventHandlers({ blur: (_event, view) => close(view) }),
  ];
}

function tooltipAt(view: EditorView, position: number, schema: Schema | null): Tooltip | null {
  const explanation = explanationAt(view, position, schema);
  if (!explanation) return null;
  const { from, to, content } = explanation;
  const dom = nodeOf(content);
  dom.role = 'tooltip';
  return { pos: from, end: to, above: true, create: () => ({ dom }) };
}

/** The explanation of a key, or of a value that the schema lists. */
function explanationAt(view: EditorView, position: number, schema: Schema | null) {
  const field = fieldAt(treeTo(view.state, position), (from, to) => view.state.sliceDoc(from, to), position);
  const content = schema && field && explain(schema, field.path);
  if (!content || (field.is === 'value' && !content.allowed.length)) return null;
  return { from: field.from, to: field.to, content };
}

/** How long a stroke may wait for the parser, which goes on in idle time only, in milliseconds. */
const PARSED_WITHIN_MS = 100;

/** The syntax tree, complete up to a position unless that takes too long. */
export function treeTo(state: EditorState, position: number) {
  return ensureSyntaxTree(state, position, PARSED_WITHIN_MS) ?? syntaxTree(state);
}

/** An explanation as an element: a paragraph for each line, with `code` in backticks. */
export function nodeOf(explanation: Explanation): HTMLElement {
  const node = document.createElement('div');
  node.className = 'cm-explanation';
  for (const line of linesOf(explanation)) {
    const paragraph = node.appendChild(document.createElement('p'));
    line.split('`').forEach((part, i) => {
      paragraph.appendChild(document.createElement(i % 2 ? 'code' : 'span')).textContent = part;
    });
  }
  return node;
}
