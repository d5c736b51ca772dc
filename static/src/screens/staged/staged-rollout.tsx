import { versionOf } from '../../lib/images';
import { taskMarks, tasksInWords } from '../../lib/marks';
import { type OpenRollout, progress, type Service } from '../../lib/model';
import { type Staged, strategyInWords } from '../../lib/staged';
import { clock, exact, until } from '../../lib/time';
import { now } from '../../app/state';
import { Badge } from '../../ui/badge';
import { Clock, Countdown } from '../../ui/clock';
import { TaskSquares } from '../../ui/squares';
import { StopButton } from '../service/stop-button';
import { PauseSlab } from './pause-slab';
import { StageList } from './stage-list';
import { Traffic } from './traffic';

/** A deployment in stages: what it waits for, the traffic, old tasks and new ones, and ECS's stages. */
export function StagedRollout({
  service,
  staged,
  rollout,
}: {
  service: Service;
  staged: Staged;
  rollout: OpenRollout | null;
}) {
  const { old, fresh } = taskMarks(service);
  const former = versionOf(service.previousImage ?? service.deployedImage);
  const { pause, traffic } = staged;
  return (
    <section class="staged" aria-label={`Rollout of ${service.name}`}>
      {pause ? (
        <PauseSlab service={service} pause={pause} former={former} />
      ) : (
        <Moving service={service} staged={staged} rollout={rollout} />
      )}
      {traffic && <Traffic traffic={traffic} former={former} version={versionOf(service.image)} />}
      <div class="tasksides">
        <Side title="Old" version={former} marks={old} />
        <Side title="New" version={versionOf(service.image)} marks={fresh} />
      </div>
      <Monitors staged={staged} />
      <StageList staged={staged} />
      <div class="row">
        <span class="small mute grow">Deployment: {strategyInWords(staged.strategy)}</span>
        <StopButton service={service} />
      </div>
    </section>
  );
}

/** What goes on by itself: the time since it began, or what is left of a bake. */
function Moving({ service, staged, rollout }: { service: Service; staged: Staged; rollout: OpenRollout | null }) {
  const bakes = staged.until !== null && (service.state === 'baking' || service.state === 'shifting');
  return (
    <div class="moving">
      {bakes ? <Countdown until={staged.until!} /> : rollout?.since && <Clock since={rollout.since} />}
      <p>
        <b>{progress(service)}</b>
        {bakes ? (
          <span title={exact(staged.until!)}>
            {service.state === 'baking' ? 'bakes' : 'this step bakes'} until {until(staged.until!, now.value)}
          </span>
        ) : (
          rollout?.usual && <span>usually {clock(rollout.usual)} in all</span>
        )}
      </p>
    </div>
  );
}

function Side({
  title,
  version,
  marks,
}: {
  title: string;
  version: string;
  marks: ReturnType<typeof taskMarks>['old'];
}) {
  const tasks = { old: [], fresh: marks };
  return (
    <div>
      <p class="cut">
        {title} <b>{version}</b>
      </p>
      <TaskSquares marks={tasks} size="large" />
      <small>{marks.length ? tasksInWords(tasks) : 'no tasks'}</small>
    </div>
  );
}

/** What ends the deployment by itself: alarms and the circuit breaker. */
function Monitors({ staged: { alarms, breaker } }: { staged: Staged }) {
  if (!alarms && !breaker) return null;
  return (
    <dl class="facts">
      {alarms && (
        <>
          <dt>Alarms</dt>
          <dd class="row">
            {alarms.names.map((name) =>
              alarms.triggered.includes(name) ? (
                <Badge key={name} tone="bad" icon="bell">
                  {name} triggered
                </Badge>
              ) : (
                <Badge key={name} tone="mute" icon="check" plain>
                  {name}
                </Badge>
              ),
            )}
          </dd>
        </>
      )}
      {breaker && (
        <>
          <dt>Circuit breaker</dt>
          <dd>
            {breaker.failures} of {breaker.threshold} failed tasks
          </dd>
        </>
      )}
    </dl>
  );
}
