import { shortRevision } from '../app/actions';
import { useService } from '../app/read';
import { type Json, presentTrouble, readDifferences, type Service } from '../lib/model';
import { instant } from '../lib/time';
import { Link } from '../ui/button';
import { Fields } from '../ui/fields';
import { UserText } from '../ui/text';
import { Ago } from '../ui/time';

const object = (value: unknown): Json | null =>
  value && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : null;
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object).filter((v) => v !== null) : []);

/** What is known of a failure beside its reason: what was recorded of the last one, or the log while tasks fail. */
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
        <h3>What the last task that failed wrote</h3>
        <span class="small mute">
          task <code>{String(log.task).slice(0, 8)}</code>
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
    <section class="panel" aria-label="Flight recorder">
      <header>
        <h3>What was recorded of the failure</h3>
      </header>
      {change && (
        <p class="body small">
          Brought by{' '}
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
    <pre class="log" role="region" aria-label="The last lines of its log" tabIndex={0}>
      {lines.map((line) => String(line.message)).join('\n')}
    </pre>
  );
}
