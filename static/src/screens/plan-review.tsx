/** Where every change of a whole stackfile ends: what it would do, why it is made, and the button. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useKeys } from '../app/keyboard';
import { type Once, useOnce } from '../app/once';
import { type Reading, useRead } from '../app/read';
import { connection } from '../app/state';
import { needsApproval, type Plan, type PlannedService, plural, summary } from '../lib/changes';
import type { Answer } from '../lib/rest';
import { duration } from '../lib/time';
import { Button } from '../ui/button';
import { ChangeTabs, type ChangeView } from '../ui/change-tabs';
import { PlannedServices } from '../ui/fields';
import { Findings } from '../ui/findings';
import { Icon } from '../ui/icons';
import { SideEffects } from '../ui/side-effects';
import { Banner, ErrorBanner, Skeleton } from '../ui/states';
import { TextCompare } from '../ui/text-compare';

interface Props {
  /** The heading until the plan is there. */
  title: string;
  about: ComponentChildren;
  back: { label: string; run: () => void };
  texts: { before: string; after: string; label: string };
  /** Names what is planned: another key, another plan. */
  planned: string;
  plan: (signal: AbortSignal) => Promise<Answer<Plan>>;
  /** Shown instead of the changes of the desired state. */
  show?: (plan: Plan) => {
    summary: string;
    services: readonly PlannedService[];
    labels?: [string, string];
    none: string;
  };
  /** Whether services that the stackfile leaves out are destroyed; without it that is no question. */
  prune?: { chosen: boolean; choose: (prune: boolean) => void };
  /** Why it cannot be applied now, whatever the plan is. */
  why: string | null;
  verb: string;
  apply: (reason: string, plan: Plan) => Promise<void>;
  children?: ComponentChildren;
}

export function PlanReview(props: Props) {
  const { about, back, children } = props;
  const once = useOnce();
  const { error } = once;
  const reading = useRead(props.planned, props.plan);
  const plan = reading.data;
  return (
    <>
      <div class="pagehead">
        <div>
          <h1>{plan ? (props.show?.(plan).summary ?? summary(plan.services)) : props.title}</h1>
          <p class="about">
            {about}
            {plan && <Effort plan={plan} />}
          </p>
        </div>
        <div class="row">
          <Button icon="edit" onClick={back.run}>
            {back.label}
          </Button>
        </div>
      </div>
      {children}
      {plan && <Waves waves={plan.waves} />}
      {error && (
        <ErrorBanner
          error={error}
          title={
            error.status === 412
              ? 'The cluster changed while you were reviewing; nothing was applied'
              : `Couldn't apply; nothing was changed`
          }
          retry={() => {
            once.reset();
            reading.again();
          }}
        />
      )}
      {reading.error && <ErrorBanner error={reading.error} title="Couldn't plan this change" retry={reading.again} />}
      {connection.value !== 'live' && (
        <Banner tone="warn" icon="alert" title="Offline">
          Can't apply until reconnected.
        </Banner>
      )}
      <Changes {...props} reading={reading} />
      <Apply {...props} reading={reading} once={once} />
    </>
  );
}

/** The order of the rollouts, where it has more than one wave. */
function Waves({ waves }: { waves: readonly string[][] }) {
  if (waves.length < 2) return null;
  return (
    <ol class="small waves" aria-label="Waves">
      {waves.map((names) => (
        <li key={names.join()}>{names.join(', ')}</li>
      ))}
    </ol>
  );
}

function Effort({ plan }: { plan: Plan }) {
  const seconds = plan.estimateSeconds ?? 0;
  return (
    <>
      {plan.steps.length > 0 && <span>· {plural(plan.steps.length, 'AWS change')}</span>}
      {seconds >= 1 && <span>· about {duration(seconds * 1000)}</span>}
    </>
  );
}

type Part = Props & { reading: Reading<Plan> };

function Changes({ reading, texts, show, prune }: Part) {
  const [view, setView] = useState<ChangeView>('fields');
  useKeys([
    { keys: '[', label: 'Changes by service', group: 'Review', run: () => setView('fields') },
    { keys: ']', label: 'Changes as text', group: 'Review', run: () => setView('text') },
  ]);
  return (
    <section class="stack" aria-label="Changes">
      <ChangeTabs view={view} onChange={setView}>
        {view === 'text' && <TextCompare {...texts} />}
        {view === 'fields' && reading.slow && !reading.data && <Skeleton rows={5} />}
        {view === 'fields' && reading.data && <ByService plan={reading.data} show={show} prune={prune} />}
      </ChangeTabs>
    </section>
  );
}

function ByService({ plan, show, prune }: { plan: Plan; show: Props['show']; prune: Props['prune'] }) {
  const { services, labels, none } = show?.(plan) ?? {
    services: plan.services,
    labels: undefined,
    none: 'No differences.',
  };
  return (
    <>
      {services.some((s) => s.action !== 'nothing') ? (
        <PlannedServices services={services} running={!show} {...(labels ? { labels } : {})} />
      ) : (
        <p class="panel hint" style={{ padding: '16px' }}>
          {none}
        </p>
      )}
      <Findings findings={plan.findings} notChecked={plan.notChecked} />
      <SideEffects also={plan.also} />
      {plan.notes.map((n, i) => (
        <Banner key={i} tone="warn" icon="alert" title={n.message} />
      ))}
      {plan.unmanaged.length > 0 && (
        <Banner
          tone="mute"
          icon="question"
          title={`${plural(plan.unmanaged.length, 'service')} will keep running unmanaged`}
        >
          <p>{plan.unmanaged.join(', ')}</p>
          {prune && (
            <label class="row">
              <input type="checkbox" checked={prune.chosen} onChange={(e) => prune.choose(e.currentTarget.checked)} />{' '}
              Delete them from ECS
            </label>
          )}
        </Banner>
      )}
      {plan.steps.length > 0 && (
        <details class="panel planned">
          <summary>
            <Icon name="right" />
            <strong>{plural(plan.steps.length, 'AWS change')}</strong>
          </summary>
          <ol class="steps" style={{ padding: '6px 16px' }}>
            {plan.steps.map((s, i) => (
              <li key={i}>{s.text}</li>
            ))}
          </ol>
        </details>
      )}
    </>
  );
}

function Apply({ reading, why, verb, apply, once: { busy, run } }: Part & { once: Once }) {
  const [reason, setReason] = useState('');
  const missing =
    why ??
    (reading.error
      ? 'No plan'
      : !reading.data
        ? 'Planning…'
        : busy
          ? 'Working…'
          : !reason.trim()
            ? 'Enter a reason'
            : null);
  const submit = () => {
    if (!missing) void run(() => apply(reason.trim(), reading.data!));
  };
  useKeys([{ keys: 'mod+enter', label: verb, group: 'Review', always: true, run: submit }]);
  return (
    <section class="panel" aria-label={verb}>
      <div class="body stack">
        <div class="field">
          <label htmlFor="review-reason">Reason</label>
          <textarea
            id="review-reason"
            class="input"
            rows={2}
            placeholder="Shown in history and chat, e.g. “Fix VAT rounding”"
            value={reason}
            onInput={(e) => setReason(e.currentTarget.value)}
          />
        </div>
        <div class="spread">
          <span class="small mute">{missing ?? 'Ctrl Enter'}</span>
          <Button kind="primary" icon="rocket" why={missing} onClick={submit}>
            {busy ? 'Working…' : needsApproval(reading.data) ? 'Propose' : verb}
          </Button>
        </div>
      </div>
    </section>
  );
}
