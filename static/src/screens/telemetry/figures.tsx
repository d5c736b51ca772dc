import { useRef } from 'preact/hooks';
import { useRead } from '../../app/read';
import { minute } from '../../app/state';
import { figuresOf } from '../../lib/figures';
import { versionOf } from '../../lib/images';
import {
  type Mark,
  readMetrics,
  type Series,
  seriesInWords,
  shapeOf,
  titleOfMetric,
  valueOf,
  xOf,
} from '../../lib/metrics';
import type { Json, Service } from '../../lib/model';
import { call, path } from '../../lib/rest';
import { clusterRoute } from '../../lib/router';
import { Link } from '../../ui/button';
import { useInSight } from './in-sight';
import { ReadFailed } from './read-failed';

/** The points of a day are five minutes apart. */
const STEP_MS = 300_000;
const WIDTH = 120;
const HEIGHT = 28;
/** Without a value for so many of the newest points, there is no present value. */
const RECENT = 3;

/** Requests, errors, latency, CPU and memory of a service now, each with the line of its last 24 hours; read while they are in sight. */
export function Figures({ service: { cluster, name } }: { service: Service }) {
  const place = useRef<HTMLElement>(null);
  const inSight = useInSight(place);
  const key = inSight ? `figures ${cluster} ${name} ${Math.floor(minute.value / STEP_MS)}` : null;
  const reading = useRead<Json>(key, (signal) =>
    call(path('clusters', cluster, 'services', name, 'metrics'), { signal, query: { range: '1d' } }),
  );
  const metrics = reading.data && readMetrics(reading.data);
  const figures = metrics ? figuresOf(metrics) : [];
  const deployed = metrics?.marks.findLast(({ failed }) => !failed) ?? null;
  return (
    <section ref={place} class="figures" aria-label="Last 24 hours">
      <header class="spread">
        <h3>
          Last 24 hours {deployed && figures.length > 0 && <small>dotted line: {versionOf(deployed.image)}</small>}
        </h3>
        <Link to={clusterRoute(cluster, name, 'metrics')}>Metrics</Link>
      </header>
      {reading.error && <ReadFailed error={reading.error} retry={reading.again} />}
      {figures.length > 0 && (
        <ul>
          {figures.map((series) => (
            <Figure key={series.name} series={series} deployed={deployed} />
          ))}
        </ul>
      )}
      {!figures.length && !reading.error && (
        <p class={metrics ? 'small soft' : 'waits small soft'}>
          {metrics ? `CloudWatch has no values of ${name} yet.` : reading.slow && 'Reading CloudWatch…'}
        </p>
      )}
    </section>
  );
}

function Figure({ series, deployed }: { series: Series; deployed: Mark | null }) {
  const { points } = series;
  const frame = { from: points[0]!.at, to: points.at(-1)!.at, width: WIDTH, height: HEIGHT };
  const { line, area } = shapeOf(series, frame);
  const recent = points.slice(-RECENT);
  const { text, unit } = valueOf(recent.findLast(({ value }) => value !== null)?.value ?? null, series);
  return (
    <li>
      <span aria-hidden="true">
        {titleOfMetric(series)}
        <b>
          {text}
          {unit && <i> {unit}</i>}
        </b>
      </span>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" data-series={series.name}>
        <path class="area" d={area} />
        <path class="line" d={line} />
        {deployed && deployed.at >= frame.from && <path class="mark" d={`M${xOf(deployed.at, frame)} 0V${HEIGHT}`} />}
      </svg>
      <span class="visually-hidden">{seriesInWords(series, recent)}</span>
    </li>
  );
}
