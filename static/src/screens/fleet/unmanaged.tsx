import { useRead } from '../../app/read';
import { me, roleHindrance } from '../../app/state';
import { plural } from '../../lib/changes';
import type { Json } from '../../lib/model';
import { readUnmanaged } from '../../lib/new-cluster';
import { call } from '../../lib/rest';
import { Link } from '../../ui/button';

const LIST = '/ecs-clusters';

/** One quiet line: how many ECS clusters are not managed; without the right to list them, none. */
export function Unmanaged() {
  const may = me.value !== null && roleHindrance('GET', LIST) === null;
  const { data } = useRead<Json>(may ? LIST : null, (signal) => call(LIST, { signal, query: { managed: false } }));
  const free = data ? readUnmanaged(data).length : 0;
  if (!free) return null;
  return (
    <p class="small mute">
      <Link to={{ screen: 'new' }}>{plural(free, 'unmanaged ECS cluster')}</Link>
    </p>
  );
}
