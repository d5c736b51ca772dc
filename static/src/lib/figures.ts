/** The figures of a service over a range: requests a minute, the share of 5xx, p95 latency, CPU and memory. */

import type { Metrics, Series } from './metrics';

const MINUTE_MS = 60_000;

/** Those that have values, in the order in which users notice them. */
export function figuresOf({ series }: Metrics): Series[] {
  const named = (name: string) => series.find((one) => one.name === name);
  const [requests, errors] = [named('requests'), named('errors')];
  const figures = [
    requests && perMinute(requests),
    requests && errors && shareOf(errors, requests),
    named('latency_p95'),
    named('cpu'),
    named('memory'),
  ];
  return figures.filter((one) => one !== undefined).filter(({ points }) => points.some(({ value }) => value !== null));
}

/** Counts of periods as counts a minute. */
function perMinute({ points }: Series): Series {
  const minutes = points.length > 1 ? (points[1]!.at - points[0]!.at) / MINUTE_MS : 1;
  return {
    name: 'request_rate',
    unit: 'Count/Minute',
    points: points.map(({ at, value }) => ({ at, value: value === null ? null : value / minutes })),
  };
}

/** One count in percent of another; unknown where the other is 0. */
function shareOf(part: Series, whole: Series): Series {
  return {
    name: 'error_rate',
    unit: 'Percent',
    points: whole.points.map(({ at, value }, i) => ({
      at,
      value: value ? (100 * (part.points[i]?.value ?? 0)) / value : null,
    })),
  };
}
