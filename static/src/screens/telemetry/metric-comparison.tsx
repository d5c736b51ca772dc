import {
  basisOf,
  type Compared,
  comparedValue,
  differenceOf,
  isWorse,
  type MetricComparison,
  sidesOf,
} from '../../lib/metric-comparison';
import { titleOfMetric } from '../../lib/metrics';

/** Old against new of a rollout: each metric with the values of both sides and their difference. */
export function MetricComparison({ comparison }: { comparison: MetricComparison }) {
  const [old, fresh] = sidesOf(comparison);
  const mixed = comparison.metrics.some(({ byGroup }) => byGroup);
  return (
    <section class="oldnew" aria-label="Old against new">
      <table>
        <thead>
          <tr>
            <th scope="col">Old against new</th>
            <th scope="col">
              <bdi>{old}</bdi>
            </th>
            <th scope="col">
              <bdi>{fresh}</bdi>
            </th>
            <th scope="col">Difference</th>
          </tr>
        </thead>
        <tbody>
          {comparison.metrics.map((metric) => (
            <tr key={metric.name} data-bad={isWorse(metric)}>
              <th scope="row">
                {titleOfMetric(metric)}
                {mixed && !metric.byGroup && <small>before, since</small>}
              </th>
              <Value value={metric.old} metric={metric} />
              <Value value={metric.new} metric={metric} />
              <td>{differenceOf(metric) || '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="small mute">{basisOf(comparison)}</p>
    </section>
  );
}

function Value({ value, metric }: { value: number | null; metric: Compared }) {
  const { text, unit } = comparedValue(value, metric);
  return (
    <td>
      <b>{text}</b>
      {unit && <i> {unit}</i>}
    </td>
  );
}
