import type { ComponentChildren } from 'preact';
import { asked, rollback, shortRevision } from '../app/actions';
import { useRead, useService } from '../app/read';
import { go, hindrance, store } from '../app/state';
import { type Field } from '../lib/changes';
import { repositoryName, versionOf } from '../lib/images';
import {
  type Json,
  mainImage,
  presentTrouble,
  progress,
  readEvents,
  readStops,
  type Service,
  tellingStop,
  type Verdict,
} from '../lib/model';
import { call, path } from '../lib/rest';
import { clusterRoute } from '../lib/router';
import { endingFor, readRevisions, type Revision } from '../lib/revisions';
import { instant } from '../lib/time';
import { VerdictBadge } from '../ui/badge';
import { Button, CopyButton, Link } from '../ui/button';
import { Fields } from '../ui/fields';
import { Banner, Empty, Failed, Skeleton } from '../ui/states';
import { FlightCard } from './flight-card';
import { Ago } from '../ui/time';
import { UserText } from '../ui/text';
import { HeldBanner } from './quarantine';
import { Tasks, Version } from './service-row';

/** What one page of the history may have. */
const MOST_REVISIONS = 200;

export function OverviewTab({ service }: { service: Service }) {
  const recorder = service.verdict && service.verdict.ending !== 'succeeded' ? service.verdict : null;
  return (
    <>
      {(presentTrouble(service) || recorder) && <WhyBanner service={service} ending={recorder} />}
      <HeldBanner service={service} />
      <FlightCard service={service} />
      {service.sync === 'rolling-out' && (
        <section>
          <h3>Rolling out</h3>
          <p>{progress(service)}</p>
        </section>
      )}
      <section>
        <h3>Status</h3>
        <dl class="facts">
          <dt>Version</dt>
          <dd>
            <Version service={service} />
          </dd>
          <dt>Image</dt>
          <dd>
            <Image reference={service.image ?? service.deployedImage} />
          </dd>
          <dt>Tasks</dt>
          <dd>
            <Tasks service={service} />
            {service.running !== null && <span class="mute"> running of desired</span>}
          </dd>
          {service.failed ? (
            <>
              <dt>Failed tasks</dt>
              <dd>{service.failed} in this rollout</dd>
            </>
          ) : null}
          {service.verdict && (
            <>
              <dt>Last rollout</dt>
              <dd>
                <VerdictBadge ending={service.verdict.ending} />{' '}
                <span class="mute">
                  <Ago at={service.verdict.at} />
                </span>
              </dd>
            </>
          )}
          {service.events[0] && (
            <>
              <dt>Latest ECS event</dt>
              <dd>
                {service.events[0].message}{' '}
                <span class="mute">
                  <Ago at={service.events[0].at} />
                </span>
              </dd>
            </>
          )}
        </dl>
      </section>
      <Elsewhere service={service} />
    </>
  );
}

/** The way back from a version that fails. */
export function RollBack({ service: { cluster, name } }: { service: Service }) {
  const run = () =>
    (asked.value = { ...rollback(cluster, null, name), after: () => go({ screen: 'rollout', cluster }) });
  return (
    <Button icon="undo" why={hindrance('POST', '/clusters/{c}/rollback', cluster)} onClick={run}>
      Roll back {name}
    </Button>
  );
}

/** How the last rollout ended and why it does not run, in words that say what to do. */
function WhyBanner({ service, ending }: { service: Service; ending: Verdict | null }) {
  const trouble = presentTrouble(service);
  const stop = tellingStop(service);
  const bad =
    trouble !== null || (ending !== null && !['superseded', 'scaled-to-zero', 'removed'].includes(ending.ending));
  return (
    <Banner
      tone={bad ? 'bad' : 'mute'}
      icon={bad ? 'circle-cross' : 'info'}
      title={trouble?.what ?? <VerdictBadge ending={ending!.ending} />}
      actions={
        bad && (
          <>
            <RollBack service={service} />
            <Link to={clusterRoute(service.cluster, service.name, 'tasks')} replace class="small">
              Tasks and events
            </Link>
          </>
        )
      }
    >
      {trouble && <p>{trouble.advice}</p>}
      {ending?.reason && (
        <p>
          <UserText text={ending.reason} />
        </p>
      )}
      {stop && (
        <p class="mute">
          ECS: <UserText text={stop.reason} />
          {stop.exitCode !== null && ` (exit code ${stop.exitCode})`}, <Ago at={stop.at} />
        </p>
      )}
    </Banner>
  );
}

function Image({ reference }: { reference: string | null }) {
  if (!reference) return <span class="mute">–</span>;
  return (
    <span class="row" style={{ flexWrap: 'nowrap' }}>
      <code class="cut" title={reference}>
        {reference}
      </code>
      <CopyButton text={reference} label="Copy the image" />
    </span>
  );
}

const ELSEWHERE_SHOWN = 6;

/** The same repository in other clusters: what runs there. */
function Elsewhere({ service }: { service: Service }) {
  const repository = service.image ? repositoryName(service.image) : null;
  if (!repository) return null;
  const found: { cluster: string; service: Service }[] = [];
  for (const name of store.names.value) {
    if (name === service.cluster) continue;
    for (const row of store.get(name)?.rows.values() ?? []) {
      const other = row.value;
      if (other.image && repositoryName(other.image) === repository) found.push({ cluster: name, service: other });
    }
  }
  if (!found.length) return null;
  return (
    <section>
      <h3>In other clusters</h3>
      <dl class="facts">
        {found.slice(0, ELSEWHERE_SHOWN).map((f) => (
          <>
            <dt>
              <Link
                to={{
                  screen: 'cluster',
                  cluster: f.cluster,
                  service: f.service.name,
                  tab: 'overview',
                  filter: '',
                  chip: '',
                  sort: '',
                }}
              >
                {f.cluster}
              </Link>
            </dt>
            <dd>
              <Version service={f.service} />
            </dd>
          </>
        ))}
      </dl>
      {found.length > ELSEWHERE_SHOWN && <p class="hint">and {found.length - ELSEWHERE_SHOWN} more</p>}
    </section>
  );
}

export function DiffTab({ service }: { service: Service }) {
  if (service.sync === 'unmanaged')
    return (
      <Empty icon="question" title="Nothing to compare with">
        {service.name} runs in ECS, and no stackfile names it.
      </Empty>
    );
  if (service.running === null)
    return (
      <Empty icon="question" title="Nothing to compare yet">
        What ECS runs for {service.name} has not been read.
      </Empty>
    );
  const fields: Field[] = (service.drift ?? []).map((d) => ({ ...d, running: undefined }));
  if (!service.drift && service.deployedImage !== service.image)
    fields.push({ path: 'image', before: service.deployedImage, after: service.image, running: undefined });
  return <Compared fields={fields} />;
}

function Compared({ fields }: { fields: Field[] }) {
  if (!fields.length)
    return (
      <Empty icon="circle-check" title="No difference">
        ECS runs exactly what is wanted.
      </Empty>
    );
  return (
    <div class="panel">
      <Fields fields={fields} labels={['Runs in ECS', 'Wanted']} />
    </div>
  );
}

export function TasksTab({ service }: { service: Service }) {
  const reading = useService(service);
  const detail: Json = { ...reading.data, ...(reading.data?.rollout as Json | null) };
  const tasks = Array.isArray(detail.tasks) ? (detail.tasks as Json[]) : [];
  const stops = service.stops.length ? service.stops : readStops(detail.stops ?? detail.stop_reasons);
  const events =
    service.events.length > 3
      ? service.events
      : readEvents(detail.events).length
        ? readEvents(detail.events)
        : service.events;
  if (!reading.data && reading.slow) return <Skeleton rows={5} />;
  if (!tasks.length && !stops.length && !events.length)
    return (
      <Empty icon="info" title="Nothing has happened">
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
          <h3>ECS events</h3>
          <Feed entries={events.map((e) => ({ at: e.at, text: e.message }))} />
        </section>
      )}
    </>
  );
}

export function Feed({ entries }: { entries: { at: number | null; text: ComponentChildren }[] }) {
  return (
    <ul class="feed">
      {entries.map((e, i) => (
        <li key={i}>
          <Ago at={e.at} />
          <bdi>{e.text}</bdi>
        </li>
      ))}
    </ul>
  );
}

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
            <VerdictBadge ending={ending.ending} />
            {ending.failed && <span class="soft">{ending.reason}</span>}
          </span>
        )}
      </div>
    </li>
  );
}
