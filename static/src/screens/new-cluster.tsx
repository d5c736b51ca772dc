import { useRef, useState } from 'preact/hooks';
import { drafts, go, heed, hindrance, notify } from '../app/state';
import { check } from '../app/stackfiles';
import type { CodeEditor, Problem } from '../editor/code-editor';
import type { Json } from '../lib/model';
import { type ApiError, asApiError, call, path } from '../lib/rest';
import { clusterRoute } from '../lib/router';
import { Badge } from '../ui/badge';
import { Button } from '../ui/button';
import { Icon, type IconName } from '../ui/icons';
import { ErrorBanner } from '../ui/states';
import { Problems } from '../ui/problems';
import { YamlEditor } from '../ui/yaml-editor';

type Source = 'stackfile' | 'adopt' | 'form';
interface Progress { step: 1 | 2 | 3; name: string; source: Source; text: string }

const NAME = /^[A-Za-z0-9_-]{1,255}$/;
const SOURCES: { source: Source; icon: IconName; label: string; text: string }[] = [
  { source: 'form', icon: 'plus', label: 'Start with one service', text: 'Answer four questions; the stackfile is written for you.' },
  { source: 'stackfile', icon: 'file', label: 'From a stackfile', text: 'Drop a file, or paste its text.' },
  { source: 'adopt', icon: 'layers', label: 'From what runs in ECS', text: 'A stackfile is written from the services of a living cluster.' },
];

function begin(): Progress {
  const draft = drafts.get('new cluster');
  try {
    const kept = draft && (JSON.parse(draft.base) as Omit<Progress, 'text'>);
    if (draft && kept && typeof kept.name === 'string') return { ...kept, text: draft.text };
  } catch {
    // an older draft: start afresh
  }
  return { step: 1, name: '', source: 'form', text: '' };
}

/** Three steps: which cluster, what it runs, and what that comes to. What is typed survives a reload. */
export function NewCluster() {
  const [progress, set] = useState(begin);
  const update = (change: Partial<Progress>) => {
    const next = { ...progress, ...change };
    set(next);
    const { text, ...rest } = next;
    drafts.put({ name: 'new cluster', text, base: JSON.stringify(rest), revision: null, savedAt: Date.now() });
  };
  const labels = ['Cluster', 'Services', 'Review'];
  return (
    <>
      <div class="pagehead">
        <h1>New cluster</h1>
        <ol class="stepper" aria-label="Steps">
          {labels.map((label, i) => <li key={label} aria-current={progress.step === i + 1 ? 'step' : undefined} data-done={progress.step > i + 1}><b>{progress.step > i + 1 ? '✓' : i + 1}</b>{label}</li>)}
        </ol>
      </div>
      {progress.step === 1 && <WhichOne progress={progress} update={update} />}
      {progress.step === 2 && <WhatRuns progress={progress} update={update} />}
      {progress.step === 3 && <LastLook progress={progress} update={update} />}
    </>
  );
}

interface StepProps { progress: Progress; update: (change: Partial<Progress>) => void }

function WhichOne({ progress, update }: StepProps) {
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const adoptWhy = hindrance('POST', '/clusters/{c}/adopt');
  const why = busy ? 'Reading ECS…' : !progress.name ? 'A name is missing' : !NAME.test(progress.name) ? 'Letters, digits, hyphens and underscores only' : progress.source === 'adopt' ? adoptWhy : null;
  const next = async () => {
    if (why) return;
    if (progress.source !== 'adopt') return update({ step: 2 });
    setBusy(true);
    setError(null);
    try {
      const { data } = await call<Json | string>(path('clusters', progress.name, 'adopt'), { method: 'POST', accept: 'application/yaml', query: { dry_run: true } });
      update({ step: 2, text: typeof data === 'string' ? data : JSON.stringify(data.config ?? data.content ?? data, null, 2) });
    } catch (thrown) {
      setError(heed(asApiError(thrown)));
    } finally {
      setBusy(false);
    }
    return undefined;
  };
  return (
    <form class="panel" onSubmit={(e) => { e.preventDefault(); void next(); }}>
      <div class="body stack" style={{ gap: '24px' }}>
        {error && <ErrorBanner error={error} title="ECS could not be read" retry={() => void next()} />}
        <div class="field" style={{ maxWidth: '420px' }}>
          <label htmlFor="cluster-name">Name of the ECS cluster</label>
          <input id="cluster-name" class="input mono" autocomplete="off" spellcheck={false} value={progress.name} aria-invalid={progress.name !== '' && !NAME.test(progress.name)} onInput={(e) => update({ name: e.currentTarget.value.trim() })} />
          <p class="hint">It must exist in ECS already; Nysa takes care of what runs in it.</p>
        </div>
        <fieldset style={{ border: '0', padding: '0', margin: '0' }}>
          <legend class="label" style={{ marginBottom: '8px' }}>Where does its stackfile come from?</legend>
          <div class="choices">
            {SOURCES.map((s) => (
              <button key={s.source} type="button" class="choice" aria-pressed={progress.source === s.source} onClick={() => update({ source: s.source })}>
                <Icon name={s.icon} /><strong>{s.label}</strong><span class="small soft">{s.source === 'adopt' && adoptWhy ? adoptWhy : s.text}</span>
              </button>
            ))}
          </div>
        </fieldset>
        <div class="spread"><span class="small mute">{why}</span><Button type="submit" kind="primary" why={why}>Next</Button></div>
      </div>
    </form>
  );
}

function WhatRuns({ progress, update }: StepProps) {
  return progress.source === 'form' && !progress.text ? <FirstService progress={progress} update={update} /> : <WriteStackfile progress={progress} update={update} />;
}

function FirstService({ update }: StepProps) {
  const [service, setService] = useState({ name: '', image: '', port: '', count: '1' });
  const field = (key: keyof typeof service, label: string, hint: string, placeholder: string) => (
    <div class="field">
      <label htmlFor={`first-${key}`}>{label}</label>
      <input id={`first-${key}`} class="input mono" autocomplete="off" spellcheck={false} placeholder={placeholder} value={service[key]} onInput={(e) => setService({ ...service, [key]: e.currentTarget.value.trim() })} />
      <p class="hint">{hint}</p>
    </div>
  );
  const why = !NAME.test(service.name) ? 'The service needs a name' : !service.image ? 'The image is missing' : !/^\d+$/.test(service.count) ? 'The count must be a whole number' : service.port && !/^\d+(:\d+)?$/.test(service.port) ? 'The port must be a number, or HOST:CONTAINER' : null;
  const write = () => {
    if (why) return;
    const ports = service.port ? `      ports: ["${service.port.includes(':') ? service.port : `${service.port}:${service.port}`}"]\n` : '';
    update({ text: `services:\n  - ${service.name}:\n      image: ${service.image}\n${ports}      desired_count: ${Number(service.count)}\n` });
  };
  return (
    <form class="panel" onSubmit={(e) => { e.preventDefault(); write(); }}>
      <div class="body stack" style={{ gap: '24px' }}>
        <div class="formgrid">
          {field('name', 'Service', 'Letters, digits, hyphens.', 'user-service')}
          {field('image', 'Image', 'With its registry and tag.', '….amazonaws.com/user-service:v1')}
          {field('port', 'Port', 'Empty for a worker that nobody calls.', '8080')}
          {field('count', 'Tasks', 'How many should run.', '1')}
        </div>
        <div class="spread"><Button onClick={() => update({ step: 1 })}>Back</Button><div class="row"><span class="small mute">{why}</span><Button type="submit" kind="primary" why={why}>Write the stackfile</Button></div></div>
      </div>
    </form>
  );
}

function WriteStackfile({ progress, update }: StepProps) {
  const [problems, setProblems] = useState<Problem[] | null>(null);
  const editor = useRef<CodeEditor | null>(null);
  const mistakes = problems?.some((p) => p.severity === 'error');
  const why = !progress.text.trim() ? 'The stackfile is empty' : mistakes ? 'Mend the mistakes first' : problems === null ? 'The server reads the text' : null;
  const drop = async (event: DragEvent) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    const text = await file.text();
    editor.current?.set(text);
    update({ text });
  };
  return (
    <div class="editorgrid">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dropping is a shortcut; pasting does the same */}
      <section class="panel" aria-label="Stackfile" onDragOver={(e) => e.preventDefault()} onDrop={(e) => void drop(e)}>
        <header>
          <span class="small soft">{progress.source === 'adopt' ? `Written from what runs in ${progress.name}` : 'Drop a file here, paste, or type'}</span>
          <div class="row"><Button onClick={() => update(progress.source === 'form' ? { text: '' } : { step: 1 })}>Back</Button><Button kind="primary" why={why} onClick={() => update({ step: 3 })}>Next</Button></div>
        </header>
        <YamlEditor cluster={progress.name} text={progress.text} onChange={(text) => update({ text })} onProblems={setProblems} handle={editor} />
      </section>
      <Problems problems={problems} onGo={(p) => p.line && editor.current?.goTo(p.line, p.column ?? 1)} />
    </div>
  );
}

function LastLook({ progress, update }: StepProps) {
  const [reason, setReason] = useState('');
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const services = [...progress.text.matchAll(/^\s*- (?:"|')?([\w-]+)(?:"|')?:\s*(?:\{|$)/gm)].map((m) => m[1]!);
  const why = hindrance('POST', '/clusters') ?? (busy ? 'Creating…' : !reason.trim() ? 'A reason is missing' : null);
  // What was written down from ECS runs there already: managing it must not roll anything out.
  const adopted = progress.source === 'adopt';
  const create = async () => {
    if (why) return;
    setBusy(true);
    setError(null);
    try {
      const bad = (await check(progress.text, progress.name)).filter((p) => p.severity === 'error');
      if (bad.length) return update({ step: 2 });
      const indented = progress.text.split('\n').map((line) => (line ? `  ${line}` : line)).join('\n');
      await call('/clusters', { method: 'POST', yaml: `name: ${JSON.stringify(progress.name)}\nconfig:\n${indented}\n`, query: { message: reason.trim(), deploy: !adopted } });
      drafts.drop('new cluster');
      notify({ tone: 'good', title: `${progress.name} is managed now`, text: adopted ? 'ECS is left as it is until something is deployed' : reason.trim() });
      go(clusterRoute(progress.name));
    } catch (thrown) {
      setError(heed(asApiError(thrown)));
    } finally {
      setBusy(false);
    }
    return undefined;
  };
  return (
    <form class="panel" onSubmit={(e) => { e.preventDefault(); void create(); }}>
      <header><h2>{progress.name}</h2><span class="row">{services.slice(0, 8).map((s) => <Badge key={s} tone="good" icon="plus">{s}</Badge>)}{services.length > 8 && <span class="mute">and {services.length - 8} more</span>}</span></header>
      <div class="body stack">
        {error && <ErrorBanner error={error} title="It was not created; nothing was changed" />}
        <pre class="difflines" style={{ maxHeight: '360px', overflow: 'auto', margin: '0' }}>{progress.text}</pre>
        <div class="field">
          <label htmlFor="new-reason">Why?</label>
          <textarea id="new-reason" class="input" rows={2} placeholder="Kept with the revision; others will read it" value={reason} onInput={(e) => setReason(e.currentTarget.value)} />
        </div>
        <div class="spread"><Button onClick={() => update({ step: 2 })}>Back</Button><div class="row"><span class="small mute">{why}</span><Button type="submit" kind="primary" icon="rocket" why={why}>{busy ? 'Creating…' : 'Create'}</Button></div></div>
      </div>
    </form>
  );
}
