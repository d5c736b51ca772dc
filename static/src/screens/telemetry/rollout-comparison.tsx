import { useRef } from 'preact/hooks';
import { useRead } from '../../app/read';
import { minute } from '../../app/state';
import { readComparison } from '../../lib/metric-comparison';
import type { Json, Service } from '../../lib/model';
import { call, path } from '../../lib/rest';
import { clusterRoute } from '../../lib/router';
import { Link } from '../../ui/button';
import { useInSight } from './in-sight';
import { ComparisonTable } from './metric-comparison';
import { ReadFailed } from './read-failed';

/** Old against new of several services, each with its name. */
export function RolloutComparisons({ services }: { services: readonly Service[] }) {
  return (
    <section class="group" aria-label="Old against new">
      <h2>
        Old against new <span class="number">{services.length}</span>
      </h2>
      {services.map((service) => (
        <RolloutComparison key={service.name} service={service} named />
      ))}
    </section>
  );
}

/** Old against new of a service's newest rollout: read each minute while it is in sight, and the tab is shown. */
export function RolloutComparison({ service, named = false }: { service: Service; named?: boolean }) {
  const place = useRef<HTMLElement>(null);
  const inSight = useInSight(place);
  const { cluster, name, sync, verdict } = service;
  const key = inSight ? `comparison ${cluster} ${name} ${sync} ${verdict?.at ?? ''} ${minute.value}` : null;
  const reading = useRead<Json>(key, (signal) =>
    call(path('clusters', cluster, 'services', name, 'metrics'), { signal, query: { range: '1h' } }),
  );
  const comparison = reading.data && readComparison(reading.data);
  const title = named ? name : 'Old against new';
  const metrics = clusterRoute(cluster, name, 'metrics');
  return (
    <section ref={place} class="oldnew compact" aria-label={named ? `Old against new: ${name}` : title}>
      <header class="spread">
        <h3>{named ? <Link to={clusterRoute(cluster, name)}>{name}</Link> : title}</h3>
        <Link to={metrics} class="small">
          Metrics{named && <span class="visually-hidden"> of {name}</span>}
        </Link>
      </header>
      {reading.error && <ReadFailed error={reading.error} retry={reading.again} />}
      {comparison && comparison.metrics.length > 0 && (
        <ComparisonTable comparison={comparison} title={<span class="visually-hidden">Metric</span>} />
      )}
      {!reading.error && !comparison?.metrics.length && (
        <p class={reading.data ? 'small soft' : 'waits small soft'}>
          {reading.data
            ? 'Nothing to compare: only rollouts that replace tasks are compared, for a day at most.'
            : reading.slow && 'Reading CloudWatch…'}
        </p>
      )}
    </section>
  );
}
