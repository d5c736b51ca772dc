import { useState } from 'preact/hooks';
import { useRead } from '../../app/read';
import { minute } from '../../app/state';
import { isCompared } from '../../lib/comparing';
import { versionOf } from '../../lib/images';
import {
  type Frame,
  type Mark,
  readMetrics,
  type Series,
  seriesInWords,
  shapeOf,
  titleOfMetric,
  valueOf,
  xOf,
} from '../../lib/metrics';
import { readComparison } from '../../lib/metric-comparison';
import type { Json, Service } from '../../lib/model';
import { call, path } from '../../lib/rest';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { Segments } from '../../ui/segments';
import { MetricComparison } from './metric-comparison';

const RANGES = [
  ['1h', '1 h'],
  ['6h', '6 h'],
  ['1d', '1 d'],
  ['1w', '1 w'],
] as const;

type Range = (typeof RANGES)[number][0];

/** Latency has its 95th percentile; the mean beside it would only confuse. */
const LEFT_OUT = new Set(['latency']);

/** CPU, memory, requests, errors and latency of a service over time, with a mark for each deployment; during a rollout also old against new, read again each minute. */
export function MetricsTab({ service }: { service: Service }) {
  const { cluster, name, sync } = service;
  const [range, setRange] = useState<Range>('1h');
  const moves = isCompared(service, minute.value);
  const key = ['metrics', cluster, name, range, sync, moves ? minute.value : ''].join(' ');
  const reading = useRead<Json>(key, (signal) =>
    call(path('clusters', cluster, 'services', name, 'metrics'), { signal, query: { range } }),
  );
  const comparison = reading.data && readComparison(reading.data);
  const metrics = reading.data && readMetrics(reading.data);
  const series = metrics?.series.filter((one) => !LEFT_OUT.has(one.name)) ?? [];
  return (
    <>
      <div class="spread">
        <Segments label="Range" value={range} choices={RANGES} onChange={setRange} />
        <span class="small mute">A vertical line is a deployment; times are local.</span>
      </div>
      {reading.error && <Failed error={reading.error} retry={reading.again} />}
      {!metrics && reading.slow && <Skeleton rows={6} />}
      {comparison && <MetricComparison comparison={comparison} />}
      {metrics && !series.some(hasValues) && (
        <Empty icon="scale" title="No metrics yet">
          CloudWatch has no values of {name} in this range.
        </Empty>
      )}
      {metrics &&
        series
          .filter(hasValues)
          .map((one) => <Plot key={one.name} series={one} from={metrics.from} to={metrics.to} marks={metrics.marks} />)}
    </>
  );
}

function hasValues({ points }: Series): boolean {
  return points.some(({ value }) => value !== null);
}

const WIDTH = 600;
const HEIGHT = 96;
/** Labels that are nearer to each other, in percent of the width, would overlap. */
const APART = 14;

export function Plot({
  series,
  from,
  to,
  marks,
}: {
  series: Series;
  from: number;
  to: number;
  marks: readonly Mark[];
}) {
  const frame: Frame = { from, to, width: WIDTH, height: HEIGHT };
  const { line, area, top } = shapeOf(series, frame);
  const last = valueOf(series.points.findLast(({ value }) => value !== null)?.value ?? null, series);
  const highest = valueOf(top, series);
  const inside = marks.filter(({ at }) => at >= from && at <= to);
  return (
    <section class="plot">
      <h3>
        {titleOfMetric(series)}
        <b>
          {last.text}
          <i>{last.unit}</i>
        </b>
      </h3>
      <div>
        <p class="axis">
          {highest.text} {highest.unit}
          {labels(inside, frame).map(({ image, left }) => (
            <span key={left} class="marklabel" style={{ left: `${left}%` }}>
              {versionOf(image)}
            </span>
          ))}
        </p>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={seriesInWords(series)}
          data-series={series.name}
        >
          <path class="grid" d={`M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT}H${WIDTH}`} />
          <path class="area" d={area} />
          <path class="line" d={line} />
          {inside.map((mark) => (
            <path key={mark.at} class="mark" data-failed={mark.failed} d={`M${xOf(mark.at, frame)} 0V${HEIGHT}`}>
              <title>{`${versionOf(mark.image)}${mark.failed ? ' failed' : ''}`}</title>
            </path>
          ))}
        </svg>
        <p class="axis spread">
          <span>{CLOCK.format(from)}</span>
          <span>{CLOCK.format(to)}</span>
        </p>
      </div>
    </section>
  );
}

/** The versions above their marks; of those that are close together, the newest. */
function labels(marks: readonly Mark[], frame: Frame): { image: string | null; left: number }[] {
  const placed = marks.map(({ at, image }) => ({
    image,
    left: Math.round((xOf(at, frame) / frame.width) * 1000) / 10,
  }));
  return placed.filter(({ left }, i) => left > APART && (placed[i + 1]?.left ?? 1000) - left >= APART);
}

const CLOCK = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
