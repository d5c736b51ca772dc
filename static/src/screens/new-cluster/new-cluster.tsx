import { useRef, useState } from 'preact/hooks';
import { accountParts } from '../../app/accounts';
import { intoList } from '../../app/rows';
import { drafts, heed, hindrance, store } from '../../app/state';
import type { Json } from '../../lib/model';
import {
  asDraft,
  begin,
  chosenOf,
  CLUSTER_NAME,
  DRAFT,
  isChosen,
  origin,
  type Progress,
  readAdoption,
  type Source,
  stated,
  statedLines,
} from '../../lib/new-cluster';
import { placeInWords, placeOf } from '../../lib/place';
import { type ApiError, asApiError, call, path } from '../../lib/rest';
import { Button } from '../../ui/button';
import { Icon, type IconName } from '../../ui/icons';
import { ErrorBanner } from '../../ui/states';
import { EcsClusters } from './ecs-clusters';
import { FirstReview } from './first-review';
import { FirstService, FirstStackfile } from './first-stackfile';

export interface StepProps {
  progress: Progress;
  update: (change: Partial<Progress>) => void;
}

const SOURCES: { source: Source; icon: IconName; label: string; text: string }[] = [
  {
    source: 'form',
    icon: 'plus',
    label: 'Start with one service',
    text: 'Answer four questions; the stackfile is written for you.',
  },
  { source: 'stackfile', icon: 'file', label: 'From a stackfile', text: 'Drop a file, or paste its text.' },
  {
    source: 'adopt',
    icon: 'layers',
    label: 'Import running services',
    text: 'Nysa writes the stackfile; nothing is deployed.',
  },
];
const STEPS = ['Cluster', 'Services', 'Review'];

/** Three steps: which cluster, what it runs, and what that comes to. What is typed survives a reload. */
export function NewCluster() {
  const [progress, set] = useState(() => begin(drafts.get(DRAFT)));
  const latest = useRef(progress);
  const update = (change: Partial<Progress>) => {
    latest.current = { ...latest.current, ...change };
    drafts.put(asDraft(latest.current, Date.now()));
    set(latest.current);
  };
  const { step, source, text } = progress;
  const steps = (
    <ol class="stepper" aria-label="Steps">
      {STEPS.map((label, i) => (
        <li key={label} aria-current={step === i + 1 ? 'step' : undefined} data-done={step > i + 1}>
          <b>{step > i + 1 ? '✓' : i + 1}</b>
          {label}
        </li>
      ))}
    </ol>
  );
  if (step === 3)
    return (
      <>
        {steps}
        <FirstReview progress={progress} update={update} />
      </>
    );
  return (
    <>
      <div class="pagehead">
        <h1>New cluster</h1>
        {steps}
      </div>
      {step === 1 && <WhichOne progress={progress} update={update} />}
      {step === 2 &&
        (source === 'form' && !text ? (
          <FirstService progress={progress} update={update} />
        ) : (
          <FirstStackfile progress={progress} update={update} />
        ))}
    </>
  );
}

function WhichOne({ progress, update }: StepProps) {
  const { name, ecsCluster, place, source } = progress;
  const parts = accountParts.value;
  const account = parts ? progress.account : '';
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  // What was typed filters the list; what was chosen from it does not.
  const [typed, setTyped] = useState('');
  const type = (text: string) => {
    setTyped(text);
    update({ name: text, ecsCluster: null, place: placeOf(account) });
  };
  const choose = (key: string) =>
    update({ account: key, place: placeOf(key), ecsCluster: null, ...(ecsCluster ? { name: '' } : {}) });
  const adoptWhy = hindrance('POST', '/clusters/{c}/adopt');
  const why = busy
    ? 'Reading ECS…'
    : !name
      ? 'Enter a name'
      : !CLUSTER_NAME.test(name)
        ? 'Letters, digits, hyphens and underscores only'
        : store.names.value.includes(name)
          ? `${name} is managed already`
          : source === 'adopt'
            ? adoptWhy
            : null;
  const next = async () => {
    if (why) return;
    const from = origin(progress);
    // A return to this step without a change keeps the text.
    if (from === progress.from) return update({ step: 2 });
    if (source !== 'adopt')
      return update({ step: 2, from, text: source === 'form' ? '' : statedLines(progress), notes: [] });
    setBusy(true);
    setError(null);
    try {
      const query = { dry_run: true, ...stated(progress) };
      const { data } = await call<Json>(path('clusters', name, 'adopt'), { method: 'POST', query });
      update({ step: 2, from, ...readAdoption(data) });
    } catch (thrown) {
      setError(heed(asApiError(thrown)));
      setBusy(false);
    }
    return undefined;
  };
  return (
    <form
      class="panel"
      onSubmit={(e) => {
        e.preventDefault();
        void next();
      }}
    >
      <div class="body stack" style={{ gap: '24px' }}>
        {error && <ErrorBanner error={error} title="ECS could not be read" retry={() => void next()} />}
        {parts && <parts.AccountField value={account} onChoose={choose} />}
        <div class="field" style={{ maxWidth: '560px' }}>
          <label htmlFor="cluster-name">Name of the ECS cluster</label>
          <input
            id="cluster-name"
            class="input mono"
            autocomplete="off"
            spellcheck={false}
            value={ecsCluster?.name ?? name}
            aria-invalid={!ecsCluster && name !== '' && !CLUSTER_NAME.test(name)}
            onInput={(e) => type(e.currentTarget.value.trim())}
            onKeyDown={intoList}
          />
          <p class="hint">
            Pick an existing ECS cluster. <kbd>↓</kbd> to browse.
          </p>
          <EcsClusters
            key={account}
            account={account}
            typed={typed}
            isChosen={(each) => isChosen(each, progress)}
            onChoose={(each) => update(chosenOf(each, account))}
          />
        </div>
        {ecsCluster && (
          <div class="field" style={{ maxWidth: '560px' }}>
            <label htmlFor="own-name">Name in Nysa</label>
            <input
              id="own-name"
              class="input mono"
              autocomplete="off"
              spellcheck={false}
              value={name}
              aria-invalid={name !== '' && !CLUSTER_NAME.test(name)}
              onInput={(e) => update({ name: e.currentTarget.value.trim() })}
            />
            <p class="hint">
              The name {ecsCluster.name} is in use, or belongs to another account. This one must belong to the account{' '}
              {placeInWords(place)}.
            </p>
          </div>
        )}
        <fieldset style={{ border: '0', padding: '0', margin: '0' }}>
          <legend class="label" style={{ marginBottom: '8px' }}>
            Where does its stackfile come from?
          </legend>
          <div class="choices">
            {SOURCES.map((s) => (
              <button
                key={s.source}
                type="button"
                class="choice"
                aria-pressed={source === s.source}
                onClick={() => update({ source: s.source })}
              >
                <Icon name={s.icon} />
                <strong>{s.label}</strong>
                <span class="small soft">{s.source === 'adopt' && adoptWhy ? adoptWhy : s.text}</span>
              </button>
            ))}
          </div>
        </fieldset>
        <div class="spread">
          <span class="small mute">{why}</span>
          <Button type="submit" kind="primary" why={why}>
            Next
          </Button>
        </div>
      </div>
    </form>
  );
}
