import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { go, route } from '../app/state';
import { clusterRoute } from '../lib/router';
import { plainClick } from '../ui/button';
import type { TableState } from './table-state';

/** The rows of a cluster's services. It listens for all of them: there are up to a thousand. */
export function ServiceRows({
  cluster,
  table,
  children,
}: {
  cluster: string;
  table: TableState;
  children: ComponentChildren;
}) {
  const body = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => table.sight.follow(body.current!), [table]);
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- the links in the rows do the same by keyboard
    <div ref={body} class="tbody" role="rowgroup" onClick={(event) => openClicked(cluster, event)}>
      {children}
    </div>
  );
}

/** A row opens its service wherever it is clicked, unless what was clicked does something else. */
function openClicked(cluster: string, event: MouseEvent): void {
  const target = event.target as HTMLElement;
  const name = target.closest('.tr')?.querySelector<HTMLElement>('[data-row]')?.dataset.row;
  if (name && (target.closest('[data-row]') ? plainClick(event) : !target.closest('a, button, input, label')))
    openService(cluster, name);
}

/** Opens a service beside the list: filter, sort order and tab stay. */
function openService(cluster: string, service: string): void {
  const at = route.peek();
  go(at.screen === 'cluster' ? { ...at, cluster, service } : clusterRoute(cluster, service));
}
