import { useEffect } from 'preact/hooks';
import { ClusterScreen } from '../screens/cluster';
import { AuditScreen } from '../screens/audit';
import { Fleet } from '../screens/fleet';
import { Gone, RemovedScreen } from '../screens/gone';
import { HistoryScreen } from '../screens/history';
import { NewCluster } from '../screens/new-cluster';
import { ReviewScreen } from '../screens/review';
import { RolloutScreen } from '../screens/rollout';
import { StackfileScreen } from '../screens/stackfile';
import type { ClusterEntry } from '../lib/store';
import { LinkButton } from '../ui/button';
import { Empty, Skeleton } from '../ui/states';
import { Confirm } from './confirm';
import { KeyHelp } from './key-help';
import { useKeys } from './keyboard';
import { Notices } from './notices';
import { Palette } from './palette';
import { useSlow } from './read';
import { SignIn } from './sign-in';
import { go, route, store } from './state';
import { helpOpen, NAMES, paletteOpen, TopBar } from './topbar';

export function Page() {
  const at = route.value;
  useKeys([
    { keys: 'mod+k', says: 'Search and commands', group: 'Go to', always: true, run: () => (paletteOpen.value = true) },
    { keys: 'g c', says: 'Clusters', group: 'Go to', run: () => go({ screen: 'fleet', filter: '' }) },
    { keys: '?', says: 'These keys', group: 'Go to', run: () => (helpOpen.value = true) },
  ]);
  useEffect(() => {
    const parts = [
      at.screen === 'cluster' ? at.service : NAMES[at.screen],
      'cluster' in at ? at.cluster : null,
      'Nysa',
    ];
    document.title = parts.filter(Boolean).join(' · ');
  }, [at]);
  return (
    <div class="app" data-drawer={at.screen === 'cluster' && Boolean(at.service)}>
      <a
        class="skip button"
        href="#content"
        onClick={(e) => {
          e.preventDefault();
          document.querySelector('main')?.focus();
        }}
      >
        To the content
      </a>
      <TopBar />
      <main id="content" tabIndex={-1}>
        <Screen />
      </main>
      <Notices />
      <Confirm />
      <Palette />
      <KeyHelp />
      <SignIn />
    </div>
  );
}

function Screen() {
  const at = route.value;
  switch (at.screen) {
    case 'fleet':
      return <Fleet />;
    case 'cluster':
      return <ClusterScreen key={at.cluster} at={at} />;
    case 'stackfile':
      return (
        <WithCluster
          name={at.cluster}
          show={(entry) => <StackfileScreen key={`${at.cluster} ${at.revision}`} entry={entry} from={at.revision} />}
        />
      );
    case 'review':
      return <WithCluster name={at.cluster} show={(entry) => <ReviewScreen key={at.cluster} entry={entry} />} />;
    case 'rollout':
      return <WithCluster name={at.cluster} show={(entry) => <RolloutScreen key={at.cluster} entry={entry} />} />;
    case 'history':
      return (
        <WithCluster
          name={at.cluster}
          show={(entry) => <HistoryScreen key={at.cluster} entry={entry} from={at.from} to={at.to} />}
        />
      );
    case 'audit':
      return <WithCluster name={at.cluster} show={(entry) => <AuditScreen key={at.cluster} entry={entry} at={at} />} />;
    case 'removed':
      return <RemovedScreen />;
    case 'new':
      return <NewCluster />;
    case 'missing':
      return (
        <Empty
          page
          icon="question"
          title="Page not found"
          actions={<LinkButton to={{ screen: 'fleet', filter: '' }}>All clusters</LinkButton>}
        >
          The address <code>{at.path}</code> does not exist.
        </Empty>
      );
  }
}

/** A screen of one cluster, once it is known that there is such a cluster. */
function WithCluster({ name, show }: { name: string; show: (entry: ClusterEntry) => preact.ComponentChildren }) {
  const known = store.names.value.includes(name);
  const slow = useSlow(!known && !store.loaded.value);
  if (known) return <>{show(store.get(name)!)}</>;
  if (!store.loaded.value) return slow ? <Skeleton /> : null;
  return <Gone key={name} name={name} />;
}
