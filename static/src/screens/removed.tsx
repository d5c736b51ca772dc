import { asked, restore } from '../app/actions';
import { useRead } from '../app/read';
import { go, hindrance } from '../app/state';
import type { Json } from '../lib/model';
import { call } from '../lib/rest';
import { clusterRoute, fleetRoute } from '../lib/router';
import { instant } from '../lib/time';
import { Avatar } from '../ui/avatar';
import { Button, Link, LinkButton } from '../ui/button';
import { Empty, Failed, Skeleton } from '../ui/states';
import { UserText } from '../ui/text';
import { Ago } from '../ui/time';

const RESTORE = '/clusters/{c}/restore';

/** The clusters that were removed, each with the way back. */
export function RemovedScreen() {
  const reading = useRead<Json>('removed', (signal) => call('/clusters', { signal, query: { removed: true } }));
  const removed = (reading.data?.removed ?? null) as Json[] | null;
  return (
    <>
      <div class="pagehead">
        <div>
          <h1>Removed clusters</h1>
          <p class="about">Clusters Nysa no longer manages.</p>
        </div>
      </div>
      {reading.error && <Failed error={reading.error} retry={reading.again} />}
      {!removed && reading.slow && <Skeleton />}
      {removed && !removed.length && (
        <Empty
          icon="layers"
          title="No removed clusters"
          actions={<LinkButton to={fleetRoute()}>All clusters</LinkButton>}
        >
          A cluster that is no longer managed appears here.
        </Empty>
      )}
      {removed && removed.length > 0 && (
        <section class="panel" aria-label="Removed clusters">
          <ul class="records">
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
      <Avatar name={typeof removed.by === 'string' ? removed.by : null} />
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
