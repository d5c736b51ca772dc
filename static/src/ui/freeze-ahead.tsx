import { now } from '../app/state';
import type { FreezeTime } from '../lib/freeze-windows';
import { exact, until } from '../lib/time';
import { UserText } from './text';

const MOMENT = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** A freeze that the calendar has ahead: when it begins and ends, and why. */
export function FreezeAhead({ time: { from, until: end, reason } }: { time: FreezeTime }) {
  return (
    <>
      Freezes <time title={exact(from)}>{until(from, now.value)}</time>, until{' '}
      <time title={exact(end)}>{MOMENT.format(end)}</time>
      {reason && (
        <>
          : <UserText text={reason} />
        </>
      )}
    </>
  );
}
