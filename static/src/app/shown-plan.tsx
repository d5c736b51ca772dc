import { type Plan, plural, summary } from '../lib/changes';
import { duration } from '../lib/time';
import { PlannedServices } from '../ui/fields';
import { Findings } from '../ui/findings';
import type { ApiError } from '../lib/rest';
import { SideEffects } from '../ui/side-effects';
import { Banner, ErrorBanner, Skeleton } from '../ui/states';
import { useSlow } from './read';

/** Up to that many AWS changes are in sight at once. */
const FEW_STEPS = 3;

/** Beyond that many, services show their names first. */
const MANY_FIELDS = 24;

/** What a plan would do: service by service, then in AWS. */
export function ShownPlan({ plan, failed, frozen }: { plan: Plan | null; failed: boolean; frozen: boolean }) {
  const slow = useSlow(!plan && !failed);
  if (!plan) return slow ? <Skeleton rows={3} /> : null;
  const notes = plan.notes.filter((n) => !(frozen && n.code === 'frozen'));
  const changed = plan.services.some((s) => s.action !== 'nothing');
  const fields = plan.services.reduce((sum, s) => sum + s.fields.length, 0);
  return (
    <div class="stack">
      <h3>
        {changed || !plan.steps.length ? summary(plan.services) : 'The desired state stays as it is'}
        {plan.estimateSeconds !== null && plan.estimateSeconds >= 1 && (
          <span class="mute"> · about {duration(plan.estimateSeconds * 1000)}</span>
        )}
      </h3>
      {changed && <PlannedServices services={plan.services} running open={fields > MANY_FIELDS ? 0 : 4} />}
      <Findings findings={plan.findings} notChecked={plan.notChecked} />
      <SideEffects also={plan.also} />
      {plan.steps.length > 0 && (
        <details open={plan.steps.length <= FEW_STEPS}>
          <summary>{plural(plan.steps.length, 'AWS change')}</summary>
          <ol class="steps">
            {plan.steps.map((s, i) => (
              <li key={i}>{s.text}</li>
            ))}
          </ol>
        </details>
      )}
      {notes.map((n, i) => (
        <Banner key={i} tone="warn" icon="alert" title={n.message} />
      ))}
      {plan.quarantined.length > 0 && (
        <Banner tone="mute" icon="info" title={`${plural(plan.quarantined.length, 'image')} will be blocked`}>
          Deploys of it are refused until someone unblocks it.
          <ul>
            {plan.quarantined.map((q) => (
              <li key={q.service}>
                <code>{q.image}</code> for {q.service}
              </li>
            ))}
          </ul>
        </Banner>
      )}
    </div>
  );
}

/** Why a change was not made: a refusal, a failure, or another revision in the meantime. */
export function ChangeErrors({
  verb,
  error,
  moved,
  again,
}: {
  verb: string;
  error: ApiError | null;
  moved: boolean;
  again: () => void;
}) {
  return (
    <>
      {error && (
        <ErrorBanner error={error} title={error.status === 409 ? 'Refused' : `Couldn't plan: ${verb}`} retry={again} />
      )}
      {moved && (
        <Banner tone="warn" icon="edit" title="The cluster changed while you were reviewing">
          This is the new plan — confirm again.
        </Banner>
      )}
    </>
  );
}
