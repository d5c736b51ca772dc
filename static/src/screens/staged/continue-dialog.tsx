import { continueHindrance, endPause } from '../../app/stopping';
import { versionOf } from '../../lib/images';
import type { Service } from '../../lib/model';
import { stageInWords } from '../../lib/staged';
import { UserText } from '../../ui/text';
import { ActDialog } from './act-dialog';

/** Ends a pause: the rollout goes on, or back; `seen` has the pause that the viewer saw. */
export function ContinueDialog({
  service,
  seen,
  action,
  onClose,
}: {
  service: Service;
  seen: Service;
  action: 'continue' | 'rollback';
  onClose: () => void;
}) {
  const pause = seen.staged?.pause;
  const former = versionOf(seen.previousImage ?? seen.deployedImage);
  const goesOn = action === 'continue';
  return (
    <ActDialog
      title={goesOn ? `Continue the rollout of ${service.name}` : `Roll back ${service.name} to ${former}`}
      verb={goesOn ? 'Continue' : 'Roll back'}
      danger={!goesOn}
      why={continueHindrance(service)}
      done={goesOn ? `The rollout of ${service.name} goes on` : `${service.name} is being rolled back`}
      act={(reason) => endPause(seen, action, reason)}
      onClose={onClose}
    >
      <p class="soft">
        {pause?.message ? <UserText text={pause.message} quoted /> : null} Paused at{' '}
        {stageInWords(pause?.stage ?? '').toLowerCase()}.
      </p>
    </ActDialog>
  );
}
