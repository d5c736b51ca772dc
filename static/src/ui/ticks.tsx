import type { Band, Placed } from '../lib/ticks';
import { notches, ticksInWords } from '../lib/ticks';

/** The deployments of some days on a line: success stands on it, failure hangs below it, a rollback bends back, a freeze is a band. */
export function Ticks({
  ticks,
  freeze = null,
  days = 7,
}: {
  ticks: readonly Placed[];
  freeze?: Band | null;
  days?: number;
}) {
  return (
    <span class="ticks" role="img" aria-label={ticksInWords(ticks, days)}>
      {notches(days).map((left) => (
        <i key={left} class="notch" style={{ left: `${left}%` }} />
      ))}
      {freeze && <i class="freeze" style={{ left: `${freeze.left}%`, right: `${freeze.right}%` }} />}
      {ticks.map(({ left, kind }, i) => (
        <i key={i} class="tick" data-kind={kind} style={{ left: `${left}%` }} />
      ))}
    </span>
  );
}
