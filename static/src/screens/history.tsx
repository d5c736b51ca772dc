import { useEffect, useState } from 'preact/hooks';
import { asked, rollback, shortRevision } from '../app/actions';
import { useRead } from '../app/read';
import { go, hindrance } from '../app/state';
import type { Json } from '../lib/model';
import { call, path } from '../lib/rest';
import { readRevisions, type Revision, type RolloutInShort } from '../lib/revisions';
import { clusterRoute } from '../lib/router';
import type { ClusterEntry } from '../lib/store';
import { Badge, VerdictBadge } from '../ui/badge';
import { Button, Link, LinkButton } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { DialogButtons } from '../ui/dialog-buttons';
import { Menu } from '../ui/menu';
import { Empty, ErrorBanner, Failed, Skeleton } from '../ui/states';
import { UserText } from '../ui/text';
import { Ago } from '../ui/time';
import { Comparison } from './comparison';
import { ClusterFrame } from './frame';

/** Who changed what, when and why; any two revisions compared; back to any of them. */
export function HistoryScreen({ entry, from, to }: { entry: ClusterEntry; from: string | null; to: string | null }) {
  const { name } = entry;
  const current = entry.summary.value.revision;
  const [older, setOlder] = useState<Revision[]>([]);
  const [rolled, setRolled] = useState<Revision | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  // Read again when a rollout has ended or failed, too.
  const { rollingOut, failed } = entry.counts.value;
  const reading = useRead<Json>(`history ${name} ${current} ${rollingOut > 0} ${failed}`, (signal) =>
    call(path('clusters', name, 'revisions'), { signal }),
  );
  const page = reading.data && readRevisions(reading.data);
  const more = useRead<Json>(cursor ? `older ${cursor}` : null, (signal) =>
    call(path('clusters', name, 'revisions'), { signal, query: { after: cursor } }),
  );
  useEffect(() => {
    if (more.data)
      setOlder((o) => [
        ...o,
        ...readRevisions(more.data!).revisions.filter((r) => !o.some((known) => known.id === r.id)),
      ]);
  }, [more.data]);
  const revisions = [...(page?.revisions ?? []), ...older];
  const next = more.data ? readRevisions(more.data).next : (page?.next ?? null);
  return (
    <ClusterFrame entry={entry} page="history">
      {reading.error && <Failed error={reading.error} retry={reading.again} />}
      {!page && reading.slow && <Skeleton rows={8} />}
      {page && !revisions.length && (
        <Empty icon="history" title="No history">
          The bucket keeps no versions of {name}.
        </Empty>
      )}
      {to && <Comparison cluster={name} from={from} to={to} revisions={revisions} />}
      {revisions.length > 0 && (
        <section class="panel" aria-label="Revisions, newest first">
          <header>
            <h2>Revisions</h2>
            {page?.note && <span class="small mute">{page.note}</span>}
          </header>
          <ol class="timeline">
            {revisions.map((r, i) => (
              <Entry
                key={r.id}
                entry={entry}
                revision={r}
                before={revisions[i + 1] ?? null}
                current={r.id === current}
                chosen={to === r.id || from === r.id}
                rollBackService={() => setRolled(r)}
              />
            ))}
          </ol>
          {next && (
            <p class="row" style={{ justifyContent: 'center', padding: '12px' }}>
              <Button onClick={() => setCursor(next)}>{more.slow ? 'Reading…' : 'Older revisions'}</Button>
            </p>
          )}
          {more.error && <ErrorBanner error={more.error} retry={more.again} />}
        </section>
      )}
      {rolled && <OneService entry={entry} revision={rolled} onClose={() => setRolled(null)} />}
    </ClusterFrame>
  );
}

function Entry({
  entry,
  revision,
  before,
  current,
  chosen,
  rollBackService,
}: {
  entry: ClusterEntry;
  revision: Revision;
  before: Revision | null;
  current: boolean;
  chosen: boolean;
  rollBackService: () => void;
}) {
  const { name } = entry;
  const compare = (from: string | null, to: string) => go({ screen: 'history', cluster: name, from, to });
  const stored = current ? 'This is the current revision' : revision.deleted ? 'Nothing was stored with it' : null;
  const unchanged = revision.guardsOnly ? 'It changed no service' : null;
  const rollbackWhy = stored ?? unchanged ?? hindrance('POST', '/clusters/{c}/rollback', name);
  return (
    <li data-chosen={chosen}>
      <span class="avatar" aria-hidden="true">
        {(revision.by ?? '?').replace(/^\w+:/, '').slice(0, 1)}
      </span>
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
          <UserText text={revision.by ?? 'external'} /> · <Ago at={revision.at} /> ·{' '}
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
              run: () => back(name, revision.id, null),
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
  if (verdict) return <VerdictBadge ending={verdict.ending} />;
  return percent < 100 ? (
    <Badge tone="busy" icon="progress" spin>
      Rolling out
    </Badge>
  ) : null;
}

/** Asks for a rollback, and shows what comes of it. */
function back(cluster: string, revision: string, service: string | null): void {
  asked.value = { ...rollback(cluster, revision, service), after: () => go({ screen: 'rollout', cluster }) };
}

/** Which service goes back to a revision; those that it changed stand first. */
function OneService({ entry, revision, onClose }: { entry: ClusterEntry; revision: Revision; onClose: () => void }) {
  const names = [...new Set([...revision.services.filter((s) => entry.rows.has(s)), ...entry.names.value])];
  const [service, setService] = useState(names[0] ?? '');
  const next = () => {
    onClose();
    back(entry.name, revision.id, service);
  };
  return (
    <Dialog
      title={`Roll back one service to ${shortRevision(revision.id)}`}
      onClose={onClose}
      onSubmit={next}
      footer={
        <DialogButtons why={service ? null : 'There is no service'} onCancel={onClose}>
          Review
        </DialogButtons>
      }
    >
      <div class="field">
        <label htmlFor="back-service">Service</label>
        <select id="back-service" class="input" value={service} onChange={(e) => setService(e.currentTarget.value)}>
          {names.map((n) => (
            <option key={n}>{n}</option>
          ))}
        </select>
        <p class="hint">All others stay as they are.</p>
      </div>
    </Dialog>
  );
}
