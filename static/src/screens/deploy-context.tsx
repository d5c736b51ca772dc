/** What a person should know beside the plan of a deployment. */

import { now, store } from '../app/state';
import { freezeAhead } from '../lib/freeze-windows';
import type { Plan } from '../lib/changes';
import { versionOf } from '../lib/images';
import { MARK_WORDS, serviceMark } from '../lib/marks';
import { hasFailed, type Service } from '../lib/model';
import { FreezeAhead } from '../ui/freeze-ahead';
import { Icon } from '../ui/icons';
import { whereItRuns } from './version-list';

/** Where the version runs already, and how. */
export function SeenElsewhere({ service, tag }: { service: Service; tag: string }) {
  const seen = whereItRuns(service.image).filter(
    ({ image, row }) => versionOf(image) === tag && row.cluster !== service.cluster,
  );
  if (!seen.length) return null;
  return (
    <section>
      <h3>Seen elsewhere</h3>
      <dl class="facts">
        {seen.map(({ row }) => (
          <>
            <dt key={row.cluster}>{row.cluster}</dt>
            <dd>{MARK_WORDS[serviceMark(row)]}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}

/** Soon enough to concern a rollout that begins now. */
const SOON_MS = 4 * 3_600_000;

/** A warning where the calendar freezes the cluster soon: what goes wrong then cannot be changed back as usual. */
export function FreezesSoon({ cluster }: { cluster: string }) {
  const windows = store.get(cluster)?.summary.value.freezeWindows;
  const ahead = windows && freezeAhead(windows, now.value, SOON_MS);
  if (!ahead) return null;
  return (
    <p class="warning">
      <Icon name="frozen" />
      <span>
        <FreezeAhead time={ahead} />
      </span>
    </p>
  );
}

/** A warning where other services of the cluster fail, and whether the deployment changes them too. */
export function Others({
  cluster,
  services,
  plan,
}: {
  cluster: string;
  services: readonly Service[];
  plan: Plan | null;
}) {
  const own = new Set(services.map((service) => service.name));
  const failing = (store.get(cluster)?.services() ?? []).filter((other) => hasFailed(other) && !own.has(other.name));
  if (!failing.length) return null;
  const [first] = failing;
  const rest = failing.length > 1 ? ` and ${failing.length - 1} more` : '';
  const touched = plan ? failing.filter(({ name }) => changes(plan, name)).map(({ name }) => name) : [];
  return (
    <p class="warning">
      <Icon name="cross" />
      {first!.name}
      {rest} {failing.length > 1 ? 'are' : 'is'} failing in this cluster.
      {touched.length > 0 && ` This deployment changes ${touched.join(', ')} too.`}
      {plan && !touched.length && ` This deployment does not touch ${failing.length > 1 ? 'them' : 'it'}.`}
    </p>
  );
}

/** Whether a plan changes a service, also by what ECS is brought back to. */
function changes(plan: Plan, name: string): boolean {
  return (
    plan.services.some((service) => service.name === name && service.action !== 'nothing') ||
    plan.steps.some((step) => step.service === name)
  );
}
