import { drafts, go, hindrance, notify, store } from '../../app/state';
import { readPlan, withoutMarks } from '../../lib/changes';
import type { Json } from '../../lib/model';
import { creation, DRAFT } from '../../lib/new-cluster';
import { placeInWords } from '../../lib/place';
import { call, path } from '../../lib/rest';
import { clusterRoute } from '../../lib/router';
import { NothingIsDeployed } from './first-stackfile';
import type { StepProps } from './new-cluster';
import { PlanReview } from '../plan-review';

/** The last step of a new cluster: what its first desired state comes to, why, and the button. */
export function FirstReview({ progress, update }: StepProps) {
  const { name, place, source, text } = progress;
  const where = place.account ? ` in the account ${placeInWords(place)}` : '';
  // An imported service runs already: managing it must not roll anything out.
  const adopts = source === 'adopt';
  const post = (query: Record<string, string | boolean>, signal?: AbortSignal) =>
    call<Json>('/clusters', {
      method: 'POST',
      yaml: creation(name, text),
      query: { ...query, deploy: !adopts },
      ...(signal ? { signal } : {}),
    });
  return (
    <PlanReview
      title={`Review ${name}`}
      about={
        <span>
          {adopts ? (
            <>
              What a first deployment of <strong>{name}</strong>
              {where} would change
            </>
          ) : (
            <>
              The first desired state of <strong>{name}</strong>
              {where}
            </>
          )}
        </span>
      }
      back={{ label: 'Back to the stackfile', run: () => update({ step: 2 }) }}
      texts={{ before: '', after: text, label: 'The first stackfile' }}
      planned={`first ${name}`}
      plan={async (signal) => {
        const answer = await post({ dry_run: true }, signal);
        return { ...answer, data: readPlan(answer.data) };
      }}
      {...(adopts
        ? {
            show: (plan) => ({
              summary: `Adopt ${name}`,
              services: withoutMarks(plan.ecs ?? plan.services),
              labels: ['Running now', 'Stackfile'] as [string, string],
              none: 'The stackfile matches what runs: a first deployment would change nothing but its tags.',
            }),
          }
        : {})}
      why={hindrance('POST', '/clusters')}
      verb={adopts ? 'Adopt' : 'Create'}
      apply={async (reason) => {
        await post({ message: reason });
        drafts.drop(DRAFT);
        notify({
          tone: 'good',
          title: `${name} is managed now`,
          text: adopts ? 'Nothing was deployed.' : reason,
        });
        // The live channel publishes it too, a moment later.
        await call<Json>(path('clusters', name)).then(
          ({ data }) => store.snapshot(name, data),
          () => undefined,
        );
        go(adopts ? clusterRoute(name) : { screen: 'rollout', cluster: name });
      }}
    >
      {adopts && <NothingIsDeployed cluster={name} />}
    </PlanReview>
  );
}
