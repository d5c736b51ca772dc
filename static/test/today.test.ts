import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Happening } from '../src/lib/activity';
import {
  chooseRows,
  countsInWords,
  dayAt,
  type DayRow,
  hoursOf,
  missing,
  placeOn,
  rowsOf,
  totalOf,
} from '../src/lib/today';

const HOUR = 3_600_000;
const zone = process.env.TZ;

beforeEach(() => {
  process.env.TZ = 'Europe/Berlin';
});
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const NOW = Date.parse('2026-11-30T14:00:00+01:00');
const at = (time: string) => Date.parse(`2026-11-30T${time}:00+01:00`);

const happening = (time: number, more: Partial<Happening> = {}): Happening => ({
  at: time,
  cluster: 'prod',
  kind: 'change',
  verb: 'change',
  by: 'ann',
  summary: `api at ${time}`,
  message: null,
  revision: null,
  services: ['api'],
  until: null,
  outcome: null,
  ...more,
});
const failed = { outcome: { failed: true, endedAt: null } };
const one = (happenings: Happening[], frozenSince: number | null = null): DayRow =>
  rowsOf(happenings, [{ name: 'prod', frozenSince }], dayAt(NOW), NOW)[0]!;

describe('a day', () => {
  it('goes from midnight to midnight of the local time', () => {
    const day = dayAt(NOW);
    expect(day).toEqual({ start: at('00:00'), end: at('00:00') + 24 * HOUR });
    expect(placeOn(day, at('18:00'))).toBe(75);
    expect(placeOn(day, day.start - HOUR)).toBe(0);
    expect(placeOn(day, day.end + HOUR)).toBe(100);
  });

  it('is the next one from midnight on', () => {
    const midnight = at('00:00') + 24 * HOUR;
    expect(dayAt(midnight - 1).start).toBe(at('00:00'));
    expect(dayAt(midnight)).toEqual({ start: midnight, end: midnight + 24 * HOUR });
  });

  it.each([
    ['2026-03-29', 23, 2],
    ['2026-10-25', 25, 4],
    ['2026-06-01', 24, 3],
  ])('of %s has %i hours', (date, hours, until3) => {
    const day = dayAt(+new Date(`${date}T12:00:00`));
    expect((day.end - day.start) / HOUR).toBe(hours);
    const labelled = hoursOf(day);
    expect(labelled.map((time) => new Date(time).getHours())).toEqual([0, 3, 6, 9, 12, 15, 18, 21]);
    expect(labelled[1]! - labelled[0]!).toBe(until3 * HOUR);
    expect(placeOn(day, labelled[1]!)).toBeCloseTo((100 * until3) / hours, 1);
  });
});

describe('the row of a cluster', () => {
  it('has a tick for each deployment of the day and its counts', () => {
    const row = one([
      happening(at('13:00')),
      happening(at('12:00'), { verb: 'rollback' }),
      happening(at('06:00'), failed),
      happening(at('05:00'), { kind: 'refusal' }),
      happening(at('04:00'), { verb: 'freeze windows' }),
      happening(at('03:00'), { cluster: 'staging' }),
      happening(at('00:00')),
      happening(at('00:00') - 1),
    ]);
    expect(row.ticks.map(({ left, kind }) => [left, kind])).toEqual([
      [54.2, 'succeeded'],
      [50, 'back'],
      [25, 'failed'],
      [0, 'succeeded'],
    ]);
    expect(row.counts).toEqual({ deployments: 4, failed: 1, back: 1 });
  });

  it('has one tick for deployments of the same minute that ended alike', () => {
    const row = one([happening(at('12:00') + 2000), happening(at('12:00') + 1000), happening(at('12:00'), failed)]);
    expect(row.ticks.map(({ kind, deployments }) => [kind, deployments.length])).toEqual([
      ['succeeded', 2],
      ['failed', 1],
    ]);
    expect(row.counts.deployments).toBe(3);
  });
});

describe('the freezes of a cluster', () => {
  const freeze = (time: string, until: string | null = null) =>
    happening(at(time), { verb: 'freeze', until: until === null ? null : at(until) });
  const thaw = (time: string) => happening(at(time), { verb: 'thaw' });
  const bands = (happenings: Happening[], frozenSince: number | null = null) =>
    one(happenings, frozenSince).freezes.map(({ left, right }) => [left, right]);

  it('last from their begin to their end', () => {
    expect(bands([thaw('12:00'), freeze('06:00')])).toEqual([[25, 50]]);
    expect(bands([thaw('12:00'), freeze('09:00'), thaw('06:00'), freeze('03:00')])).toEqual([
      [12.5, 75],
      [37.5, 50],
    ]);
  });

  it('end by themselves, or now', () => {
    expect(bands([freeze('06:00', '12:00')])).toEqual([[25, 50]]);
    expect(bands([freeze('12:00', '18:00')], at('12:00'))).toEqual([[50, 100 - 58.3]]);
  });

  it('begin also within the minute', () => {
    expect(bands([], NOW + 30_000)).toEqual([[58.4, 100 - 58.4]]);
    expect(bands([freeze('06:00')])).toEqual([]);
  });

  it('begin at midnight where they began before', () => {
    expect(bands([], at('00:00') - 50 * HOUR)).toEqual([[0, 100 - 58.3]]);
    expect(bands([thaw('06:00')])).toEqual([[0, 75]]);
    const yesterday = happening(at('00:00') - HOUR, { verb: 'freeze', until: at('06:00') });
    expect(bands([yesterday])).toEqual([[0, 75]]);
  });

  it('are one band where one replaces another', () => {
    expect(bands([freeze('06:00', '12:00'), freeze('03:00', '09:00')])).toEqual([[12.5, 50]]);
    expect(bands([freeze('12:00'), freeze('06:00')], at('12:00'))).toEqual([[25, 100 - 58.3]]);
  });

  it('are none of another day, nor refused ones', () => {
    expect(bands([happening(at('00:00') - HOUR, { verb: 'thaw' })])).toEqual([]);
    expect(bands([])).toEqual([]);
    expect(bands([happening(at('06:00'), { kind: 'refusal', verb: 'thaw' })])).toEqual([]);
  });
});

describe('the rows that are shown', () => {
  const row = (cluster: string, deployments: number, frozen = false): DayRow => ({
    cluster,
    ticks: [],
    freezes: frozen ? [{ left: 0, right: 50 }] : [],
    counts: { deployments, failed: 0, back: 0 },
  });
  const names = (rows: readonly DayRow[]) => rows.map(({ cluster }) => cluster);

  it('are those with deployments, then the frozen ones, in their order', () => {
    const rows = [row('a', 0), row('b', 1), row('c', 0, true), row('d', 2)];
    expect(names(chooseRows(rows, 4).shown)).toEqual(['a', 'b', 'c', 'd']);
    const { shown, others } = chooseRows(rows, 3);
    expect([names(shown), names(others)]).toEqual([['b', 'c', 'd'], ['a']]);
    expect(names(chooseRows(rows, 2).shown)).toEqual(['b', 'd']);
    expect(totalOf(rows)).toEqual({ deployments: 3, failed: 0, back: 0 });
  });

  it('are counted in words', () => {
    expect(countsInWords({ deployments: 0, failed: 0, back: 0 })).toBe('No deployments');
    expect(countsInWords({ deployments: 1, failed: 1, back: 0 })).toBe('1 deployment, 1 failed');
    expect(countsInWords({ deployments: 17, failed: 1, back: 1 }, ' · ')).toBe(
      '17 deployments · 1 failed · 1 rolled back',
    );
  });
});

describe('the older entries of a busy day', () => {
  const since = at('00:00');
  const page = (...times: string[]) => ({ happenings: times.map((time) => happening(at(time))), next: 'cursor' });

  it('are missing where the newest page does not reach back to them', () => {
    expect(missing(page('13:00', '12:00'), [], since)).toBe('cursor');
    expect(missing(page('13:00', '12:00'), [happening(at('11:00'))], since)).toBe('cursor');
  });

  it('are not where they are known, or the page goes back to the begin or has all', () => {
    expect(missing(page('13:00', '12:00'), [happening(at('12:30')), happening(at('12:00'))], since)).toBeNull();
    expect(missing({ happenings: [happening(since - 1)], next: 'cursor' }, [], since)).toBeNull();
    expect(missing({ ...page('13:00'), next: null }, [], since)).toBeNull();
    expect(missing(page(), [], since)).toBeNull();
  });
});
