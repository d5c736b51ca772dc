import type { ClusterEntry } from '../lib/store';
import { Flag } from '../ui/flag';

/** What differs from healthy in a cluster, beside its name; nothing where all is well, or before its services are known. */
export function ClusterFlags({ entry }: { entry: ClusterEntry }) {
  const { failed, paused, rollingOut, drifted, degraded } = entry.counts.value;
  const { frozen, unreadable } = entry.summary.value;
  if (unreadable !== null) {
    return (
      <Flag mark="unreadable" title={unreadable}>
        Unreadable
      </Flag>
    );
  }
  return (
    <>
      {failed > 0 && <Flag mark="failing">{failed} failing</Flag>}
      {paused > 0 && <Flag mark="paused">{paused === 1 ? 'Paused' : `${paused} paused`}</Flag>}
      {rollingOut > failed + paused && <Flag mark="rolling">Rolling out</Flag>}
      {drifted > 0 && <Flag mark="drifted">{drifted} drifted</Flag>}
      {degraded > 0 && <Flag mark="drifted">{degraded} degraded</Flag>}
      {frozen && (
        <Flag mark="frozen" title={frozen.reason}>
          Frozen
        </Flag>
      )}
    </>
  );
}
