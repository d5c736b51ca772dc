/** Deployments in stages: the parts of the rollout's screen and its dialogs, with their styles. */

import '../../styles/staged.css';

export { ContinueDialog } from './continue-dialog';
export { StagedRollout } from './staged-rollout';
export { StopDialog } from './stop-dialog';
