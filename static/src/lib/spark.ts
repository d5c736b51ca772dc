/** The path of a sparkline: values at equal distances, from zero to `top`. */

export interface Points {
  values: readonly number[];
  width: number;
  height: number;
  top: number;
}

const EDGE = 2;

function place({ values, width, height, top }: Points): { x: number; y: number }[] {
  const step = width / Math.max(1, values.length - 1);
  return values.map((value, i) => ({
    x: round(i * step),
    y: round(height - EDGE - (Math.min(Math.max(value, 0), top) / top) * (height - 2 * EDGE)),
  }));
}

export function line(points: Points): { path: string; end: { x: number; y: number } } {
  const at = place(points);
  return { path: at.map(({ x, y }, i) => `${i ? 'L' : 'M'}${x} ${y}`).join(''), end: at.at(-1) ?? { x: 0, y: 0 } };
}

/** The line, closed along the bottom. */
export function area(points: Points): string {
  const { path, end } = line(points);
  return `${path}L${end.x} ${points.height}L0 ${points.height}Z`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
