import { asked, restore } from '../app/actions';
import { useRead } from '../app/read';
import { go, hindrance } from '../app/state';
import type { Json } from '../lib/model';
import { call, path } from '../lib/rest';
import { readRevisions } from '../lib/revisions';
import { clusterRoute } from '../lib/router';
import { instant } from '../lib/time';
import { Button, Link, LinkButton } from '../ui/button';
import { Empty, Failed, Skeleton } from '../ui/states';
import { UserText } from '../ui/text';
import { Ago } from '../ui/time';

const RESTORE = '/clusters/{c}/restore';

const allClusters = <LinkButton to={{ screen: 'fleet', filter: '' }}>All clusters</LinkButton>;

/** The page of a cluster that is not there: who removed it, and the way back; that it is on its way; or that there was never one. */
export function Gone({ name }: { name: string }) {
  const reading = useRead<Json>(`gone ${name}`, (signal) =>
    call(path('clusters', name, 'revisions'), { signal, query: { limit: 3 } }),
  );
  const last = reading.data && readRevisions(reading.data).revisions[0];
  if (reading.error && reading.error.status !== 404) return <Failed error={reading.error} retry={reading.again} />;
  if (!reading.data && !reading.error) return reading.slow ? <Skeleton /> : null;
  if (!last)
    return (
      <Empty page icon="question" title={`No cluster is called ${name}`} actions={allClusters}>
        It may have another name, or nobody took it under management yet.
      </Empty>
    );
  // Stored, and told to nobody yet: this page gives way to the cluster's own as soon as the live channel has it.
  if (!last.removed)
    return (
      <Empty page icon="progress" title={`${name} is not here yet`} actions={allClusters}>
        {last.by ?? 'Another program'} stored it <Ago at={last.at} />; it shows as soon as the live channel tells of it.
      </Empty>
    );
  return (
    <Empty
      page
      icon="trash"
      title={`${name} is no longer managed`}
      actions={
        <>
          <Button
            kind="primary"
            icon="undo"
            why={hindrance('POST', RESTORE)}
            onClick={() => (asked.value = restore(name))}
          >
            Restore
          </Button>
          {allClusters}
        </>
      }
    >
      {last.by ?? 'Another program'} removed it <Ago at={last.at} />
      {last.message ? (
        <>
          : <UserText text={last.message} quoted />.
        </>
      ) : (
        '; no reason was given.'
      )}{' '}
      What runs in ECS was left alone, and the history is kept.
    </Empty>
  );
}

/** The clusters that were removed: whoever looks for one finds it here. */
export function RemovedScreen() {
  const reading = useRead<Json>('removed', (signal) => call('/clusters', { signal, query: { removed: true } }));
  const removed = (reading.data?.removed ?? null) as Json[] | null;
  return (
    <>
      <div class="pagehead">
        <div>
          <h1>Removed clusters</h1>
          <p class="about">Nobody manages them now. Each can be restored, history and all.</p>
        </div>
      </div>
      {reading.error && <Failed error={reading.error} retry={reading.again} />}
      {!removed && reading.slow && <Skeleton />}
      {removed && !removed.length && (
        <Empty icon="layers" title="None was removed" actions={allClusters}>
          A cluster that is no longer managed will stand here.
        </Empty>
      )}
      {removed && removed.length > 0 && (
        <section class="panel" aria-label="Removed clusters">
          <ul class="timeline">
            {removed.map((each) => (
              <Row key={String(each.name)} name={String(each.name)} removed={each} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Row({ name, removed }: { name: string; removed: Json }) {
  return (
    <li>
      <span class="avatar" aria-hidden="true">
        {String(removed.by ?? '?')
          .replace(/^\w+:/, '')
          .slice(0, 1)}
      </span>
      <div class="change">
        <Link to={clusterRoute(name)} class="name-link" data-row={name}>
          {name}
        </Link>
        <span class="small soft">
          {removed.message ? <UserText text={String(removed.message)} quoted /> : 'No reason given'}
        </span>
        <span class="small mute">
          <UserText text={String(removed.by ?? 'Another program')} /> · <Ago at={instant(removed.removed_at)} />
        </span>
      </div>
      <Button
        icon="undo"
        why={hindrance('POST', RESTORE)}
        onClick={() => (asked.value = { ...restore(name), after: () => go(clusterRoute(name)) })}
      >
        Restore
      </Button>
    </li>
  );
}
