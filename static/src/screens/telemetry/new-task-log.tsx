import { useEffect, useState } from 'preact/hooks';
import { useRead, useService } from '../../app/read';
import { connection } from '../../app/state';
import { followLog } from '../../app/tail';
import { plural } from '../../lib/changes';
import { joined, type Line, newTasks, readLine, readLogPage } from '../../lib/logs';
import type { Json, Service } from '../../lib/model';
import { call, path } from '../../lib/rest';
import { clusterRoute } from '../../lib/router';
import { Link } from '../../ui/button';
import { Lines } from './logs-tab';

/** Lines of all tasks that are kept: those of new tasks are known only once ECS lists them. */
const MOST_KEPT = 1000;
const MOST_SHOWN = 200;

/** What the tasks of the version that is rolled out write, live. */
export function NewTaskLog({ service }: { service: Service }) {
  const { cluster, name } = service;
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [ended, setEnded] = useState<string | null>(null);
  const [following, setFollowing] = useState(true);
  const tasks = newTasks(useService(service).data);
  const reading = useRead<Json>(`logs of new tasks ${cluster} ${name} ${tasks.size}`, (signal) =>
    call(path('clusters', cluster, 'services', name, 'logs'), { signal, query: { limit: MOST_SHOWN } }),
  );
  useEffect(() => {
    if (reading.data) setLines((known) => inOrder(joined(readLogPage(reading.data!).lines, known, MOST_KEPT)));
  }, [reading.data]);
  const live = connection.value === 'live';
  useEffect(() => {
    if (!live) return undefined;
    return followLog({ cluster, service: name, filter: '' }, (messages) => {
      const fresh = messages.filter((message) => message.type === 'log').map(readLine);
      if (fresh.length) setLines((known) => joined(known, fresh, MOST_KEPT));
      const error = messages.find((message) => message.type === 'error');
      if (error) setEnded(String(error.message ?? 'The log can no longer be followed'));
    });
  }, [cluster, name, live]);
  const shown = lines.filter((line) => tasks.has(line.task)).slice(-MOST_SHOWN);
  const errors = shown.filter((line) => line.level === 'error').length;
  return (
    <section class="newtasks" aria-label="Log of new tasks">
      <header>
        <h3>New tasks</h3>
        <span class="small soft">{ended ?? reading.error?.message ?? `live, ${plural(errors, 'error')}`}</span>
        <Link to={clusterRoute(cluster, name, 'logs')}>All logs</Link>
      </header>
      {shown.length > 0 ? (
        <Lines lines={shown} wrap follow={following} onScrollUp={() => setFollowing(false)} />
      ) : (
        <p class="small soft">{tasks.size ? 'No lines yet.' : 'No new task has started yet.'}</p>
      )}
    </section>
  );
}

function inOrder(lines: readonly Line[]): Line[] {
  return lines.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0));
}
