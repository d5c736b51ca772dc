/** Squares, ticks, clocks, flags, badges, bars and icons, each in all its states. */

import { now } from '../../app/state';
import { type Mark, MARK_WORDS, taskMarks } from '../../lib/marks';
import { clusterRoute } from '../../lib/router';
import { band, placed, type TickKind } from '../../lib/ticks';
import { Badge, Bar, HealthBadge, StatusBadge, VerdictBadge, VERDICTS } from '../../ui/badge';
import { Clock } from '../../ui/clock';
import { Flag, type FlagMark } from '../../ui/flag';
import { Square, SquareLink, TaskSquares } from '../../ui/squares';
import { Ticks } from '../../ui/ticks';
import { Ago, Until } from '../../ui/time';
import { LONG, services } from './samples';
import { Sample, Section } from './section';

const MARKS = Object.keys(MARK_WORDS) as Mark[];
const SIZES = ['row', 'large', 'huge'] as const;
const DAY = 86_400_000;

export function Squares({ at }: { at: number }) {
  return (
    <Section title="Squares">
      <div class="partgrid">
        {MARKS.map((mark) => (
          <Sample key={mark} name={MARK_WORDS[mark]}>
            <span class="sqs" style={{ '--sz': '10px' }}>
              <Square mark={mark} />
            </span>
            <span class="sqs">
              <Square mark={mark} />
            </span>
            <span class="sqs" style={{ '--sz': '30px' }}>
              <SquareLink mark={mark} label={`sample: ${MARK_WORDS[mark]}`} to={clusterRoute('sample')} />
            </span>
          </Sample>
        ))}
      </div>
      {services(at).map((service) => (
        <Sample key={service.name} name={service.name}>
          {SIZES.map((size) => (
            <TaskSquares key={size} marks={taskMarks(service)} size={size} most={6} />
          ))}
        </Sample>
      ))}
    </Section>
  );
}

const DEPLOYED: readonly (readonly [number, TickKind])[] = [
  [0.01, 'live'],
  [0.6, 'succeeded'],
  [1.4, 'back'],
  [1.5, 'failed'],
  [3.2, 'succeeded'],
  [3.3, 'succeeded'],
  [6.9, 'succeeded'],
];

export function TicksAndClocks({ at }: { at: number }) {
  const ticks = placed(
    DEPLOYED.map(([days, kind]) => ({ at: at - days * DAY, kind })),
    at,
    7,
  );
  return (
    <Section title="Ticks and clocks">
      <Sample name="each kind">
        <Ticks ticks={ticks} />
      </Sample>
      <Sample name="frozen for two days">
        <Ticks ticks={ticks.slice(0, 3)} freeze={band(at - 2 * DAY, null, at, 7)} />
      </Sample>
      <Sample name="none">
        <Ticks ticks={[]} />
      </Sample>
      <div class="partgrid">
        {[0, 192, 5400, 42 * 3600].map((seconds) => (
          <Sample key={seconds} name={`${seconds} s`}>
            <Clock since={at - seconds * 1000} />
          </Sample>
        ))}
        <Sample name="ago">
          <Ago at={at - 3 * DAY} />
        </Sample>
        <Sample name="never">
          <Ago at={null} />
        </Sample>
        <Sample name="until">
          <Until at={now.value + 5 * DAY} />
        </Sample>
      </div>
    </Section>
  );
}

const FLAGS: [FlagMark, string][] = [
  ['failing', 'Failing'],
  ['rolling', 'Rolling out'],
  ['drifted', 'Drifted'],
  ['frozen', 'Frozen'],
  ['unreadable', 'Unreadable'],
];
const HEALTHS = ['healthy', 'starting', 'degraded', 'failing', 'stopped', 'unknown'] as const;

export function FlagsAndBadges({ at }: { at: number }) {
  return (
    <Section title="Flags, badges and bars">
      <p class="row">
        {FLAGS.map(([mark, word]) => (
          <Flag key={mark} mark={mark}>
            {word}
          </Flag>
        ))}
      </p>
      <p class="row">
        {services(at).map((service) => (
          <StatusBadge key={service.name} service={service} />
        ))}
      </p>
      <p class="row">
        {HEALTHS.map((health) => (
          <HealthBadge key={health} health={health} />
        ))}
      </p>
      <p class="row">
        {Object.keys(VERDICTS).map((ending) => (
          <VerdictBadge key={ending} verdict={{ ending, cause: null }} />
        ))}
        <Badge tone="mute" icon="info">
          {LONG}
        </Badge>
      </p>
      <div class="partgrid">
        {[0, 1, 4].map((done) => (
          <Sample key={done} name={`${done} of 4`}>
            <Bar value={done} of={4} label={`${done} of 4`} />
          </Sample>
        ))}
      </div>
    </Section>
  );
}
