/** Sparklines, charts and log lines. */

import { levelOf, type Line } from '../../lib/logs';
import { Lines } from '../telemetry/logs-tab';
import { Plot } from '../telemetry/metrics-tab';
import { Sparkline } from '../telemetry/sparkline';
import { series, UNBROKEN } from './samples';
import { Sample, Section } from './section';

const HOUR = 3_600_000;

const wave = (share: number) => 0.4 + 0.25 * Math.sin(share * 12) + 0.1 * Math.sin(share * 47);

export function Charts({ at }: { at: number }) {
  const marks = [
    { at: at - HOUR / 2, failed: false, image: 'team/sample:v2.6.0' },
    { at: at - HOUR / 5, failed: true, image: 'team/sample:v2.6.1' },
  ];
  const shapes: [string, (share: number) => number | null][] = [
    ['steady', wave],
    ['rising to the limit', (share) => 0.1 + 0.9 * share],
    ['with a gap', (share) => (share > 0.4 && share < 0.6 ? null : wave(share))],
    ['nothing of late', (share) => (share > 0.5 ? null : wave(share))],
    ['zero', () => 0],
  ];
  return (
    <Section title="Sparklines and charts">
      <div class="partgrid">
        {shapes.map(([name, shape]) => (
          <Sample key={name} name={name}>
            <Sparkline series={series('cpu', at, 100, shape)} deployed={null} />
          </Sample>
        ))}
        <Sample name="with a deployment">
          <Sparkline series={series('memory', at, 100, wave)} deployed={at - HOUR / 3} />
        </Sample>
      </div>
      <Plot series={series('cpu', at, 100, wave)} from={at - HOUR} to={at} marks={marks} />
      <Plot series={series('requests', at, 12_400, shapes[2]![1])} from={at - HOUR} to={at} marks={[]} />
      <Plot
        series={series('errors', at, 9, (share) => (share > 0.8 ? wave(share) : 0))}
        from={at - HOUR}
        to={at}
        marks={marks}
      />
    </Section>
  );
}

const TEXTS = [
  '{"level":"info","message":"request","path":"/v1/orders/4711","status":200,"duration_ms":31}',
  'WARNING slow query: 1840 ms',
  'ERROR could not connect to db-primary:5432: connection refused',
  `{"level":"info","message":"${UNBROKEN}"}`,
  'שלום عالم — text from right to left',
];

export function LogLines({ at }: { at: number }) {
  const lines: Line[] = TEXTS.map((text, i) => ({
    at: at - (TEXTS.length - i) * 900,
    task: '3f9a01c2b7de',
    container: 'sample',
    text,
    level: levelOf(text),
  }));
  return (
    <Section title="Log lines">
      <div class="logview">
        <Lines lines={lines} wrap follow={false} onScrollUp={() => undefined} />
      </div>
    </Section>
  );
}
