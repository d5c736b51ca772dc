import { shortRevision } from '../app/actions';
import { useService } from '../app/read';
import { type Json, readDifferences, type Service } from '../lib/model';
import { instant } from '../lib/time';
import { Link } from '../ui/button';
import { Fields } from '../ui/fields';
import { Ago } from '../ui/time';

const object = (value: unknown): Json | null => (value && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : null);
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object).filter((v) => v !== null) : []);

/** What the flight recorder kept of the last failure: the change that brought it, and the last lines of the log. */
export function FlightCard({ service }: { service: Service }) {
  const failed = service.verdict !== null && ['rolled-back', 'aborted', 'stalled'].includes(service.verdict.ending);
  return failed ? <Recorded service={service} /> : null;
}

function Recorded({ service }: { service: Service }) {
  const flight = object(useService(service).data?.flight);
  if (!flight) return null;
  const change = object(flight.introduced_by);
  const fields = objects(change?.changes).flatMap((row) => readDifferences(row.changes)).map((d) => ({ ...d, running: undefined }));
  const lines = objects(object(flight.log)?.lines);
  return (
    <section class="panel" aria-label="Flight recorder">
      <header><h3>What was recorded of the failure</h3></header>
      {change && (
        <p class="body small">
          Brought by <strong>{String(change.by ?? 'another program')}</strong>, <Ago at={instant(change.changed_at)} />
          {change.message ? `: “${String(change.message)}”` : ''} · <Link to={{ screen: 'history', cluster: service.cluster, from: null, to: String(change.revision) }} class="revision">{shortRevision(String(change.revision))}</Link>
        </p>
      )}
      {fields.length > 0 && <Fields fields={fields} />}
      {lines.length > 0 && (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, also by keyboard
        <pre class="log" role="region" aria-label="The last lines of its log" tabIndex={0}>{lines.map((line) => String(line.message)).join('\n')}</pre>
      )}
    </section>
  );
}
