import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { shortRevision } from '../app/actions';
import { useKeys } from '../app/keyboard';
import { useRead } from '../app/read';
import { drafts, go, hindrance, notify } from '../app/state';
import { readText } from '../app/stackfiles';
import type { CodeEditor, Problem } from '../editor/code-editor';
import { plural } from '../lib/changes';
import type { Draft } from '../lib/drafts';
import type { ClusterEntry } from '../lib/store';
import { Button } from '../ui/button';
import { Banner, Failed, Skeleton } from '../ui/states';
import { Ago } from '../ui/time';
import { UserText } from '../ui/text';
import { Problems } from '../ui/problems';
import { YamlEditor } from '../ui/yaml-editor';
import { ClusterFrame } from './frame';
import { MergeDialog } from './merge-dialog';

/** The desired state as text. A draft is never touched by what comes from outside. */
export function StackfileScreen({ entry, from }: { entry: ClusterEntry; from: string | null }) {
  const { name } = entry;
  // What the edit begins with is read once; later revisions show as a banner, never in the text.
  const stored = useRead<string>(`begin ${name}`, (signal) => readText(name, signal));
  const old = useRead<string>(from && `from ${name} ${from}`, (signal) => readText(name, signal, from));
  const failed = [stored, old].find((reading) => reading.error && reading.data === null);
  const ready = stored.data !== null && !from;
  // From here on it is a draft like any other, which no reload begins again.
  useEffect(() => {
    if (!from || stored.data === null || old.data === null) return;
    beginFrom({ name, text: old.data, base: stored.data, revision: stored.revision, savedAt: Date.now(), from });
    go({ screen: 'stackfile', cluster: name, revision: null }, true);
  }, [from, stored.data, old.data]);
  return (
    <ClusterFrame entry={entry} page="stackfile">
      {failed ? (
        <Failed error={failed.error!} retry={failed.again} />
      ) : ready ? (
        <Edit entry={entry} stored={stored.data!} revision={stored.revision} />
      ) : stored.slow || old.slow ? (
        <Skeleton rows={10} />
      ) : null}
    </ClusterFrame>
  );
}

function beginFrom(draft: Draft): void {
  const before = drafts.get(draft.name);
  if (draft.text !== draft.base)
    save(before && before.text !== before.base ? { ...draft, earlier: before.text } : draft);
}

function save(draft: Draft): void {
  if (drafts.put(draft)) return;
  notify({
    tone: 'warn',
    title: 'The draft is kept in this page only',
    text: 'The browser has no room left for it: apply it, or copy it, before you close the page.',
  });
}

function beginWith(name: string, stored: string, revision: string | null): Draft {
  const draft = drafts.get(name);
  return draft && draft.text !== draft.base ? draft : { name, text: stored, base: stored, revision, savedAt: 0 };
}

/** Saves again where another tab has touched what this one saved. */
function useOtherTabs(name: string, save: () => void): void {
  const latest = useRef(save);
  latest.current = save;
  useEffect(() => {
    const listen = ({ key, newValue }: StorageEvent) => {
      if (drafts.noticed(key, newValue, name)) latest.current();
    };
    addEventListener('storage', listen);
    return () => removeEventListener('storage', listen);
  }, [name]);
}

function Edit({ entry, stored, revision }: { entry: ClusterEntry; stored: string; revision: string | null }) {
  const { name } = entry;
  const begun = useMemo(() => beginWith(name, stored, revision), []);
  const [base, setBase] = useState({ text: begun.base, revision: begun.revision });
  const [text, setText] = useState(begun.text);
  const [problems, setProblems] = useState<Problem[] | null>(null);
  const [compare, setCompare] = useState(false);
  const [merging, setMerging] = useState(false);
  const [saved, setSaved] = useState<string | null>(null);
  const editor = useRef<CodeEditor | null>(null);
  const dirty = text !== base.text;
  const current = entry.summary.value;
  const overtaken = current.revision !== null && base.revision !== null && current.revision !== base.revision;
  const theirs = useRead<string>(overtaken ? `theirs ${name} ${current.revision}` : null, (signal) =>
    readText(name, signal),
  );

  const keep = (next = text, to = base) => {
    if (next === to.text) drafts.drop(name);
    else save({ ...begun, text: next, base: to.text, revision: to.revision, savedAt: Date.now() });
  };
  // An edit that was not begun takes the newest state without a word, and one whose base is unchanged (a freeze) goes on.
  useEffect(() => {
    if (!overtaken || theirs.data === null || theirs.revision === base.revision || (dirty && theirs.data !== base.text))
      return;
    setBase({ text: theirs.data, revision: theirs.revision });
    if (dirty) return;
    setText(theirs.data);
    editor.current?.set(theirs.data);
  }, [theirs.data, overtaken, dirty]);
  useOtherTabs(name, () => keep());
  useEffect(() => {
    const timer = setTimeout(() => keep(), 300);
    return () => clearTimeout(timer);
  }, [text, base]);

  const mistakes = problems?.filter((p) => p.severity === 'error').length ?? 0;
  const why =
    hindrance('PUT', '/clusters/{c}/config', name) ??
    (!dirty
      ? 'No changes yet'
      : overtaken
        ? 'Merge with the newer revision first'
        : mistakes
          ? `Fix ${plural(mistakes, 'error')} to continue`
          : null);
  const review = () => {
    keep();
    if (!why) go({ screen: 'review', cluster: name });
  };
  const take = (next: string, to = base) => {
    setBase(to);
    setText(next);
    editor.current?.set(next);
    keep(next, to);
    setMerging(false);
  };
  const saveNow = () => {
    const now = editor.current?.text() ?? text;
    keep(now);
    setSaved(now);
  };
  useKeys([
    { keys: 'mod+s', label: 'Save the draft', group: 'Stackfile', always: true, run: saveNow },
    { keys: 'mod+enter', label: 'Review', group: 'Stackfile', always: true, run: review },
  ]);

  return (
    <>
      {overtaken && dirty && theirs.data !== base.text && (
        <Banner
          tone="warn"
          icon="alert"
          title={
            <>
              <UserText text={current.by ?? 'Another program'} /> changed {name} while you edited
            </>
          }
          actions={
            <>
              <Button
                kind="primary"
                icon="drift"
                why={theirs.data === null ? 'Loading the newer revision…' : null}
                onClick={() => setMerging(true)}
              >
                See both and merge
              </Button>
            </>
          }
        >
          {current.message && (
            <>
              <UserText text={current.message} quoted />,{' '}
            </>
          )}
          <Ago at={current.changedAt} />. Your draft is untouched; it is based on {shortRevision(base.revision)}, and{' '}
          {shortRevision(current.revision)} is current.
        </Banner>
      )}
      {begun.from && dirty && (
        <Banner
          tone="busy"
          icon="history"
          title={
            <>
              This draft began with the content of <span class="revision">{shortRevision(begun.from)}</span>
            </>
          }
          actions={
            begun.earlier !== undefined &&
            text !== begun.earlier && <Button onClick={() => take(begun.earlier!)}>Back to my earlier draft</Button>
          }
        >
          Edit it, and review it like any change: it becomes a new revision.
        </Banner>
      )}
      <div class="editorgrid">
        <section class="panel" aria-label="Stackfile">
          <header>
            <span class="small soft">
              {dirty ? (
                <>
                  <strong>Unsaved changes</strong> · based on{' '}
                  <span class="revision">{shortRevision(base.revision)}</span>
                  <span role="status">{saved === text && ' · saved in this browser only'}</span>
                </>
              ) : (
                <>
                  Revision <span class="revision">{shortRevision(base.revision)}</span>
                </>
              )}
            </span>
            <div class="row">
              <Button
                aria-pressed={compare}
                onClick={() => setCompare(!compare)}
                why={dirty || compare ? null : 'No changes yet'}
              >
                {compare ? 'Hide the changes' : 'Show the changes'}
              </Button>
              <Button
                why={dirty ? null : 'No changes yet'}
                onClick={() => {
                  take(base.text);
                  notify({ tone: 'busy', title: 'Changes discarded', text: 'Ctrl Z in the editor brings them back.' });
                }}
              >
                Discard
              </Button>
              <Button kind="primary" why={why} onClick={review}>
                Review
              </Button>
            </div>
          </header>
          <YamlEditor
            cluster={name}
            text={begun.text}
            onChange={setText}
            onSave={saveNow}
            onProblems={setProblems}
            handle={editor}
            compareWith={compare ? base.text : null}
          />
        </section>
        <Problems problems={problems} onGo={(p) => p.line && editor.current?.goTo(p.line, p.column ?? 1)} />
      </div>
      {merging && theirs.data !== null && (
        <MergeDialog
          base={base.text}
          mine={text}
          theirs={theirs.data}
          by={current.by}
          onClose={() => setMerging(false)}
          onMerged={(merged) => take(merged, { text: theirs.data!, revision: theirs.revision })}
        />
      )}
    </>
  );
}
