/* oxlint-disable jsx-a11y/no-redundant-roles, jsx-a11y/no-interactive-element-to-noninteractive-role -- Safari drops the roles of a table that is laid out as a grid */

import type { ComponentChildren } from 'preact';
import {
  basisOf,
  type Compared,
  comparedValue,
  departureOf,
  differenceOf,
  isWorse,
  type MetricComparison,
  sidesOf,
} from '../../lib/metric-comparison';
import { titleOfMetric } from '../../lib/metrics';
import { Icon } from '../../ui/icons';

/** Old against new of a rollout: each metric with the values of both sides and their difference. */
export function MetricComparison({ comparison }: { comparison: MetricComparison }) {
  return (
    <section class="oldnew" aria-label="Old against new">
      <ComparisonTable comparison={comparison} title="Old against new" />
    </section>
  );
}

/** The table and how its values came about. Its rows may be drawn as columns, so that the roles are explicit. */
export function ComparisonTable({ comparison, title }: { comparison: MetricComparison; title: ComponentChildren }) {
  const [old, fresh] = sidesOf(comparison);
  return (
    <>
      <table role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader">{title}</th>
            <th role="columnheader">
              <bdi>{old}</bdi>
            </th>
            <th role="columnheader">
              <bdi>{fresh}</bdi>
            </th>
            <th role="columnheader">Difference</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {comparison.metrics.map((metric) => (
            <Row key={metric.name} metric={metric} departure={departureOf(metric, comparison)} />
          ))}
        </tbody>
      </table>
      <p class="small mute">{basisOf(comparison)}</p>
    </>
  );
}

function Row({ metric, departure }: { metric: Compared; departure: string }) {
  const isBad = isWorse(metric);
  return (
    <tr role="row" data-bad={isBad}>
      <th role="rowheader">
        {titleOfMetric(metric)}
        {departure && <small>{departure}</small>}
      </th>
      <Value value={metric.old} metric={metric} />
      <Value value={metric.new} metric={metric} />
      <td role="cell">
        {isBad && (
          <>
            <Icon name="alert" />{' '}
          </>
        )}
        {differenceOf(metric) || '–'}
      </td>
    </tr>
  );
}

function Value({ value, metric }: { value: number | null; metric: Compared }) {
  const { text, unit } = comparedValue(value, metric);
  return (
    <td role="cell">
      <b>{text}</b>
      {unit && <i> {unit}</i>}
    </td>
  );
}
