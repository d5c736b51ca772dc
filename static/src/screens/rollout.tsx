import { asked, rollback, shortRevision } from '../app/actions';
import { go, hindrance, store } from '../app/state';
import { plural } from '../lib/changes';
import { hasFailed, presentTrouble, type Service } from '../lib/model';
import { clusterRoute } from '../lib/router';
import type { ClusterEntry } from '../lib/store';
import { Badge, Bar, StatusBadge, VerdictBadge } from '../ui/badge';
import { Button, Link } from '../ui/button';
import { Banner, Empty } from '../ui/states';
import { Ago } from '../ui/time';
import { Feed } from './drawer-tabs';
import { ClusterFrame } from './frame';
import { Tasks, Version } from './service-row';

/** How far ECS is: a bar for each service that moves, and how it ended for those that did. */
export function RolloutScreen({ entry }: { entry: ClusterEntry }) {
  const services = entry.names.value.map((name) => entry.rows.get(name)!.value).filter((s) => s.sync !== 'unmanaged');
  const moving = services.filter((s) => s.sync === 'rolling-out');
  const failed = services.filter(hasFailed);
  const ended = services.filter((s) => s.verdict && !hasFailed(s) && s.sync !== 'rolling-out').toSorted((a, b) => (b.verdict!.at ?? 0) - (a.verdict!.at ?? 0));
  const percent = services.length ? Math.round(services.reduce((sum, s) => sum + (s.sync === 'rolling-out' ? (s.percent ?? 0) : 100), 0) / services.length) : 100;
  const summary = entry.summary.value;
  const why = hindrance('POST', '/clusters/{c}/rollback', entry.name);
  return (
    <ClusterFrame entry={entry} page="rollout">
      <section class="panel" aria-label="The rollout as a whole">
        <header>
          <h2>{moving.length ? `${plural(moving.length, 'service')} on the way` : failed.length ? `Ended with ${plural(failed.length, 'failure')}` : 'Everything has arrived'}</h2>
          <div class="row">
            <span class="small mute"><span class="revision">{shortRevision(summary.revision)}</span> · <Ago at={summary.changedAt} /></span>
            <Button icon="undo" why={why} onClick={() => (asked.value = rollback(entry.name, null))}>Roll back</Button>
          </div>
        </header>
        <div class="body"><Bar percent={percent} label="The whole rollout" tone={moving.length ? 'busy' : failed.length ? 'bad' : 'good'} /></div>
      </section>
      {failed.map((s) => (
        <Banner key={s.name} tone="bad" icon="circle-cross" title={<>{s.name} {s.state === 'rolled-back' ? 'was rolled back' : s.sync === 'rolling-out' ? 'is on its way, but its tasks fail' : 'failed'}</>} actions={<><Button icon="undo" why={why} onClick={() => (asked.value = rollback(entry.name, null, s.name))}>Roll back {s.name}</Button><Link to={clusterRoute(entry.name, s.name, 'tasks')}>Why?</Link></>}>
          <p>{presentTrouble(s) ? `${presentTrouble(s)!.what} ${presentTrouble(s)!.advice}` : s.verdict?.reason || s.stops[0]?.reason || 'No reason is known yet.'}</p>
        </Banner>
      ))}
      {moving.length > 0 && <Rows services={moving} label="On the way" />}
      {ended.length > 0 && <Rows services={ended.slice(0, 50)} label="Arrived" />}
      {!moving.length && !ended.length && !failed.length && (
        <Empty icon="circle-check" title="No rollout to show" actions={<Button onClick={() => go(clusterRoute(entry.name))}>Services</Button>}>Nothing moves in {entry.name}, and nothing has moved since the server watches it.</Empty>
      )}
      <Activity cluster={entry.name} />
    </ClusterFrame>
  );
}

function Rows({ services, label }: { services: readonly Service[]; label: string }) {
  return (
    <section class="group" aria-label={label}>
      <h2>{label} <span class="number">{services.length}</span></h2>
      <div class="table rollouts" role="table" aria-label={label}>
        <div class="visually-hidden" role="rowgroup"><div role="row">{['Service', 'Version', 'Tasks', 'Progress', 'Status'].map((h) => <span key={h} role="columnheader">{h}</span>)}</div></div>
        <div class="tbody" role="rowgroup">
          {services.map((s) => (
            <div key={s.name} class="tr" role="row">
              <span class="td cut" role="cell"><Link to={clusterRoute(s.cluster, s.name)} class="name-link" data-row={s.name}>{s.name}</Link></span>
              <span class="td" role="cell"><Version service={s} /></span>
              <span class="td wide" role="cell"><Tasks service={s} /></span>
              <span class="td wide" role="cell">
                {s.sync === 'rolling-out' ? <><Bar percent={s.percent ?? 0} label={`${s.name} rolled out`} /><span class="small mute cut" style={{ display: 'block', marginTop: '4px' }}>{s.events[0]?.message ?? 'Waiting for ECS'}</span></> : <span class="small mute cut" style={{ display: 'block' }}>{s.verdict?.reason || <Ago at={s.verdict?.at ?? null} />}</span>}
              </span>
              <span class="td end" role="cell">{s.sync === 'rolling-out' ? s.state === 'queued' ? <Badge tone="mute" icon="pause">Queued</Badge> : <StatusBadge service={s} /> : <VerdictBadge ending={s.verdict!.ending} />}</span>
            </div>
          ))}
        </div>
      </div>
    </section>
  );
}

/** One feed for the whole cluster: what was changed, and how it ended, as it happened since the page was opened. */
function Activity({ cluster }: { cluster: string }) {
  const entries = store.activity.value.filter((a) => a.cluster === cluster);
  if (!entries.length) return null;
  return (
    <section class="panel" aria-label="What happened">
      <header><h2>What happened</h2><span class="small mute">since this page was opened</span></header>
      <div class="body"><Feed entries={entries.slice(0, 40).map((a) => ({ at: a.at, text: a.text }))} /></div>
    </section>
  );
}
