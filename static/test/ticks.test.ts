import { describe, expect, it } from 'vitest';
import { band, DAY_MS, notches, placed, ticksInWords } from '../src/lib/ticks';

const NOW = 100 * DAY_MS;

describe('deployments on a line of time', () => {
  it('has the newest at the right edge and none before its days', () => {
    const ticks = placed(
      [
        { at: NOW - 8 * DAY_MS, kind: 'succeeded' },
        { at: NOW, kind: 'failed' },
        { at: NOW - 3.5 * DAY_MS, kind: 'succeeded' },
      ],
      NOW,
      7,
    );
    expect(ticks).toEqual([
      { left: 49.2, kind: 'succeeded' },
      { left: 98.4, kind: 'failed' },
    ]);
  });

  it('keeps the newest of many', () => {
    const many = Array.from({ length: 30 }, (_, i) => ({ at: NOW - i * 1000, kind: 'succeeded' as const }));
    expect(placed(many, NOW, 7)).toHaveLength(20);
  });

  it('has a band for a freeze, cut at the left edge', () => {
    expect(band(NOW - 3.5 * DAY_MS, null, NOW, 7)).toEqual({ left: 49.2, right: expect.closeTo(1.6) });
    expect(band(NOW - 20 * DAY_MS, NOW - 7 * DAY_MS, NOW, 7)).toEqual({ left: 0, right: 100 });
  });

  it('has a notch a day', () => {
    expect(notches(7)).toHaveLength(6);
  });

  it('is a sentence for a screen reader', () => {
    expect(
      ticksInWords(
        [
          { left: 1, kind: 'failed' },
          { left: 2, kind: 'back' },
        ],
        7,
      ),
    ).toBe('2 deployments in 7 days, 1 failed');
    expect(ticksInWords([{ left: 2, kind: 'succeeded' }], 7)).toBe('1 deployment in 7 days');
  });
});
