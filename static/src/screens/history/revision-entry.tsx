import { shortRevision } from '../../app/actions';
import { go, hindrance } from '../../app/state';
import { type Dot, dotOf, type Revision, type RolloutInShort } from '../../lib/revisions';
import { clusterRoute } from '../../lib/router';
import type { ClusterEntry } from '../../lib/store';
import { duration } from '../../lib/time';
import { Avatar } from '../../ui/avatar';
import { Badge, VerdictBadge } from '../../ui/badge';
import { Button, Link, LinkButton } from '../../ui/button';
import { Icon, type IconName } from '../../ui/icons';
import { Menu } from '../../ui/menu';
import { UserText } from '../../ui/text';
import { Ago, TimeOfDay } from '../../ui/time';
import { askRollback } from './ask-rollback';

const DOT_ICONS: Record<Dot, IconName> = {
  failed: 'cross',
  back: 'undo',
  rolling: 'progress',
  removed: 'trash',
  none: 'hold',
  deployed: 'up-arrow',
};

const DOT_WORDS: Record<Dot, string> = {
  failed: 'Failed',
  back: 'Rolled back',
  rolling: 'Rolling out',
  removed: 'Removed',
  none: 'Changed no service',
  deployed: 'Deployed',
};

/** One revision on the line: its dot, what changed, why, by whom, how it ended, and what can be done with it. */
export function RevisionEntry({
  entry,
  revision,
  before,
  current,
  shown,
  ticked,
  tick,
  rollBackService,
}: {
  entry: ClusterEntry;
  revision: Revision;
  before: Revision | null;
  current: boolean;
  /** Whether it is one of the two that are compared. */
  shown: boolean;
  ticked: boolean;
  tick: () => void;
  rollBackService: () => void;
}) {
  const { name } = entry;
  const dot = dotOf(revision);
  const verdict = revision.rollout?.verdict;
  const took =
    verdict?.ending === 'succeeded' && verdict.at !== null && revision.at !== null ? verdict.at - revision.at : null;
  const compare = (from: string | null, to: string) => go({ screen: 'history', cluster: name, from, to });
  const stored = current ? 'This is the current revision' : revision.deleted ? 'Nothing was stored with it' : null;
  const unchanged = revision.guardsOnly ? 'It changed no service' : null;
  const rollbackWhy = stored ?? unchanged ?? hindrance('POST', '/clusters/{c}/rollback', name);
  return (
    <li data-chosen={shown || ticked}>
      <span class="when">{revision.at !== null && <TimeOfDay at={revision.at} />}</span>
      <span class="dot" data-dot={dot} title={DOT_WORDS[dot]}>
        <Icon name={DOT_ICONS[dot]} />
      </span>
      <input
        type="checkbox"
        checked={ticked}
        onChange={tick}
        aria-label={`Select revision ${shortRevision(revision.id)}`}
      />
      <div class="change">
        <div class="row">
          <strong>
            <UserText
              text={revision.message ?? revision.summary ?? (revision.by ? 'No reason given' : 'Changed outside Nysa')}
            />
          </strong>
          {current && (
            <Badge tone="mute" icon="file">
              Current
            </Badge>
          )}
          {revision.rollout && <Outcome of={revision.rollout} />}
          {took !== null && <span class="small mute">in {duration(took)}</span>}
          {revision.rollback && (
            <Badge tone="warn" icon="undo">
              Rollback of {revision.rollback.service ?? 'all'} to {shortRevision(revision.rollback.to)}
            </Badge>
          )}
        </div>
        {revision.message && revision.summary && <span class="small soft">{revision.summary}</span>}
        {revision.rollout?.verdict?.failed && (
          <span class="small failure" data-tone="bad">
            {revision.rollout.verdict.reason}
            {revision.rollout.failed.flatMap((service) => [
              ' ',
              <Link key={service} to={clusterRoute(name, service)}>
                {service}
              </Link>,
            ])}
          </span>
        )}
        <span class="small mute">
          <Avatar name={revision.by} /> <UserText text={revision.by ?? 'external'} /> · <Ago at={revision.at} /> ·{' '}
          <span class="revision">{shortRevision(revision.id)}</span>
        </span>
      </div>
      <div class="row">
        <ChangesLink
          cluster={name}
          revision={revision}
          before={before}
          why={unchanged ?? (before ? null : 'No earlier revision loaded')}
        />
        <Menu
          label={`Actions for revision ${shortRevision(revision.id)}`}
          items={[
            {
              label: 'Compare with current',
              icon: 'drift',
              run: () => compare(revision.id, entry.summary.peek().revision ?? revision.id),
              why: stored,
            },
            {
              label: 'Edit from this revision',
              icon: 'edit',
              run: () => go({ screen: 'stackfile', cluster: name, revision: revision.id }),
              why: revision.deleted ? stored : null,
            },
            {
              label: 'Roll back to this revision',
              icon: 'undo',
              run: () => askRollback(name, revision.id, null),
              why: rollbackWhy,
            },
            { label: 'Roll back one service…', icon: 'undo', run: rollBackService, why: rollbackWhy },
          ]}
        />
      </div>
    </li>
  );
}

/** To what it changed: a link, unless there is nothing to show. */
function ChangesLink({
  cluster,
  revision,
  before,
  why,
}: {
  cluster: string;
  revision: Revision;
  before: Revision | null;
  why: string | null;
}) {
  if (why || !before) return <Button why={why}>Changes</Button>;
  return <LinkButton to={{ screen: 'history', cluster, from: before.id, to: revision.id }}>Changes</LinkButton>;
}

/** How its rollout ended, or how far it is; one that changed no service has nothing to tell. */
function Outcome({ of: { percent, verdict } }: { of: RolloutInShort }) {
  if (verdict) return <VerdictBadge verdict={verdict} />;
  return percent < 100 ? (
    <Badge tone="busy" icon="progress" spin>
      Rolling out
    </Badge>
  ) : null;
}
