/** The second step of a new cluster: the stackfile, from a form, a file, or what runs. */

import { useRef, useState } from 'preact/hooks';
import type { CodeEditor, Problem } from '../../editor/code-editor';
import { plural } from '../../lib/changes';
import { type Answers, byService, lacking, type Note, stackfileOf, statedLines, unstated } from '../../lib/new-cluster';
import { Button } from '../../ui/button';
import { Banner } from '../../ui/states';
import { Problems } from '../../ui/problems';
import { YamlEditor } from '../../ui/yaml-editor';
import type { StepProps } from './new-cluster';

const QUESTIONS: { key: keyof Answers; label: string; hint: string; example: string }[] = [
  { key: 'name', label: 'Service', hint: 'Letters, digits, hyphens.', example: 'user-service' },
  { key: 'image', label: 'Image', hint: 'With its registry and tag.', example: '….amazonaws.com/user-service:v1' },
  { key: 'port', label: 'Port', hint: 'Leave empty for workers.', example: '8080' },
  { key: 'count', label: 'Tasks', hint: 'How many should run.', example: '1' },
];

export function FirstService({ progress, update }: StepProps) {
  const { answers } = progress;
  const why = lacking(answers);
  return (
    <form
      class="panel"
      onSubmit={(e) => {
        e.preventDefault();
        if (!why) update({ text: statedLines(progress) + stackfileOf(answers) });
      }}
    >
      <div class="body stack" style={{ gap: '24px' }}>
        <div class="formgrid">
          {QUESTIONS.map(({ key, label, hint, example }) => (
            <div key={key} class="field">
              <label htmlFor={`first-${key}`}>{label}</label>
              <input
                id={`first-${key}`}
                class="input mono"
                autocomplete="off"
                spellcheck={false}
                placeholder={example}
                value={answers[key]}
                onInput={(e) => update({ answers: { ...answers, [key]: e.currentTarget.value.trim() } })}
              />
              <p class="hint">{hint}</p>
            </div>
          ))}
        </div>
        <div class="spread">
          <Button onClick={() => update({ step: 1 })}>Back</Button>
          <div class="row">
            <span class="small mute">{why}</span>
            <Button type="submit" kind="primary" why={why}>
              Generate stackfile
            </Button>
          </div>
        </div>
      </div>
    </form>
  );
}

export function FirstStackfile({ progress, update }: StepProps) {
  const { name, ecsCluster, source, text, notes } = progress;
  const [problems, setProblems] = useState<Problem[] | null>(null);
  const editor = useRef<CodeEditor | null>(null);
  const missing = unstated(text, progress);
  const why = !text.trim()
    ? 'The stackfile is empty'
    : problems === null
      ? 'Checking…'
      : problems.some((p) => p.severity === 'error')
        ? `Fix ${plural(problems.filter((p) => p.severity === 'error').length, 'error')} to continue`
        : missing && `Add the line ${missing}`;
  const take = async (file: File | undefined) => {
    if (!file) return;
    const read = await file.text();
    editor.current?.set(read);
    update({ text: read });
  };
  return (
    <>
      {source === 'adopt' && <NothingIsDeployed cluster={name} />}
      <div class="editorgrid">
        {/* Before the editor, which would put the file where the cursor is. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dropping is a shortcut; choosing and pasting do the same */}
        <section
          class="panel"
          aria-label="Stackfile"
          onDragOver={(e) => e.preventDefault()}
          onDropCapture={(e) => {
            if (e.dataTransfer?.files.length) {
              e.preventDefault();
              void take(e.dataTransfer.files[0]);
            }
          }}
        >
          <header>
            <span class="small soft">
              {source === 'adopt' ? `Imported from ${ecsCluster?.name ?? name}` : 'Drop a file here, paste, or type'}
            </span>
            <div class="row">
              {missing && <span class="small mute">{why}</span>}
              <Button onClick={() => update(source === 'form' ? { text: '' } : { step: 1 })}>Back</Button>
              {source === 'stackfile' && <ChooseFile take={take} />}
              <Button kind="primary" why={why} onClick={() => update({ step: 3 })}>
                Next
              </Button>
            </div>
          </header>
          <YamlEditor
            cluster={name}
            text={text}
            onChange={(changed) => update({ text: changed })}
            onProblems={setProblems}
            handle={editor}
          />
        </section>
        <div class="stack">
          {source === 'adopt' && <Notes notes={notes} />}
          <Problems problems={problems} onGo={(p) => p.line && editor.current?.goTo(p.line, p.column ?? 1)} />
        </div>
      </div>
    </>
  );
}

function ChooseFile({ take }: { take: (file: File | undefined) => Promise<void> }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="Stackfile"
        accept=".yml,.yaml,.json,text/plain"
        onChange={(e) => {
          void take(e.currentTarget.files?.[0]);
          // The same file, changed in the meantime, may be chosen again.
          e.currentTarget.value = '';
        }}
      />
      <Button icon="file" onClick={() => input.current!.click()}>
        Choose a file
      </Button>
    </>
  );
}

export function NothingIsDeployed({ cluster }: { cluster: string }) {
  return (
    <Banner tone="good" icon="circle-check" title="Importing doesn't deploy">
      What runs in {cluster} is only read. The first deployment of {cluster} makes ECS match the stackfile.
    </Banner>
  );
}

/** What could not be imported, and what was assumed. */
function Notes({ notes }: { notes: readonly Note[] }) {
  return (
    <section class="panel" aria-label="Notes">
      <header>
        <h2>Notes</h2>
        <span class="small mute">{notes.length ? plural(notes.length, 'note') : 'None'}</span>
      </header>
      {notes.length ? (
        // It scrolls, and must be reached by the keyboard: nothing in it takes the focus.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div class="body notes" role="group" aria-label="By service" tabIndex={0}>
          <p class="small soft">Not representable in a stackfile:</p>
          {byService(notes).map(([service, texts]) => (
            <div key={service}>
              <h3>{service ?? 'The whole cluster'}</h3>
              <ul>
                {texts.map((each) => (
                  <li key={each}>{each}</li>
                ))}
              </ul>
            </div>
          ))}
        </div>
      ) : (
        <p class="hint" style={{ padding: '16px' }}>
          Everything is representable in the stackfile.
        </p>
      )}
    </section>
  );
}
