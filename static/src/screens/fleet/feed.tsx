import type { Happening } from '../../lib/activity';
import { activityRoute } from '../../lib/router';
import { Link } from '../../ui/button';
import { HappeningLine } from '../../ui/happening';

const SHOWN = 24;

/** What happened of late, beside the wall where there is room. */
export function Feed({ happenings }: { happenings: readonly Happening[] }) {
  if (!happenings.length) return null;
  return (
    <aside class="feed-side" aria-label="Activity">
      <h2>
        Activity <Link to={activityRoute()}>All</Link>
      </h2>
      <ol>
        {happenings.slice(0, SHOWN).map((happening, i) => (
          <HappeningLine key={`${happening.at} ${happening.cluster} ${i}`} happening={happening} />
        ))}
      </ol>
    </aside>
  );
}
