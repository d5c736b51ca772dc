import { useEffect } from 'preact/hooks';
import { ClusterScreen, Gone } from '../screens/cluster';
import { Fleet } from '../screens/fleet/fleet';
import { titleOf } from '../lib/attention';
import { fleetRoute, format, versionsRoute } from '../lib/router';
import type { ClusterEntry } from '../lib/store';
import { LinkButton } from '../ui/button';
import { lazy } from '../ui/lazy';
import { Empty, Skeleton } from '../ui/states';
import { Dialogs } from '../screens/dialogs';
import { AccountsReader } from './accounts';
import { attention } from './attention';
import { Confirm } from './confirm';
import { useKeys } from './keyboard';
import { Notices } from './notices';
import { Palette } from './palette';
import { useSlow } from './read';
import { SignIn } from './sign-in';
import { go, route, store } from './state';
import { Crumbs, helpOpen, Masthead, NAMES, paletteOpen } from './masthead';

const KeyHelp = lazy(() => import('./key-help').then((part) => part.KeyHelp));
const later = () => import('../screens/later');
const ActivityScreen = lazy(() => import('../screens/activity/activity').then((screens) => screens.ActivityScreen));
const AuditScreen = lazy(() => later().then((screens) => screens.AuditScreen));
const HistoryScreen = lazy(() => later().then((screens) => screens.HistoryScreen));
const NewCluster = lazy(() => later().then((screens) => screens.NewCluster));
const proposals = () => import('../screens/proposals/proposals');
const ProposalScreen = lazy(() => proposals().then((screens) => screens.ProposalScreen));
const ProposalsScreen = lazy(() => proposals().then((screens) => screens.ProposalsScreen));
const RemovedScreen = lazy(() => later().then((screens) => screens.RemovedScreen));
const ReviewScreen = lazy(() => later().then((screens) => screens.ReviewScreen));
const Parts = lazy(() => import('../screens/parts/parts').then((screens) => screens.Parts));
const VersionsScreen = lazy(() => import('../screens/versions/versions').then((screens) => screens.VersionsScreen));
const RolloutScreen = lazy(() => later().then((screens) => screens.RolloutScreen));
const StackfileScreen = lazy(() => later().then((screens) => screens.StackfileScreen));

export function Page() {
  const at = route.value;
  const tab = attention.value;
  useKeys([
    {
      keys: 'mod+k',
      label: 'Search and commands',
      group: 'Go to',
      always: true,
      run: () => (paletteOpen.value = true),
    },
    { keys: 'g c', label: 'Clusters', group: 'Go to', run: () => go(fleetRoute()) },
    { keys: 'g v', label: 'Versions', group: 'Go to', run: () => go(versionsRoute()) },
    { keys: '?', label: 'Keyboard shortcuts', group: 'Go to', run: () => (helpOpen.value = true) },
  ]);
  useEffect(() => {
    const parts = [
      at.screen === 'cluster' ? at.service : NAMES[at.screen],
      'cluster' in at ? at.cluster : null,
      'Nysa',
    ];
    document.title = titleOf(parts, tab);
  }, [at, tab]);
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
        Skip to content
      </a>
      <Masthead />
      <main id="content" tabIndex={-1}>
        <Crumbs />
        <Screen />
      </main>
      <AccountsReader />
      <Notices />
      <Dialogs />
      <Confirm />
      <Palette />
      {helpOpen.value && <KeyHelp />}
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
    case 'activity':
      return <ActivityScreen at={at} />;
    case 'versions':
      return <VersionsScreen at={at} />;
    case 'proposals':
      return <ProposalsScreen />;
    case 'proposal':
      return <ProposalScreen key={`${at.cluster} ${at.id}`} cluster={at.cluster} id={at.id} />;
    case 'removed':
      return <RemovedScreen />;
    case 'new':
      return <NewCluster />;
    case 'parts':
      return 'sandbox' in document.documentElement.dataset ? <Parts /> : <NotFound path={format(at)} />;
    case 'missing':
      return <NotFound path={at.path} />;
  }
}

function NotFound({ path }: { path: string }) {
  return (
    <Empty
      page
      icon="question"
      title="Page not found"
      actions={<LinkButton to={fleetRoute()}>All clusters</LinkButton>}
    >
      The address <code>{path}</code> does not exist.
    </Empty>
  );
}

/** A screen of one cluster, once it is known that there is such a cluster. */
function WithCluster({ name, show }: { name: string; show: (entry: ClusterEntry) => preact.ComponentChildren }) {
  const known = store.names.value.includes(name);
  const slow = useSlow(!known && !store.loaded.value);
  if (known) return <>{show(store.get(name)!)}</>;
  if (!store.loaded.value) return slow ? <Skeleton /> : null;
  return <Gone key={name} name={name} />;
}
