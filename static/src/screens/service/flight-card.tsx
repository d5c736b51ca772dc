import { shortRevision } from '../../app/actions';
import { useService } from '../../app/read';
import { type Json, presentTrouble, readDifferences, type Service } from '../../lib/model';
import { instant } from '../../lib/time';
import { Link } from '../../ui/button';
import { Fields } from '../../ui/fields';
import { UserText } from '../../ui/text';
import { Ago } from '../../ui/time';

const object = (value: unknown): Json | null =>
  value && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : null;
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object).filter((v) => v !== null) : []);

/** A failure beside its reason: the report of the last one, or the log while tasks fail. */
export function FlightCard({ service }: { service: Service }) {
  const failed = service.verdict !== null && ['rolled-back', 'aborted', 'stalled'].includes(service.verdict.ending);
  return failed || presentTrouble(service) ? <Known service={service} /> : null;
}

function Known({ service }: { service: Service }) {
  const { data } = useService(service);
  const flight = object(data?.flight);
  if (flight) return <Recorded service={service} flight={flight} />;
  const log = object(data?.log);
  if (!log) return null;
  return (
    <section class="panel" aria-label="Log">
      <header>
        <h3>Last log lines of failed task</h3>
        <span class="small mute">
          <code>{String(log.task).slice(0, 8)}</code>
        </span>
      </header>
      <Lines log={log} />
    </section>
  );
}

/** The change that brought it, and the last lines of the log. */
function Recorded({ service, flight }: { service: Service; flight: Json }) {
  const change = object(flight.introduced_by);
  const fields = objects(change?.changes)
    .flatMap((row) => readDifferences(row.changes))
    .map((d) => ({ ...d, running: undefined }));
  return (
    <section class="panel" aria-label="Failure report">
      <header>
        <h3>Failure report</h3>
      </header>
      {change && (
        <p class="body small">
          Introduced by{' '}
          <strong>
            <UserText text={String(change.by ?? 'another program')} />
          </strong>
          , <Ago at={instant(change.changed_at)} />
          {change.message ? (
            <>
              : <UserText text={String(change.message)} quoted />
            </>
          ) : null}{' '}
          ·{' '}
          <Link
            to={{ screen: 'history', cluster: service.cluster, from: null, to: String(change.revision) }}
            class="revision"
          >
            {shortRevision(String(change.revision))}
          </Link>
        </p>
      )}
      {fields.length > 0 && <Fields fields={fields} />}
      <Lines log={object(flight.log)} />
    </section>
  );
}

function Lines({ log }: { log: Json | null }) {
  const lines = objects(log?.lines);
  if (!lines.length) return null;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, also by keyboard
    <pre class="log" role="region" aria-label="Last log lines" tabIndex={0}>
      {lines.map((line) => String(line.message)).join('\n')}
    </pre>
  );
}
