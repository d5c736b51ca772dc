import { useState } from 'preact/hooks';
import { stopHindrance, type StopMode, stopRollout } from '../../app/stopping';
import { versionOf } from '../../lib/images';
import type { Service } from '../../lib/model';
import { ActDialog } from './act-dialog';

/** Stops a rollout, back to the former version or as it is; `seen` is the deployment that the viewer saw. */
export function StopDialog({ service, seen, onClose }: { service: Service; seen: Service; onClose: () => void }) {
  const [mode, setMode] = useState<StopMode>('rollback');
  const former = versionOf(seen.previousImage ?? seen.deployedImage);
  const modes: [StopMode, string, string][] = [
    ['rollback', `Roll back to ${former}`, `${versionOf(seen.image)} is blocked, and the desired state goes back.`],
    ['abort', 'Abort', 'Leaves the tasks as they are. AWS may refuse it.'],
  ];
  return (
    <ActDialog
      title={`Stop the rollout of ${service.name}`}
      verb={mode === 'rollback' ? 'Stop and roll back' : 'Abort'}
      danger
      why={stopHindrance(service)}
      done={mode === 'rollback' ? `${service.name} is being rolled back` : `The rollout of ${service.name} is stopped`}
      act={(reason) => stopRollout(seen, mode, reason)}
      onClose={onClose}
    >
      <fieldset class="stopmodes">
        <legend class="label">How</legend>
        {modes.map(([key, label, note]) => (
          <label key={key}>
            <input type="radio" name="mode" checked={mode === key} onChange={() => setMode(key)} />
            {label}
            <small>{note}</small>
          </label>
        ))}
      </fieldset>
    </ActDialog>
  );
}
