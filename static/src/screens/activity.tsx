import { happeningsOf, useActivity } from '../app/activity';
import { adjust, described, offered } from '../app/state';
import type { Happening } from '../lib/activity';
import { Button } from '../ui/button';
import { HappeningLine } from '../ui/happening';
import { Empty, Failed, Skeleton } from '../ui/states';

/** What happened in all clusters: by person and by service, a day at a time. */
export function ActivityScreen({ by, service }: { by: string; service: string }) {
  const query = { ...(by ? { by } : {}), ...(service ? { service: `*${service}*` } : {}) };
  const reading = useActivity(query);
  const happenings = happeningsOf(reading);
  const available = !described.value || offered('GET', '/activity');
  const people = [...new Set(happenings.flatMap((happening) => happening.by ?? []))].toSorted();
  return (
    <>
      <div class="pagehead">
        <h1>Activity</h1>
      </div>
      <div class="toolbar">
        <div class="chips" role="group" aria-label="Person">
          <button type="button" class="chip" aria-pressed={!by} onClick={() => adjust({ by: '' })}>
            Everyone
          </button>
          {(by ? [by] : people).map((person) => (
            <button
              key={person}
              type="button"
              class="chip"
              aria-pressed={by === person}
              onClick={() => adjust({ by: person })}
            >
              {person}
            </button>
          ))}
        </div>
        <input
          class="input activity-filter"
          type="search"
          aria-label="Service"
          placeholder="Service"
          value={service}
          onChange={(e) => adjust({ service: e.currentTarget.value.trim() })}
        />
      </div>
      {!available && (
        <Empty icon="history" title="Not available on this server">
          The history of each cluster is on its own page.
        </Empty>
      )}
      {reading.error && <Failed error={reading.error} retry={reading.again} />}
      {!reading.data && reading.slow && <Skeleton rows={8} />}
      {reading.data && !happenings.length && (
        <Empty
          icon="history"
          title="No activity"
          actions={(by || service) && <Button onClick={() => adjust({ by: '', service: '' })}>Clear the filter</Button>}
        >
          Changes of all clusters appear here.
        </Empty>
      )}
      {days(happenings).map(([day, entries]) => (
        <section key={day} class="panel" aria-label={day}>
          <header>
            <h2>{day}</h2>
          </header>
          <ol class="body">
            {entries.map((happening, i) => (
              <HappeningLine key={`${happening.at} ${i}`} happening={happening} />
            ))}
          </ol>
        </section>
      ))}
    </>
  );
}

const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

function days(happenings: readonly Happening[]): [string, Happening[]][] {
  const byDay = new Map<string, Happening[]>();
  for (const happening of happenings) {
    const day = DAY.format(happening.at);
    byDay.set(day, [...(byDay.get(day) ?? []), happening]);
  }
  return [...byDay];
}
