import { computed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { now } from '../app/state';
import { age, exact, relative, until } from '../lib/time';

/** How long ago, ticking; the exact time with its zone and UTC on hover. */
export function Ago({ at }: { at: number | null }) {
  return at === null ? <span class="mute">–</span> : <Ticking at={at} words={relative} />;
}

/** `13 d`, ticking: how long something has been so. */
export function Age({ at }: { at: number }) {
  return <Ticking at={at} words={age} />;
}

function Ticking({ at, words }: { at: number; words: (at: number, now: number) => string }) {
  // It ticks, which its tooltip does not.
  const title = useMemo(() => exact(at), [at]);
  // Bound to the text itself: there are hundreds on a wall, which tick together, and few of which change.
  const text = useMemo(() => computed(() => words(at, now.value)), [at, words]);
  return (
    <time dateTime={new Date(at).toISOString()} title={title}>
      {text}
    </time>
  );
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

export const timeOfDay = (at: number): string => TIME.format(at);

/** `11:25`, in local time. */
export function TimeOfDay({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {timeOfDay(at)}
    </time>
  );
}

export function Until({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {until(at, now.value)}
    </time>
  );
}
