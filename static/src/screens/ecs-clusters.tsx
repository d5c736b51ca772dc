/** The clusters of ECS that nobody manages yet, to choose one from. */

import { useEffect } from 'preact/hooks';
import { useRead } from '../app/read';
import { me, roleHindrance, store } from '../app/state';
import { plural } from '../lib/changes';
import { readUnmanaged } from '../lib/new-cluster';
import type { Json } from '../lib/model';
import { call } from '../lib/rest';
import { ErrorBanner, Skeleton } from '../ui/states';

const LIST = '/ecs-clusters';

/** `typed` filters them; `chosen` is the name as it stands, whether typed or chosen. */
export function EcsClusters({
  typed,
  chosen,
  onChoose,
}: {
  typed: string;
  chosen: string;
  onChoose: (name: string) => void;
}) {
  const may = me.value !== null && roleHindrance('GET', LIST) === null;
  const reading = useRead<Json>(may ? LIST : null, (signal) => call(LIST, { signal, query: { managed: false } }));
  const { again } = reading;
  // Whoever comes back from the console of AWS may just have made one there.
  useEffect(() => {
    const look = () => document.hidden || again();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [again]);
  if (!may) return null;
  if (reading.error)
    return (
      <ErrorBanner error={reading.error} title="The clusters of ECS cannot be listed: type the name" retry={again} />
    );
  if (!reading.data) return reading.slow ? <Skeleton rows={3} /> : null;
  const free = readUnmanaged(reading.data).filter((each) => !store.names.value.includes(each.name));
  const shown = free.filter((each) => each.name.toLowerCase().includes(typed.toLowerCase()));
  return (
    <>
      <p class="hint" role="status">
        {says(free.length, shown.length)}
      </p>
      {shown.length > 0 && (
        <div
          class="tags"
          style={{ maxHeight: '234px' }}
          role="radiogroup"
          aria-label="Clusters of ECS that nobody manages yet"
        >
          {shown.map(({ name, services, running }) => (
            <label key={name}>
              <input type="radio" name="ecs-cluster" checked={chosen === name} onChange={() => onChoose(name)} />
              <span class="mono">{name}</span>
              <span class="mute small">
                {services ? `${plural(services, 'service')}, ${plural(running, 'task')}` : 'Nothing runs'}
              </span>
            </label>
          ))}
        </div>
      )}
    </>
  );
}

function says(free: number, shown: number): string {
  if (!free) return 'Every cluster of ECS is managed already. Make another one in ECS first.';
  if (!shown) return `ECS has no such cluster that nobody manages: none of ${free} has this in its name.`;
  return `${shown === free ? plural(free, 'cluster') : `${shown} of ${plural(free, 'cluster')}`} of ECS that nobody manages yet.`;
}
