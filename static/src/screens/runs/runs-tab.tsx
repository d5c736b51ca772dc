/** The runs of a task: when it runs next, and how the last runs ended. A chunk of its own. */

import '../../styles/runs.css';

import { useState } from 'preact/hooks';
import { useRead } from '../../app/read';
import { store } from '../../app/state';
import { plural } from '../../lib/changes';
import type { Json, Service } from '../../lib/model';
import { call, path } from '../../lib/rest';
import { markOf, readRuns, type Run, type Schedule, startedBy, stateInWords } from '../../lib/runs';
import { duration, exact } from '../../lib/time';
import { Button } from '../../ui/button';
import { Square } from '../../ui/squares';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { UserText } from '../../ui/text';
import { Ago, Until } from '../../ui/time';

export function RunsTab({ service }: { service: Service }) {
  const { cluster, name } = service;
  const moved = store.get(cluster)?.ran.value ?? 0;
  const reading = useRead<Json>(`${cluster} ${name} ${moved} ${store.syncs.value}`, (signal) =>
    call(path('clusters', cluster, 'services', name, 'runs'), { signal }),
  );
  const [open, setOpen] = useState<string | null>(null);
  if (reading.error) return <Failed error={reading.error} retry={reading.again} />;
  if (!reading.data) return reading.slow ? <Skeleton rows={5} /> : null;
  const { schedule, runs } = readRuns(reading.data);
  return (
    <>
      {schedule && <Next schedule={schedule} />}
      {runs.length ? (
        <section>
          <h3>Last runs</h3>
          <p class="runsquares" role="img" aria-label={`The last ${plural(runs.length, 'run')}, the newest last`}>
            {runs.toReversed().map((run) => (
              <Square key={run.id} mark={markOf(run)} label={tooltip(run)} />
            ))}
          </p>
          <ul class="feed">
            {runs.map((run) => (
              <RunLine
                key={run.id}
                service={service}
                run={run}
                isOpen={open === run.id}
                toggle={() => setOpen(open === run.id ? null : run.id)}
              />
            ))}
          </ul>
        </section>
      ) : (
        <Empty icon="history" title="No run yet">
          {schedule ? 'The runs of the schedule appear here.' : `No task of ${name} was run by itself.`}
        </Empty>
      )}
    </>
  );
}

function Next({ schedule }: { schedule: Schedule }) {
  return (
    <section>
      <h3>Schedule</h3>
      <p>
        <code>{schedule.expression}</code> <span class="mute">{schedule.timezone}</span>
      </p>
      <p class={schedule.state === 'failing' || schedule.state === 'missed' ? 'runstate bad' : 'runstate'}>
        {stateInWords(schedule)}
        {schedule.failingSince !== null && (
          <>
            , failing since <Ago at={schedule.failingSince} />
          </>
        )}
      </p>
      {schedule.next.length > 0 && (
        <ol class="nextruns" aria-label="Next runs">
          {schedule.next.map((at) => (
            <li key={at}>
              <Until at={at} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function RunLine({
  service,
  run,
  isOpen,
  toggle,
}: {
  service: Service;
  run: Run;
  isOpen: boolean;
  toggle: () => void;
}) {
  return (
    <li>
      <Ago at={run.at} />
      <div class="two">
        <span>
          <strong>{run.state}</strong>
          {run.exitCode !== null && <span class="mute"> · exit code {run.exitCode}</span>}
          {run.seconds !== null && <span class="mute"> · {duration(run.seconds * 1000)}</span>}
          <span class="mute"> · {startedBy(run)}</span>
          {run.overlaps && <span class="mute"> · overlaps</span>}
          {run.message && (
            <>
              {' '}
              <UserText text={run.message} quoted />
            </>
          )}
          {run.state !== 'missed' && (
            <Button kind="quiet" icon="logs" onClick={toggle}>
              {isOpen ? 'Hide log' : 'Log'}
            </Button>
          )}
        </span>
        {run.what && <span class="soft">{run.what}</span>}
        {isOpen && <Log service={service} run={run} />}
      </div>
    </li>
  );
}

/** The last lines of a run. */
function Log({ service, run }: { service: Service; run: Run }) {
  const reading = useRead<Json>(`${service.cluster} ${service.name} ${run.id} ${run.state}`, (signal) =>
    call(path('clusters', service.cluster, 'services', service.name, 'runs', run.id), { signal }),
  );
  if (reading.error) return <Failed error={reading.error} retry={reading.again} />;
  if (!reading.data) return null;
  const log = reading.data.log as Json | null;
  const lines = Array.isArray(log?.lines) ? (log.lines as Json[]) : [];
  if (!lines.length) return <p class="small mute">No log lines were kept.</p>;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, also by keyboard
    <pre class="log" role="region" aria-label="Last log lines" tabIndex={0}>
      {lines.map((line) => `${String(line.message)}\n`).join('')}
    </pre>
  );
}

function tooltip(run: Run): string {
  const at = run.at === null ? '' : ` · ${exact(run.at)}`;
  const code = run.exitCode === null ? '' : `, exit code ${run.exitCode}`;
  return `${run.state}${code}${at}`;
}
