import { opened } from '../../app/menus';
import { stopHindrance } from '../../app/stopping';
import type { Service } from '../../lib/model';
import { Button } from '../../ui/button';

/** Opens the dialog that stops a rollout. */
export function StopButton({ service }: { service: Service }) {
  return (
    <Button
      icon="square"
      why={stopHindrance(service)}
      onClick={() => (opened.value = { kind: 'stop', cluster: service.cluster, service })}
    >
      Stop rollout
    </Button>
  );
}
