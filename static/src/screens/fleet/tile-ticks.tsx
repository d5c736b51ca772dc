import { deployments } from '../../app/activity';
import { minute } from '../../app/state';
import { band, placed } from '../../lib/ticks';
import type { ClusterEntry } from '../../lib/store';
import { Ticks } from '../../ui/ticks';

const DAYS = 7;

/** The deployments of a cluster in the last days; nothing before the activity of the fleet is known. */
export function TileTicks({ entry }: { entry: ClusterEntry }) {
  if (!deployments.value) return null;
  const at = minute.value;
  const { frozen } = entry.summary.value;
  const freeze = frozen?.at ? band(frozen.at, null, at, DAYS) : null;
  return <Ticks ticks={placed(deployments.value.get(entry.name) ?? [], at, DAYS)} freeze={freeze} days={DAYS} />;
}
