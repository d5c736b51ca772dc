import type { ComponentChildren } from 'preact';
import { accountParts } from '../app/accounts';
import { asked, shortRevision, thaw } from '../app/actions';
import { useKeys } from '../app/keyboard';
import { clusterItems } from '../app/menus';
import { drafts, go, hindrance, now } from '../app/state';
import { freezeAhead } from '../lib/freeze-windows';
import { freezer, isWindow } from '../lib/model';
import { clusterRoute, type Route } from '../lib/router';
import type { ClusterEntry } from '../lib/store';
import { Button, Link, LinkButton } from '../ui/button';
import { FreezeAhead } from '../ui/freeze-ahead';
import { Icon } from '../ui/icons';
import { Menu } from '../ui/menu';
import { Banner } from '../ui/states';
import { UserText } from '../ui/text';
import { Ago, Until } from '../ui/time';
import { ClusterFlags } from './cluster-flags';

/** Freezes of the next week are shown ahead of time. */
const AHEAD_MS = 7 * 86_400_000;

export type Page = 'services' | 'stackfile' | 'rollout' | 'history' | 'audit';

/** What all pages of one cluster have in common: its state, its last change, its actions, and the way between them. */
export function ClusterFrame({
  entry,
  page,
  children,
}: {
  entry: ClusterEntry;
  page: Page;
  children: ComponentChildren;
}) {
  const summary = entry.summary.value;
  const { name } = entry;
  const pages: [Page, string, Route][] = [
    ['services', 'Services', clusterRoute(name)],
    ['stackfile', 'Stackfile', { screen: 'stackfile', cluster: name, revision: null }],
    ['rollout', 'Rollout', { screen: 'rollout', cluster: name }],
    ['history', 'History', { screen: 'history', cluster: name, from: null, to: null }],
    ['audit', 'Audit', { screen: 'audit', cluster: name, filter: '', chip: '' }],
  ];
  useKeys([
    { keys: 'e', label: 'Edit the stackfile', group: 'Cluster', run: () => go(pages[1]![2]) },
    { keys: 'd', label: 'Review the draft', group: 'Cluster', run: () => go({ screen: 'review', cluster: name }) },
    { keys: 'g h', label: 'History', group: 'Go to', run: () => go(pages[3]![2]) },
    { keys: 'g a', label: 'Audit', group: 'Go to', run: () => go(pages[4]![2]) },
    { keys: 'g s', label: 'Services', group: 'Go to', run: () => go(pages[0]![2]) },
    { keys: 'g r', label: 'Rollout', group: 'Go to', run: () => go(pages[2]![2]) },
  ]);
  const draft = drafts.has(name);
  const ahead = freezeAhead(summary.freezeWindows, now.value, AHEAD_MS);
  return (
    <>
      <div class="pagehead">
        <div>
          <div class="row">
            <h1>{name}</h1>
            <ClusterFlags entry={entry} />
          </div>
          <p class="about">
            <span class="revision" title={`Revision ${summary.revision ?? 'unknown'}`}>
              {shortRevision(summary.revision)}
            </span>
            <span class="why">
              {summary.message ? (
                <UserText text={summary.message} quoted clamped />
              ) : summary.by ? (
                'no reason given'
              ) : (
                'changed outside Nysa'
              )}
            </span>
            <span class="mute">
              <UserText text={summary.by ?? 'external'} /> · <Ago at={summary.changedAt} />
            </span>
            {accountParts.value && <accountParts.value.AccountOf cluster={name} />}
          </p>
        </div>
        <div class="row">
          {draft && page !== 'stackfile' && (
            <LinkButton icon="file" to={pages[1]![2]}>
              Draft
            </LinkButton>
          )}
          {page !== 'stackfile' && (
            <LinkButton icon="edit" to={pages[1]![2]}>
              Edit
            </LinkButton>
          )}
          <Menu label="More actions" items={clusterItems(entry)} />
        </div>
      </div>
      {summary.frozen && (
        <Banner
          tone="busy"
          icon="frozen"
          title={
            <>
              Frozen by <UserText text={freezer(summary.frozen)} />
              {summary.frozen.until !== null && (
                <>
                  , until <Until at={summary.frozen.until} />
                </>
              )}
            </>
          }
          actions={
            isWindow(summary.frozen) ? null : (
              <Button why={hindrance('DELETE', '/clusters/{c}/freeze')} onClick={() => (asked.value = thaw(name))}>
                Unfreeze
              </Button>
            )
          }
        >
          <UserText text={summary.frozen.reason} />
        </Banner>
      )}
      {!summary.frozen && ahead && (
        <p class="row small soft">
          <Icon name="frozen" />
          <span>
            <FreezeAhead time={ahead} />
          </span>
        </p>
      )}
      {summary.unreadable !== null && (
        <Banner tone="bad" icon="alert" title="The desired state cannot be read">
          <UserText text={summary.unreadable} /> Store a stackfile, or roll back; nothing is deployed meanwhile.
        </Banner>
      )}
      {summary.failing !== null && (
        <Banner
          tone="warn"
          icon="alert"
          title={
            <>
              ECS was last read <Ago at={summary.observedAt} />
            </>
          }
        >
          <UserText text={summary.failing} />. The connection to Nysa is fine; counts and states below may have changed
          since.
        </Banner>
      )}
      <nav class="tabs" aria-label={name}>
        {pages.map(([key, label, to]) => (
          <Link key={key} to={to} {...(key === page ? { 'aria-current': 'page' as const } : {})}>
            {label}
          </Link>
        ))}
      </nav>
      {children}
    </>
  );
}
