import { type LoadMetric, readLoad, sparkOf } from '../../lib/load';
import type { Series } from '../../lib/metrics';
import type { Json } from '../../lib/model';
import type { LoadView } from '../load';

const WIDTH = 80;
const HEIGHT = 24;

/** A series of the size of a word: its line, a mark for a deployment, and the present value with its unit. */
export function Sparkline({ series, deployed }: { series: Series; deployed: number | null }) {
  const { line, area, end, mark, value, words } = sparkOf(series, deployed, WIDTH, HEIGHT);
  return (
    <span class="sparkline" title={words}>
      <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        <path class="area" d={area} />
        <path class="line" d={line} />
        {mark !== null && <path class="mark" d={`M${mark} 0V${HEIGHT}`} />}
        {end && <circle cx={end.x} cy={end.y} r="2.2" />}
      </svg>
      {value && (
        <span aria-hidden="true">
          <b>{value.text}</b>
          {value.unit}
        </span>
      )}
      <span class="visually-hidden">{words}</span>
    </span>
  );
}

/** The cells of the services table, from an answer of the API. */
export function loadView(sent: Json): LoadView {
  const load = readLoad(sent);
  if (!load.size) return { draw: null, why: 'CloudWatch has no values of the last hour' };
  return {
    why: null,
    draw(service: string, metric: LoadMetric, deployed: number | null) {
      const series = load.get(service)?.[metric];
      return series && <Sparkline series={series} deployed={deployed} />;
    },
  };
}
