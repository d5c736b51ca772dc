import { asked, rollback } from '../../app/actions';
import { go } from '../../app/state';

/** Asks for a rollback of one service, or of all (null), and shows its rollout. */
export function askRollback(cluster: string, revision: string, service: string | null): void {
  asked.value = { ...rollback(cluster, revision, service), after: () => go({ screen: 'rollout', cluster }) };
}
