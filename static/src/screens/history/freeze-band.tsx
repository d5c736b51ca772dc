import type { FreezeWindows } from '../../lib/freeze-windows';
import type { Frozen } from '../../lib/revisions';
import { exact } from '../../lib/time';
import { Icon } from '../../ui/icons';
import { UserText } from '../../ui/text';

const MOMENT = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** A freeze on the line of the history: a hatched band, with who, why, and from when until when. */
export function FreezeBand({ frozen: { since, until, by, reason } }: { frozen: Frozen }) {
  return (
    <li class="freeze">
      <span />
      <Icon name="frozen" />
      <p>
        <b>
          {since === null ? 'Unfrozen' : 'Frozen'} by <UserText text={by ?? 'an unknown user'} />
          {reason && (
            <>
              , <UserText text={reason} quoted />
            </>
          )}
        </b>{' '}
        <span class="soft">
          {since !== null && <Moment at={since} />} – {until === null ? 'until lifted' : <Moment at={until} />}
        </span>
      </p>
    </li>
  );
}

/** The freezes of the calendar that go on or are ahead, the last one first, as the history has the newest first. */
export function PlannedFreezes({ windows: { now, next } }: { windows: FreezeWindows }) {
  return (
    <>
      {[...next.toReversed(), ...(now ? [now] : [])].map((time) => (
        <li key={time.from} class="freeze">
          <span />
          <Icon name="frozen" />
          <p>
            <b>
              {time === now ? 'Freeze window' : 'Next freeze window'}
              {time.reason && (
                <>
                  , <UserText text={time.reason} quoted />
                </>
              )}
            </b>{' '}
            <span class="soft">
              <Moment at={time.from} /> – <Moment at={time.until} />
            </span>
          </p>
        </li>
      ))}
    </>
  );
}

function Moment({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {MOMENT.format(at)}
    </time>
  );
}
