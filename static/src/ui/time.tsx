import { now } from '../app/state';
import { exact, relative, until } from '../lib/time';

/** How long ago, ticking; the exact time with its zone and UTC on hover. */
export function Ago({ at }: { at: number | null }) {
  if (at === null) return <span class="mute">–</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {relative(at, now.value)}
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
