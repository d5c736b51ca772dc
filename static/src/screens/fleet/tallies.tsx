import { inAccount } from '../../app/accounts';
import { adjust, route, store } from '../../app/state';
import { plural } from '../../lib/changes';
import { fleetRoute } from '../../lib/router';
import { TALLIES } from '../../lib/wall';
import { Square } from '../../ui/squares';

/** The totals of all clusters, or of those in the chosen account, and the legend of the squares; each shows its clusters alone. */
export function Tallies() {
  const { state, account } = route.value.screen === 'fleet' ? route.value : fleetRoute();
  const totals = { failing: 0, paused: 0, rolling: 0, drifted: 0, frozen: 0, healthy: 0 };
  let services = 0;
  const names = store.names.value.filter((name) => inAccount(name, account));
  for (const name of names) {
    const entry = store.get(name)!;
    const own = entry.tallies.value;
    for (const { key } of TALLIES) totals[key] += own[key];
    services += entry.counts.value.services;
  }
  return (
    <section class="tallies" aria-label="Totals">
      {TALLIES.filter(({ key }) => key !== 'paused' || totals.paused || state === key).map(({ key, word }) => (
        <button
          key={key}
          type="button"
          class="tally"
          data-mark={key}
          data-zero={totals[key] ? undefined : true}
          aria-pressed={state === key}
          onClick={() => adjust({ state: state === key ? '' : key })}
        >
          <b>{totals[key].toLocaleString('en')}</b>
          <span>
            <Square mark={key} />
            {word}
          </span>
        </button>
      ))}
      <p class="total">
        {plural(services, 'service')} in {plural(names.length, 'cluster')}
      </p>
    </section>
  );
}
