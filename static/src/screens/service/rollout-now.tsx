/** The deployment of one service as it happens: a clock, old tasks and new ones, the stages. */

import { now, store } from '../../app/state';
import { versionOf } from '../../lib/images';
import { taskMarks, tasksInWords } from '../../lib/marks';
import { type OpenRollout, progress, type Service } from '../../lib/model';
import { type Stage, stagesOf } from '../../lib/stages';
import { clock, duration } from '../../lib/time';
import { rolloutOf } from '../../lib/wall';
import { Clock } from '../../ui/clock';
import { Icon } from '../../ui/icons';
import { lazy } from '../../ui/lazy';
import { TaskSquares } from '../../ui/squares';
import { StopButton } from './stop-button';

const StagedRollout = lazy(() => import('../staged/staged').then((parts) => parts.StagedRollout));

/** For how long the end of a rollout is shown large. */
const RECENT_MS = 120_000;

export function RolloutNow({ service }: { service: Service }) {
  const rollout = shownRollout(service);
  const { staged } = service;
  if (service.sync === 'rolling-out' && (staged?.stages.length || staged?.pause))
    return <StagedRollout service={service} staged={staged} rollout={rollout} />;
  if (service.sync === 'rolling-out')
    return <Running service={service} since={rollout?.since ?? null} usual={rollout?.usual ?? null} />;
  if (!rollout) return null;
  return <Live service={service} took={service.verdict!.at! - rollout.since!} usual={rollout.usual} />;
}

/** The rollout of a service while it goes on, and for a while after it has ended well; null at other times. */
export function shownRollout(service: Service): OpenRollout | null {
  const summary = store.get(service.cluster)?.summary.value;
  const rollout = summary ? rolloutOf(summary, service.name) : null;
  if (service.sync === 'rolling-out') return rollout;
  const { verdict } = service;
  const recent = verdict?.ending === 'succeeded' && verdict.at !== null && now.value - verdict.at < RECENT_MS;
  return recent && rollout !== null && rollout.since !== null ? rollout : null;
}

function Running({ service, since, usual }: { service: Service; since: number | null; usual: number | null }) {
  const { old, fresh } = taskMarks(service);
  return (
    <section class="run" aria-label="Rollout">
      <div class="timer">
        {since !== null && <Clock since={since} />}
        <p>{usual === null ? progress(service) : `of usually ${clock(usual)} · ${progress(service)}`}</p>
      </div>
      <div class="swap">
        <Side version={versionOf(service.previousImage ?? service.deployedImage)} marks={old} />
        <Icon name="arrow" />
        <Side version={versionOf(service.image)} marks={fresh} fresh />
      </div>
      <ol class="stages" aria-label="Stages">
        {stagesOf(service).map((stage) => (
          <StageRow key={stage.name} stage={stage} />
        ))}
      </ol>
      {service.staged?.deployment && <StopButton service={service} />}
    </section>
  );
}

function Side({
  version,
  marks,
  fresh = false,
}: {
  version: string;
  marks: ReturnType<typeof taskMarks>['old'];
  fresh?: boolean;
}) {
  const tasks = { old: [], fresh: marks };
  return (
    <div data-fresh={fresh}>
      <p class="cut">{version}</p>
      <TaskSquares marks={tasks} size="huge" most={6} />
      <small>{marks.length ? tasksInWords(tasks) : 'drained'}</small>
    </div>
  );
}

function StageRow({ stage: { name, state, note } }: { stage: Stage }) {
  const words = { done: 'done', now: 'in progress', next: 'next' };
  return (
    <li data-state={state}>
      {state === 'done' ? <Icon name="check" /> : <i />}
      <span>{name}</span>
      <small>{note || words[state]}</small>
    </li>
  );
}

/** `v2.6.1 live in 50 s`, shown for a while after the end. */
function Live({ service, took, usual }: { service: Service; took: number; usual: number | null }) {
  const seconds = Math.round(Math.abs((usual ?? 0) - took) / 1000);
  const pace = usual === null || seconds < 2 ? '' : ` ${seconds} s ${took < usual ? 'faster' : 'slower'} than usual.`;
  return (
    <section class="run" data-done="true" aria-label="Rollout">
      <div class="timer">
        <b>{clock(took)}</b>
        <p>
          <b>
            {versionOf(service.image)} live in {duration(took)}.
          </b>
          {pace}
        </p>
      </div>
      <TaskSquares marks={taskMarks(service)} size="large" />
    </section>
  );
}
