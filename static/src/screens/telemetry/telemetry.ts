/** Logs and plots: a chunk of their own, with its styles. */

import '../../styles/telemetry.css';

export { Figures } from './figures';
export { LogsTab } from './logs-tab';
export { MetricsTab } from './metrics-tab';
export { loadView } from './sparkline';
export { NewTaskLog } from './new-task-log';
export { RolloutComparison, RolloutComparisons } from './rollout-comparison';
