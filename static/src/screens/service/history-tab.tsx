import { shortRevision } from '../../app/actions';
import { useRead } from '../../app/read';
import type { Json, Service } from '../../lib/model';
import { call, path } from '../../lib/rest';
import { endingFor, readRevisions, type Revision } from '../../lib/revisions';
import { VerdictBadge } from '../../ui/badge';
import { Link } from '../../ui/button';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { UserText } from '../../ui/text';
import { Ago } from '../../ui/time';

/** How many revisions one page of the history has at most. */
const MOST_REVISIONS = 200;

/** The revisions that changed a service. */
export function HistoryTab({ service, revision }: { service: Service; revision: string | null }) {
  const reading = useRead<Json>(`${service.cluster} ${revision} ${service.verdict?.ending}`, (signal) =>
    call(path('clusters', service.cluster, 'revisions'), { signal, query: { limit: MOST_REVISIONS } }),
  );
  if (reading.error) return <Failed error={reading.error} retry={reading.again} />;
  if (!reading.data) return reading.slow ? <Skeleton rows={5} /> : null;
  const { revisions, next } = readRevisions(reading.data);
  const own = revisions.filter((r) => !r.services.length || r.services.includes(service.name));
  const whole =
    next === null ? null : (
      <p class="small mute">
        Among the newest {MOST_REVISIONS} revisions.{' '}
        <Link to={{ screen: 'history', cluster: service.cluster, from: null, to: null }}>The whole history</Link>
      </p>
    );
  if (!own.length)
    return (
      <Empty icon="history" title="No change yet">
        No revision changed {service.name}. {whole}
      </Empty>
    );
  return (
    <>
      <ul class="feed">
        {own.map((each) => (
          <HistoryLine key={each.id} service={service} revision={each} />
        ))}
      </ul>
      {whole}
    </>
  );
}

function HistoryLine({ service, revision }: { service: Service; revision: Revision }) {
  const ending = endingFor(revision, service.name);
  return (
    <li>
      <Ago at={revision.at} />
      <div class="two">
        <span>
          <UserText text={revision.message ?? revision.summary ?? 'No reason given'} />{' '}
          <span class="mute">
            · <UserText text={revision.by ?? 'external'} /> ·{' '}
            <Link to={{ screen: 'history', cluster: service.cluster, from: null, to: revision.id }} class="revision">
              {shortRevision(revision.id)}
            </Link>
          </span>
        </span>
        {ending && (
          <span class="row">
            <VerdictBadge verdict={ending} />
            {ending.failed && <span class="soft">{ending.reason}</span>}
          </span>
        )}
      </div>
    </li>
  );
}
