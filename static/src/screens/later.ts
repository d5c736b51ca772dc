/** The screens that the first page does not need: a chunk of their own, with its styles. */

import '../styles/later.css';

export { AuditScreen } from './audit';
export { RemovedScreen } from './removed';
export { HistoryScreen } from './history/history';
export { NewCluster } from './new-cluster/new-cluster';
export { PromoteDialog } from './promote-dialog';
export { ReviewScreen } from './review';
export { RolloutScreen } from './rollout';
export { StackfileScreen } from './stackfile';
