import { adjust } from '../../app/state';
import { plural } from '../../lib/changes';
import type { Day } from '../../lib/delivery';

const LABEL = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
/** Each such day has its date below it. */
const LABELLED_EACH = 7;
/** More bars than this are thinner than a pointer: the newest are shown. */
const MOST_DAYS = 92;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** Deployments a day as bars: success stands on the line, failure hangs below it. A bar leads to its day. */
export function DayBars({ days }: { days: readonly Day[] }) {
  const shown = days.slice(-MOST_DAYS);
  const most = Math.max(1, ...shown.map((day) => day.succeeded));
  const worst = Math.max(0, ...shown.map((day) => day.failed));
  const step = STEPS.find((each) => most / each <= 3) ?? most;
  const top = Math.ceil(most / step) * step;
  const lines = Array.from({ length: top / step + 1 }, (_, i) => i * step);
  return (
    <div class="daybars">
      <p class="small soft">
        Deployments a day (UTC). Failures hang below the line.
        {shown.length < days.length && ` The newest ${MOST_DAYS} days.`}
      </p>
      <div class="chart" style={{ '--top': top, '--below': Math.max(worst, top / 6) }}>
        {lines.map((value) => (
          <span key={value} class="gridline" style={{ '--at': value }} aria-hidden="true">
            {value}
          </span>
        ))}
        <ol>
          {shown.map((day, i) => (
            <Bar
              key={day.day}
              day={day}
              last={i === shown.length - 1}
              labelled={(shown.length - 1 - i) % LABELLED_EACH === 0}
            />
          ))}
        </ol>
      </div>
    </div>
  );
}

function Bar({ day: { day, succeeded, failed }, last, labelled }: { day: Day; last: boolean; labelled: boolean }) {
  const date = LABEL.format(Date.parse(day));
  const words = `${date}: ${plural(succeeded, 'deployment')}, ${failed} failed`;
  return (
    <li data-last={last} style={{ '--succeeded': succeeded, '--failed': failed }}>
      <button type="button" title={words} onClick={() => adjust({ since: day, until: day })}>
        <span class="visually-hidden">{words}</span>
        <i class="succeeded" />
        <i class="failed" />
      </button>
      {labelled && <small aria-hidden="true">{date}</small>}
    </li>
  );
}
