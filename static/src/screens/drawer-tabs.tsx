import type { ComponentChildren } from 'preact';
import { shortRevision } from '../app/actions';
import { useRead } from '../app/read';
import { store } from '../app/state';
import { type Field } from '../lib/changes';
import { repositoryName, versionOf } from '../lib/images';
import { type Json, readEvents, readStops, type Service } from '../lib/model';
import { call, path } from '../lib/rest';
import { readRevisions } from '../lib/revisions';
import type { ClusterEntry } from '../lib/store';
import { instant } from '../lib/time';
import { Bar, VerdictBadge } from '../ui/badge';
import { CopyButton, Link } from '../ui/button';
import { Fields } from '../ui/fields';
import { Banner, Empty, Failed, Skeleton } from '../ui/states';
import { Ago } from '../ui/time';
import { Tasks, Version } from './service-row';

/** The details of one service: read once for each state, as the live channel carries the summary only. */
function useService(service: Service) {
  const key = [service.cluster, service.name, service.state, service.running, service.image, service.verdict?.ending].join(' ');
  return useRead<Json>(key, (signal) => call(path('clusters', service.cluster, 'services', service.name), { signal }));
}

export function OverviewTab({ entry, service }: { entry: ClusterEntry; service: Service }) {
  const recorder = service.verdict && service.verdict.ending !== 'succeeded' ? service.verdict : null;
  return (
    <>
      {recorder && (
        <Banner tone={recorder.ending === 'superseded' || recorder.ending === 'scaled-to-zero' ? 'mute' : 'bad'} icon="alert" title={<VerdictBadge ending={recorder.ending} />}>
          <p>{recorder.reason || 'No reason is known.'}</p>
          {service.stops[0] && <p>{service.stops[0].reason}{service.stops[0].exitCode !== null && ` (exit code ${service.stops[0].exitCode})`}</p>}
          <p><Link to={{ screen: 'cluster', cluster: entry.name, service: service.name, tab: 'tasks', filter: '', chip: '', sort: '' }} replace>Tasks and events</Link></p>
        </Banner>
      )}
      {service.sync === 'rolling-out' && (
        <section>
          <h3>Rolling out, {service.percent ?? 0} %</h3>
          <Bar percent={service.percent ?? 0} label="Rolled out" />
        </section>
      )}
      <section>
        <h3>Now</h3>
        <dl class="facts">
          <dt>Version</dt><dd><Version service={service} /></dd>
          <dt>Image</dt><dd><Image reference={service.image ?? service.deployedImage} /></dd>
          <dt>Tasks</dt><dd><Tasks service={service} />{service.running !== null && <span class="mute"> running of wanted</span>}</dd>
          {service.failed ? <><dt>Failed</dt><dd>{service.failed} tasks since the rollout began</dd></> : null}
          {service.verdict && <><dt>Last rollout</dt><dd><VerdictBadge ending={service.verdict.ending} /> <span class="mute"><Ago at={service.verdict.at} /></span></dd></>}
          {service.events[0] && <><dt>ECS says</dt><dd>{service.events[0].message} <span class="mute"><Ago at={service.events[0].at} /></span></dd></>}
        </dl>
      </section>
      <Elsewhere service={service} />
    </>
  );
}

function Image({ reference }: { reference: string | null }) {
  if (!reference) return <span class="mute">–</span>;
  return <span class="row" style={{ flexWrap: 'nowrap' }}><code class="cut" title={reference}>{reference}</code><CopyButton text={reference} label="Copy the image" /></span>;
}

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
        {found.map((f) => (
          <>
            <dt><Link to={{ screen: 'cluster', cluster: f.cluster, service: f.service.name, tab: 'overview', filter: '', chip: '', sort: '' }}>{f.cluster}</Link></dt>
            <dd><Version service={f.service} /></dd>
          </>
        ))}
      </dl>
    </section>
  );
}

export function DiffTab({ service, revision }: { service: Service; revision: string | null }) {
  const reading = useRead<Json>(`${service.cluster} ${service.name} ${revision} ${service.state}`, (signal) => call(path('clusters', service.cluster, 'services', service.name), { signal }));
  if (reading.error) return reading.error.status === 405 ? <Local service={service} /> : <Failed error={reading.error} retry={reading.again} />;
  if (!reading.data) return reading.slow ? <Skeleton rows={4} /> : null;
  const fields = driftOf(reading.data);
  if (!fields) return <Local service={service} />;
  return <Compared fields={fields} />;
}

/** `drift`, `differences` or `changes`: field by field, desired against deployed. */
function driftOf(data: Json): Field[] | null {
  const drift = data.drift ?? data.differences;
  const list = Array.isArray(drift) ? drift : Array.isArray((drift as Json | undefined)?.changes) ? ((drift as Json).changes as unknown[]) : null;
  return list?.map((each) => {
    const d = each as Json;
    return { path: String(d.path ?? d.field), before: d.deployed ?? d.observed ?? d.before ?? null, after: d.desired ?? d.after ?? null, running: undefined };
  }) ?? null;
}

function Local({ service }: { service: Service }) {
  if (service.deployedImage === null && service.running === null) return <Empty icon="question" title="Nothing to compare yet">What ECS runs for {service.name} has not been read.</Empty>;
  const fields: Field[] = [];
  if (service.deployedImage !== service.image) fields.push({ path: 'image', before: service.deployedImage, after: service.image, running: undefined });
  if (service.running !== service.desired) fields.push({ path: 'tasks', before: service.running, after: service.desired, running: undefined });
  return <Compared fields={fields} />;
}

function Compared({ fields }: { fields: Field[] }) {
  if (!fields.length) return <Empty icon="circle-check" title="No difference">ECS runs exactly what is wanted.</Empty>;
  return <div class="panel"><Fields fields={fields} labels={['Runs in ECS', 'Wanted']} /></div>;
}

export function TasksTab({ service }: { service: Service }) {
  const reading = useService(service);
  const detail: Json = { ...reading.data, ...(reading.data?.rollout as Json | null) };
  const tasks = Array.isArray(detail.tasks) ? (detail.tasks as Json[]) : [];
  const stops = service.stops.length ? service.stops : readStops(detail.stops ?? detail.stop_reasons);
  const events = service.events.length > 3 ? service.events : readEvents(detail.events).length ? readEvents(detail.events) : service.events;
  if (!reading.data && reading.slow) return <Skeleton rows={5} />;
  if (!tasks.length && !stops.length && !events.length) return <Empty icon="info" title="Nothing has happened">ECS reported no tasks and no events for {service.name} yet.</Empty>;
  return (
    <>
      {stops.length > 0 && (
        <section>
          <h3>Why tasks stopped</h3>
          <Feed entries={stops.map((s) => ({ at: s.at, text: <><strong>{s.reason}</strong>{s.exitCode !== null && <span class="mute"> · exit code {s.exitCode}</span>}{s.task && <span class="mute"> · task <code>{s.task.split('/').at(-1)?.slice(0, 8)}</code></span>}</> }))} />
        </section>
      )}
      {tasks.length > 0 && (
        <section>
          <h3>Tasks</h3>
          <Feed entries={tasks.map((t) => ({ at: instant(t.started_at ?? t.at ?? t.created_at), text: <><code>{String(t.id ?? t.task ?? '').split('/').at(-1)?.slice(0, 8)}</code> {String(t.status ?? t.state ?? '')} <span class="mute">{versionOf((t.image as string | undefined) ?? null)}</span></> }))} />
        </section>
      )}
      {events.length > 0 && (
        <section>
          <h3>Events of ECS</h3>
          <Feed entries={events.map((e) => ({ at: e.at, text: e.message }))} />
        </section>
      )}
    </>
  );
}

export function Feed({ entries }: { entries: { at: number | null; text: ComponentChildren }[] }) {
  return <ul class="feed">{entries.map((e, i) => <li key={i}><Ago at={e.at} /><span>{e.text}</span></li>)}</ul>;
}

export function HistoryTab({ service, revision }: { service: Service; revision: string | null }) {
  const reading = useRead<Json>(`${service.cluster} ${revision}`, (signal) => call(path('clusters', service.cluster, 'revisions'), { signal, query: { service: service.name } }));
  if (reading.error) return <Failed error={reading.error} retry={reading.again} />;
  if (!reading.data) return reading.slow ? <Skeleton rows={5} /> : null;
  const { revisions } = readRevisions(reading.data);
  const own = revisions.filter((r) => !r.services.length || r.services.includes(service.name));
  if (!own.length) return <Empty icon="history" title="No change yet">No revision changed {service.name}.</Empty>;
  return (
    <ul class="feed">
      {own.map((r) => (
        <li key={r.id}>
          <Ago at={r.at} />
          <span>{r.message ?? r.summary ?? 'No reason given'} <span class="mute">· {r.by ?? 'external'} · <Link to={{ screen: 'history', cluster: service.cluster, from: null, to: r.id }} class="revision">{shortRevision(r.id)}</Link></span></span>
        </li>
      ))}
    </ul>
  );
}
