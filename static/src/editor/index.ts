/** The editors, a chunk of its own: nearly all of it is CodeMirror, which they share. */

export { createEditor } from './code-editor';
export { createSideBySide } from './side-by-side';
