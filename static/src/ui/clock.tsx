import { seconds } from '../app/state';
import { clock } from '../lib/time';

/** A running clock since a moment: ticks each second, by the server's time. */
export function Clock({ since }: { since: number }) {
  return <b class="running-clock">{clock(seconds.value - since)}</b>;
}

/** The time that is left until a moment. */
export function Countdown({ until }: { until: number }) {
  return <b class="running-clock">{clock(until - seconds.value)}</b>;
}
