/** Addresses under /cp, as values and back. The address holds whatever a reload or a link must bring back. */

export type Tab = 'overview' | 'logs' | 'metrics' | 'tasks' | 'runs' | 'configuration' | 'diff' | 'history';
export const TABS: Tab[] = ['overview', 'logs', 'metrics', 'tasks', 'runs', 'configuration', 'diff', 'history'];

/** `state` and `account`: which clusters are shown; `size` and `group`: as what, '' where the viewer chose nothing. */
export interface FleetRoute {
  screen: 'fleet';
  filter: string;
  state: string;
  size: string;
  group: string;
  account: string;
}

/** Filters of the activity, '' for each that is off: `since` and `until` are days as `2030-04-02`, both included. */
export interface ActivityRoute {
  screen: 'activity';
  account: string;
  by: string;
  service: string;
  /** The cluster; no page of it. */
  within: string;
  kind: string;
  since: string;
  until: string;
}

/** `filter` names services, `clusters` and `account` clusters; `sort` is `name`, or '' for the differing ones first. */
export interface VersionsRoute {
  screen: 'versions';
  filter: string;
  clusters: string;
  account: string;
  sort: string;
}

export type Route =
  | FleetRoute
  | { screen: 'cluster'; cluster: string; service: string | null; tab: Tab; filter: string; chip: string; sort: string }
  | { screen: 'stackfile'; cluster: string; revision: string | null }
  | { screen: 'review'; cluster: string }
  | { screen: 'rollout'; cluster: string }
  | { screen: 'history'; cluster: string; from: string | null; to: string | null }
  | { screen: 'proposals' }
  | { screen: 'proposal'; cluster: string; id: string }
  | { screen: 'audit'; cluster: string; filter: string; chip: string }
  | ActivityRoute
  | VersionsRoute
  | { screen: 'removed' }
  | { screen: 'new' }
  | { screen: 'parts' }
  | { screen: 'missing'; path: string };

export function parse(url: string): Route {
  const { pathname, searchParams: q } = new URL(url, 'http://page');
  let parts: string[];
  try {
    parts = pathname
      .replace(/^\/cp\/?/, '')
      .split('/')
      .filter(Boolean)
      .map(decodeURIComponent);
  } catch {
    return { screen: 'missing', path: pathname };
  }
  const [first, cluster, page, service, ...rest] = parts;
  if (!pathname.startsWith('/cp') || rest.length) return { screen: 'missing', path: pathname };
  if (first === undefined || (first === 'clusters' && !cluster))
    return fleetRoute(
      q.get('q') ?? '',
      q.get('state') ?? '',
      q.get('size') ?? '',
      q.get('group') ?? '',
      q.get('account') ?? '',
    );
  if (first === 'activity' && !cluster) {
    const of = (name: string) => q.get(name) ?? '';
    const period = { since: day(of('since')), until: day(of('until')) };
    return {
      screen: 'activity',
      account: of('account'),
      by: of('by'),
      service: of('service'),
      within: of('cluster'),
      kind: of('kind'),
      ...period,
    };
  }
  if (first === 'versions' && !cluster) {
    return versionsRoute(q.get('q') ?? '', q.get('clusters') ?? '', q.get('account') ?? '', q.get('sort') ?? '');
  }
  if (first === 'proposals' && !cluster) return { screen: 'proposals' };
  if (first === 'removed' && !cluster) return { screen: 'removed' };
  if (first === 'new' && !cluster) return { screen: 'new' };
  if (first === 'parts' && !cluster) return { screen: 'parts' };
  if (first !== 'clusters' || !cluster) return { screen: 'missing', path: pathname };
  if (page === undefined || page === 'services') {
    const tab = TABS.find((t) => t === q.get('tab')) ?? 'overview';
    const view = { filter: q.get('q') ?? '', chip: q.get('show') ?? '', sort: q.get('sort') ?? '' };
    return { screen: 'cluster', cluster, service: service ?? null, tab, ...view };
  }
  if (page === 'proposals' && service !== undefined) return proposalRoute(cluster, service);
  if (service !== undefined) return { screen: 'missing', path: pathname };
  if (page === 'stackfile') return { screen: 'stackfile', cluster, revision: q.get('from') };
  if (page === 'review') return { screen: 'review', cluster };
  if (page === 'rollout') return { screen: 'rollout', cluster };
  if (page === 'audit') return { screen: 'audit', cluster, filter: q.get('q') ?? '', chip: q.get('show') ?? '' };
  if (page === 'history') return { screen: 'history', cluster, from: q.get('from'), to: q.get('to') };
  return { screen: 'missing', path: pathname };
}

export function format(route: Route): string {
  const q = new URLSearchParams();
  const put = (name: string, value: string | null) => value && q.set(name, value);
  const done = (path: string) => (q.size ? `${path}?${q}` : path);
  if (route.screen === 'fleet') {
    put('q', route.filter);
    put('state', route.state);
    put('size', route.size);
    put('group', route.group);
    put('account', route.account);
    return done('/cp');
  }
  if (route.screen === 'activity') {
    const { account, by, service, within: cluster, kind, since, until } = route;
    for (const [name, value] of Object.entries({ account, by, service, cluster, kind, since, until })) put(name, value);
    return done('/cp/activity');
  }
  if (route.screen === 'versions') {
    put('q', route.filter);
    put('clusters', route.clusters);
    put('account', route.account);
    put('sort', route.sort);
    return done('/cp/versions');
  }
  if (route.screen === 'proposals') return '/cp/proposals';
  if (route.screen === 'removed') return '/cp/removed';
  if (route.screen === 'new') return '/cp/new';
  if (route.screen === 'parts') return '/cp/parts';
  if (route.screen === 'missing') return route.path;
  const base = `/cp/clusters/${encodeURIComponent(route.cluster)}`;
  if (route.screen === 'cluster') {
    if (route.service && route.tab !== 'overview') put('tab', route.tab);
    put('q', route.filter);
    put('show', route.chip);
    put('sort', route.sort);
    return done(route.service ? `${base}/services/${encodeURIComponent(route.service)}` : base);
  }
  if (route.screen === 'proposal') return `${base}/proposals/${encodeURIComponent(route.id)}`;
  if (route.screen === 'stackfile') put('from', route.revision);
  if (route.screen === 'audit') {
    put('q', route.filter);
    put('show', route.chip);
  }
  if (route.screen === 'history') {
    put('from', route.from);
    put('to', route.to);
  }
  return done(`${base}/${route.screen}`);
}

/** The address of the fleet. */
export function fleetRoute(filter = '', state = '', size = '', group = '', account = ''): FleetRoute {
  return { screen: 'fleet', filter, state, size, group, account };
}

/** A day of the calendar as it is in an address; '' for anything else. */
function day(text: string): string {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : '';
}

/** The address of a proposal. */
export function proposalRoute(cluster: string, id: string): Extract<Route, { screen: 'proposal' }> {
  return { screen: 'proposal', cluster, id };
}

/** The address of the activity of all clusters. */
export function activityRoute(filters: Partial<ActivityRoute> = {}): ActivityRoute {
  const none = { account: '', by: '', service: '', within: '', kind: '', since: '', until: '' };
  return { screen: 'activity', ...none, ...filters };
}

/** The address of the versions matrix. */
export function versionsRoute(filter = '', clusters = '', account = '', sort = ''): VersionsRoute {
  return { screen: 'versions', filter, clusters, account, sort };
}

/** The address of a cluster's services, or of one of them. */
export function clusterRoute(
  cluster: string,
  service: string | null = null,
  tab: Tab = 'overview',
): Extract<Route, { screen: 'cluster' }> {
  return { screen: 'cluster', cluster, service, tab, filter: '', chip: '', sort: '' };
}
