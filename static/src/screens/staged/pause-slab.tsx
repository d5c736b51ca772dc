import { continueHindrance } from '../../app/stopping';
import { opened } from '../../app/menus';
import { now } from '../../app/state';
import type { Service } from '../../lib/model';
import { afterPause, type Pause, stageInWords } from '../../lib/staged';
import { exact, until } from '../../lib/time';
import { Button } from '../../ui/button';
import { Countdown } from '../../ui/clock';
import { UserText } from '../../ui/text';

/** A pause: how much time is left, what happens then, what to do, who may; solid for a viewer who may continue. */
export function PauseSlab({ service, pause, former }: { service: Service; pause: Pause; former: string }) {
  const why = continueHindrance(service);
  const ask = (action: 'continue' | 'rollback') =>
    (opened.value = { kind: 'continue', cluster: service.cluster, service, action });
  return (
    <div class="pauseslab" data-yours={why === null} role="status" aria-label={`${service.name} is paused`}>
      {pause.until !== null && (
        <p class="left">
          <Countdown until={pause.until} />
          <span title={exact(pause.until)}>
            until {until(pause.until, now.value)}, {afterPause(pause, former)}
          </span>
        </p>
      )}
      <div>
        <h3>
          {pause.message ? (
            <UserText text={pause.message} />
          ) : (
            `Paused: ${stageInWords(pause.stage ?? '').toLowerCase()}`
          )}
        </h3>
        <p class="small">
          {why === null ? 'You may continue' : why}
          {pause.may && (
            <>
              {' '}
              (<UserText text={pause.may} />)
            </>
          )}
        </p>
        <div class={why === null ? 'acts onsignal' : 'acts'}>
          <Button kind="primary" icon="right" why={why} onClick={() => ask('continue')}>
            Continue
          </Button>
          <Button icon="undo" why={why} onClick={() => ask('rollback')}>
            Roll back
          </Button>
        </div>
      </div>
    </div>
  );
}
