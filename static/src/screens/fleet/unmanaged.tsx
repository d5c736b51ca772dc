import { accountParts } from '../../app/accounts';
import { useRead } from '../../app/read';
import { me, roleHindrance, route } from '../../app/state';
import { plural } from '../../lib/changes';
import type { Json } from '../../lib/model';
import { readUnmanaged } from '../../lib/unmanaged';
import { placeInWords, placeOf } from '../../lib/place';
import { call } from '../../lib/rest';
import { fleetRoute } from '../../lib/router';
import { Link } from '../../ui/button';

const LIST = '/ecs-clusters';

/** One quiet line: how many ECS clusters of the chosen account are not managed; without the right to list them, none. */
export function Unmanaged() {
  const may = me.value !== null && roleHindrance('GET', LIST) === null;
  const { account } = route.value.screen === 'fleet' ? route.value : fleetRoute();
  const place = accountParts.value ? placeOf(account) : {};
  // The list of all accounts has their usual regions, and does not fail where one account denies it.
  const asked = place.region ? place : {};
  const key = may ? [LIST, placeInWords(asked)].join(' ') : null;
  const { data, of } = useRead<Json>(key, (signal) => call(LIST, { signal, query: { managed: false, ...asked } }));
  const listed = data && of === key ? readUnmanaged(data) : [];
  const free = listed.filter((each) => !place.account || each.account === place.account).length;
  if (!free) return null;
  return (
    <p class="small mute">
      <Link to={{ screen: 'new' }}>
        {plural(free, 'unmanaged ECS cluster')}
        {place.account && ` in ${placeInWords(place)}`}
      </Link>
    </p>
  );
}
