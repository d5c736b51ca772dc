import { type LifecycleStage, type Staged, stageInWords } from '../../lib/staged';
import { Icon } from '../../ui/icons';
import { UserText } from '../../ui/text';
import { TimeOfDay } from '../../ui/time';

const WORDS = { done: 'done', now: 'in progress', next: 'next' };

/** ECS's stages in their order: when each began, and the one that it is in; a pause is part of its stage. */
export function StageList({ staged: { stages, stage, pause } }: { staged: Staged }) {
  if (!stages.length) return null;
  return (
    <section>
      <h3 class="spread">Stages {stage && <small>ECS: {stage}</small>}</h3>
      <ol class="stagelist">
        {stages.map((each) => (
          <Row key={each.stage} stage={each} paused={each.state === 'now' && pause !== null}>
            {each.state === 'now' && pause?.message ? (
              <>
                Pause: <UserText text={pause.message} quoted />
              </>
            ) : (
              stageInWords(each.stage)
            )}
          </Row>
        ))}
      </ol>
    </section>
  );
}

function Row({
  stage: { state, since },
  paused,
  children,
}: {
  stage: LifecycleStage;
  paused: boolean;
  children: preact.ComponentChildren;
}) {
  return (
    <li data-state={state} data-paused={paused}>
      {state === 'done' ? <Icon name="check" /> : paused ? <Icon name="pause" /> : <i />}
      <span>{children}</span>
      <span class="visually-hidden">{paused ? 'paused' : WORDS[state]}</span>
      {since !== null && <TimeOfDay at={since} />}
    </li>
  );
}
