import { useService } from '../../app/read';
import { versionOf } from '../../lib/images';
import { type EcsEvent, type Json, mainImage, readEvents, readStops, type Service } from '../../lib/model';
import { instant } from '../../lib/time';
import { Feed } from '../../ui/feed';
import { Empty, Skeleton } from '../../ui/states';

/** The tasks of a service, why former ones stopped, and what ECS reports. */
/** What the live channel and the reading of the service have, which knows of scaling as well; the newest first. */
function mergedEvents(live: readonly EcsEvent[], read: readonly EcsEvent[]): EcsEvent[] {
  const known = new Map([...read, ...live].map((event) => [`${event.at} ${event.message}`, event]));
  return [...known.values()].toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0));
}

export function TasksTab({ service }: { service: Service }) {
  const reading = useService(service);
  const detail: Json = { ...reading.data, ...(reading.data?.rollout as Json | null) };
  const tasks = Array.isArray(detail.tasks) ? (detail.tasks as Json[]) : [];
  const stops = service.stops.length ? service.stops : readStops(detail.stops ?? detail.stop_reasons);
  const events = mergedEvents(service.events, readEvents(detail.events));
  if (!reading.data && reading.slow) return <Skeleton rows={5} />;
  if (!tasks.length && !stops.length && !events.length)
    return (
      <Empty icon="info" title="No tasks and events yet">
        ECS reported no tasks and no events for {service.name} yet.
      </Empty>
    );
  return (
    <>
      {stops.length > 0 && (
        <section>
          <h3>Why tasks stopped</h3>
          <Feed
            entries={stops.map((s) => ({
              at: s.at,
              text: (
                <>
                  <strong>{s.what ?? s.reason}</strong>
                  {s.what && <span class="soft"> {s.reason}</span>}
                  {s.exitCode !== null && <span class="mute"> · exit code {s.exitCode}</span>}
                  {s.task && (
                    <span class="mute">
                      {' '}
                      · task <code>{s.task.split('/').at(-1)?.slice(0, 8)}</code>
                    </span>
                  )}
                </>
              ),
            }))}
          />
        </section>
      )}
      {tasks.length > 0 && (
        <section>
          <h3>Tasks</h3>
          <Feed
            entries={tasks.map((t) => ({
              at: instant(t.started_at ?? t.at ?? t.created_at),
              text: (
                <>
                  <code>
                    {String(t.id ?? t.task ?? '')
                      .split('/')
                      .at(-1)
                      ?.slice(0, 8)}
                  </code>{' '}
                  {String(t.status ?? t.state ?? '')} <span class="mute">{versionOf(mainImage(t, service))}</span>
                </>
              ),
            }))}
          />
        </section>
      )}
      {events.length > 0 && (
        <section>
          <h3>Events</h3>
          <Feed entries={events.map((e) => ({ at: e.at, text: e.message }))} />
        </section>
      )}
    </>
  );
}
