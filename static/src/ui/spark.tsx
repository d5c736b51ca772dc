import { area, line, type Points } from '../lib/spark';

/** A sparkline: decoration beside its number and unit, which the caller shows as text. `mark`: where a deployment was, 0 to 1. */
export function Spark({
  values,
  width = 84,
  height = 26,
  max,
  mark = null,
}: {
  values: readonly number[];
  width?: number;
  height?: number;
  max?: number;
  mark?: number | null;
}) {
  if (values.length < 2) return null;
  const points: Points = { values, width: width - 3, height, top: max ?? Math.max(...values, 1) };
  const { end } = line(points);
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path class="area" d={area(points)} />
      <path class="line" d={line(points).path} />
      {mark !== null && <path class="mark" d={`M${(mark * (width - 3)).toFixed(1)} 0V${height}`} />}
      <circle class="end" cx={end.x} cy={end.y} r="2.2" />
    </svg>
  );
}
