import { asked, restore } from '../app/actions';
import { useRead } from '../app/read';
import { hindrance } from '../app/state';
import type { Json } from '../lib/model';
import { call, path } from '../lib/rest';
import { readRevisions } from '../lib/revisions';
import { fleetRoute } from '../lib/router';
import { Button, LinkButton } from '../ui/button';
import { Empty, Failed, Skeleton } from '../ui/states';
import { UserText } from '../ui/text';
import { Ago } from '../ui/time';

const RESTORE = '/clusters/{c}/restore';

const allClusters = <LinkButton to={fleetRoute()}>All clusters</LinkButton>;

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
      <Empty
        page
        icon="question"
        title={`No cluster is called ${name}`}
        actions={
          <>
            <LinkButton icon="plus" to={{ screen: 'new' }}>
              New cluster
            </LinkButton>
            {allClusters}
          </>
        }
      >
        Check the name, or start managing it.
      </Empty>
    );
  // Stored, and not published yet: the cluster's own page replaces this one as soon as the live channel has it.
  if (!last.removed)
    return (
      <Empty page icon="progress" title={`${name} is not here yet`} actions={allClusters}>
        {last.by ?? 'Another program'} stored it <Ago at={last.at} />; it shows as soon as the live channel publishes
        it.
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
