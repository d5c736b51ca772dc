/** The unmanaged ECS clusters, to choose one from. */

import { useEffect } from 'preact/hooks';
import { accounts, readAccountsAgain } from '../../app/accounts';
import { useRead } from '../../app/read';
import { me, roleHindrance, store } from '../../app/state';
import { plural } from '../../lib/changes';
import { readUnlisted, readUnmanaged, type Unmanaged } from '../../lib/unmanaged';
import type { Json } from '../../lib/model';
import { placeInWords, placeOf } from '../../lib/place';
import { call } from '../../lib/rest';
import { Icon } from '../../ui/icons';
import { ErrorBanner, Skeleton } from '../../ui/states';

const LIST = '/ecs-clusters';

/** Those of one account, or with '' of all. `typed` filters them; `isChosen`: whether one is typed or chosen. */
export function EcsClusters({
  account,
  typed,
  isChosen,
  onChoose,
}: {
  account: string;
  typed: string;
  isChosen: (cluster: Unmanaged) => boolean;
  onChoose: (cluster: Unmanaged) => void;
}) {
  const may = me.value !== null && roleHindrance('GET', LIST) === null;
  const place = placeOf(account);
  const reading = useRead<Json>(may ? LIST : null, (signal) =>
    call(LIST, { signal, query: { managed: false, ...place } }),
  );
  const { again, data, error } = reading;
  // The calls to the accounts may have changed what is known of their health.
  useEffect(() => {
    if (data || error) readAccountsAgain();
  }, [data, error]);
  // A cluster may just have been created in the AWS console.
  useEffect(() => {
    const look = () => document.hidden || again();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [again]);
  if (!may) return null;
  if (error) return <ErrorBanner error={error} title="Couldn't list the ECS clusters: type the name" retry={again} />;
  if (!data) return reading.slow ? <Skeleton rows={3} /> : null;
  const free = readUnmanaged(data).filter((each) => each.needsName || !store.names.value.includes(each.name));
  const unlisted = readUnlisted(data);
  const shown = free.filter((each) => each.name.toLowerCase().includes(typed.toLowerCase()));
  return (
    <>
      <p class="hint" role="status">
        {found(free.length, shown.length, placeInWords(place))}
      </p>
      {unlisted.length > 0 && (
        <p class="row small soft">
          <Icon name="alert" />
          <span>
            Clusters of {unlisted.join(', ')} couldn't be listed: AWS refuses or does not answer. Type the name.
          </span>
        </p>
      )}
      {shown.length > 0 && (
        <div class="tags" style={{ maxHeight: '234px' }} role="radiogroup" aria-label="Unmanaged ECS clusters">
          {shown.map((each) => (
            <label key={`${each.account}/${each.name}`}>
              <input type="radio" name="ecs-cluster" checked={isChosen(each)} onChange={() => onChoose(each)} />
              <span class="mono">{each.name}</span>
              <span class="mute small">
                {each.services
                  ? `${plural(each.services, 'service')}, ${plural(each.running, 'task')}`
                  : 'Nothing runs'}
                {!account && accounts.value.length > 0 && ` · account ${each.account}`}
              </span>
            </label>
          ))}
        </div>
      )}
    </>
  );
}

function found(free: number, shown: number, place: string): string {
  const where = place && ` in ${place}`;
  const every = plural(free, 'unmanaged ECS cluster') + where;
  if (!free) return `Every ECS cluster${where} is managed already. Create another one in ECS first.`;
  if (!shown) return `0 of ${every} match.`;
  return `${shown === free ? '' : `${shown} of `}${every}`;
}
