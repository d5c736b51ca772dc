import { useMemo, useState } from 'preact/hooks';
import { shortRevision } from '../app/actions';
import { missingOverride, Overriding, type Override } from '../app/override';
import { announceProposal } from '../app/proposals';
import { drafts, go, hindrance, imageThatRuns, notify } from '../app/state';
import { readPlan, withRunningImages } from '../lib/changes';
import type { Draft } from '../lib/drafts';
import type { Freeze, Json } from '../lib/model';
import { call, path } from '../lib/rest';
import { proposalRoute } from '../lib/router';
import type { ClusterEntry } from '../lib/store';
import { Link, LinkButton } from '../ui/button';
import { Banner, Empty } from '../ui/states';
import { PlanReview } from './plan-review';

/** What applying a draft would do; then why, and the button. */
export function ReviewScreen({ entry }: { entry: ClusterEntry }) {
  const draft = useMemo(() => drafts.get(entry.name), [entry.name]);
  if (!draft || draft.text === draft.base) {
    return (
      <Empty
        page
        icon="file"
        title="Nothing to review"
        actions={
          <LinkButton kind="primary" icon="edit" to={{ screen: 'stackfile', cluster: entry.name, revision: null }}>
            Edit the stackfile
          </LinkButton>
        }
      >
        There is no draft for {entry.name} in this browser.
      </Empty>
    );
  }
  const overtaken =
    entry.summary.value.revision !== null && draft.revision !== null && entry.summary.value.revision !== draft.revision;
  return (
    <Review
      draft={draft}
      cluster={entry.name}
      freeze={entry.summary.value.frozen}
      overtaken={overtaken ? (entry.summary.value.by ?? 'Another program') : null}
    />
  );
}

function Review({
  draft,
  cluster,
  freeze,
  overtaken,
}: {
  draft: Draft;
  cluster: string;
  freeze: Freeze | null;
  overtaken: string | null;
}) {
  const [override, setOverride] = useState<Override>(null);
  const [prune, setPrune] = useState(false);
  const editor = { screen: 'stackfile', cluster, revision: null } as const;
  const put = (query: Record<string, string | boolean | null>, signal?: AbortSignal) =>
    call<Json>(path('clusters', cluster, 'config'), {
      method: 'PUT',
      yaml: draft.text,
      ifMatch: draft.revision,
      query: { ...query, prune: prune || null },
      ...(signal ? { signal } : {}),
    });
  return (
    <PlanReview
      title={`Review the draft for ${cluster}`}
      about={
        <span>
          Compared with <span class="revision">{shortRevision(draft.revision)}</span>
        </span>
      }
      back={{ label: 'Back to the editor', run: () => go(editor) }}
      texts={{ before: draft.base, after: draft.text, label: 'The stored stackfile against the draft' }}
      planned={`plan ${draft.revision} ${prune}`}
      plan={async (signal) => {
        const answer = await put({ dry_run: true }, signal);
        return { ...answer, data: withRunningImages(readPlan(answer.data), imageThatRuns(cluster)) };
      }}
      prune={{ chosen: prune, choose: setPrune }}
      why={
        overtaken
          ? `${overtaken} changed the cluster: merge first`
          : (hindrance('PUT', '/clusters/{c}/config', cluster) ?? missingOverride(freeze, override))
      }
      verb="Apply"
      apply={async (reason, plan) => {
        const { data } = await put({ message: reason, plan: plan.id, override: freeze && override });
        drafts.drop(cluster);
        const proposal = announceProposal(data, `the draft for ${cluster}`);
        if (proposal) {
          go(proposalRoute(cluster, proposal.id));
          return;
        }
        notify({ tone: 'good', title: `${cluster} is being deployed`, text: reason });
        go({ screen: 'rollout', cluster });
      }}
    >
      {overtaken && (
        <Banner
          tone="warn"
          icon="alert"
          title={`${overtaken} changed ${cluster} after this draft was begun`}
          actions={<Link to={editor}>See both and merge</Link>}
        >
          Nothing can be lost: the draft is refused until it is merged.
        </Banner>
      )}
      {freeze && <Overriding cluster={cluster} freeze={freeze} override={override} onChange={setOverride} />}
    </PlanReview>
  );
}
