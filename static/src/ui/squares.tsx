/** Squares: one service on the wall, one task elsewhere. The shape carries the state as well as the colour. */

import { MARK_WORDS, type Mark, type TaskMarks, tasksInWords } from '../lib/marks';
import type { Route } from '../lib/router';
import { Link } from './button';

/** A square without a link; `label` is its tooltip. */
export function Square({ mark, label = MARK_WORDS[mark] }: { mark: Mark; label?: string }) {
  return <i class="sq" data-mark={mark} title={label} />;
}

/** A square that leads to its service. A calm one is left out of the tab order: its row on the cluster's page is in it. */
export function SquareLink({ mark, label, to }: { mark: Mark; label: string; to: Route }) {
  const calm = mark === 'healthy' || mark === 'stopped' || mark === 'unknown' || mark === 'unmanaged';
  return (
    <Link to={to} class="sq" data-mark={mark} title={label} aria-label={label} {...(calm ? { tabIndex: -1 } : {})}>
      {''}
    </Link>
  );
}

/** Beyond that many, the squares of tasks are counted. */
const MOST_TASKS = 12;

/** The tasks of a service: the old version, a thin bar, the new one. */
export function TaskSquares({
  marks,
  size = 'row',
  most = MOST_TASKS,
}: {
  marks: TaskMarks;
  size?: 'row' | 'large' | 'huge';
  most?: number;
}) {
  const { old, fresh } = marks;
  return (
    <span class="tasksquares" data-size={size} role="img" aria-label={tasksInWords(marks)}>
      {old.length > 0 && some(old, most)}
      {old.length > 0 && fresh.length > 0 && <i class="bar-between" />}
      {fresh.length > 0 && some(fresh, most)}
    </span>
  );
}

/** Elements rather than components, each of which costs as much as five elements: a table has thousands of squares. */
function some(marks: readonly Mark[], most: number) {
  const hidden = marks.length - most;
  return (
    <span class="sqs">
      {marks.slice(0, most).map((mark, i) => (
        <i key={i} class="sq" data-mark={mark} title={MARK_WORDS[mark]} />
      ))}
      {hidden > 0 && <span class="more">+{hidden}</span>}
    </span>
  );
}
