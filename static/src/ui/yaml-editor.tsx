import { useEffect, useRef, useState } from 'preact/hooks';
import { check, stackfileSchema } from '../app/stackfiles';
import type { CodeEditor, Problem } from '../editor/code-editor';
import { nonce } from './nonce';
import { Skeleton } from './states';

interface Props {
  cluster: string | null;
  /** The text that it starts with; later texts come through `handle`. */
  text: string;
  onChange: (text: string) => void;
  onSave?: () => void;
  onProblems: (problems: Problem[]) => void;
  handle: { current: CodeEditor | null };
  compareWith?: string | null;
}

export function YamlEditor({ cluster, text, onChange, onSave, onProblems, handle, compareWith = null }: Props) {
  const parent = useRef<HTMLDivElement>(null);
  const latest = useRef({ text, onChange, onSave, onProblems });
  latest.current = { text, onChange, onSave, onProblems };
  const [ready, setReady] = useState(false);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let left = false;
    import('../editor').then(
      ({ createEditor }) => {
        if (left) return;
        handle.current = createEditor({
          parent: parent.current!,
          // A file may have come while the editor did.
          text: latest.current.text,
          nonce,
          onChange: (t) => latest.current.onChange(t),
          onSave: () => latest.current.onSave?.(),
          onProblems: (p) => latest.current.onProblems(p),
          check: (t) =>
            check(t, cluster).catch(() => [
              {
                severity: 'warning' as const,
                message: "The server can't be reached; errors are not shown.",
                path: '',
                line: null,
                column: null,
              },
            ]),
          schema: stackfileSchema,
        });
        void stackfileSchema();
        setReady(true);
      },
      () => setFailed(true),
    );
    return () => {
      left = true;
      handle.current?.destroy();
      handle.current = null;
    };
  }, []);
  useEffect(() => {
    if (ready) handle.current?.compare(compareWith);
  }, [ready, compareWith]);
  return (
    <>
      <div class="editor" ref={parent} hidden={failed} />
      {!ready && !failed && <Skeleton rows={6} />}
      {failed && (
        <div class="field" style={{ padding: '16px' }}>
          <label htmlFor="plain-editor">Stackfile (the editor could not be loaded; this is a plain field)</label>
          <textarea
            id="plain-editor"
            class="input mono"
            rows={24}
            value={text}
            onInput={(e) => onChange(e.currentTarget.value)}
          />
        </div>
      )}
      <p id="editor-hint" class="hint" style={{ padding: '6px 16px' }}>
        Ctrl Space: complete · F1: explain · Esc Tab: leave editor
      </p>
    </>
  );
}
