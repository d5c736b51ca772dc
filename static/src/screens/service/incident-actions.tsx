import { asked, rollback } from '../../app/actions';
import { go, hindrance, notify, now } from '../../app/state';
import { chatText, type Incident } from '../../lib/incident';
import { scheduleConcern, type Service } from '../../lib/model';
import { clusterRoute, format } from '../../lib/router';
import { Button, LinkButton } from '../../ui/button';

/** Asks for the way back from a version that fails, and shows what comes of it. */
export function rollBack({ cluster, name }: Service, to: string | null): void {
  asked.value = { ...rollback(cluster, null, name, to), after: () => go({ screen: 'rollout', cluster }) };
}

/** What to do about a failing service: back to the last version, its tasks and logs, a text for a chat. */
export function IncidentActions({
  service,
  incident,
  linked = true,
}: {
  service: Service;
  incident: Incident;
  /** With a link to the service's tasks. */
  linked?: boolean;
}) {
  const { cluster, name } = service;
  const address = format(clusterRoute(cluster, name));
  const copy = async () => {
    await navigator.clipboard?.writeText(chatText(service, incident, now.peek(), location.origin + address));
    notify({ tone: 'good', title: 'Copied', text: incident.title });
  };
  return (
    <div class="acts onsignal">
      <Button
        kind="primary"
        icon="undo"
        why={hindrance('POST', '/clusters/{c}/rollback', cluster, [name])}
        onClick={() => rollBack(service, incident.back)}
      >
        Roll back {incident.back ? `to ${incident.back}` : name}
      </Button>
      <LinkButton icon="logs" to={clusterRoute(cluster, name, 'logs')}>
        Logs
      </LinkButton>
      {scheduleConcern(service) && <LinkButton to={clusterRoute(cluster, name, 'runs')}>Runs</LinkButton>}
      {linked && <LinkButton to={clusterRoute(cluster, name, 'tasks')}>Tasks and events</LinkButton>}
      <Button onClick={() => void copy()}>Copy for chat</Button>
    </div>
  );
}
