import { expect, test } from 'vitest';
import { freezeAhead, NO_WINDOWS, readFreezeWindows } from '../src/lib/freeze-windows';
import { readCluster } from '../src/lib/model';
import { Store } from '../src/lib/store';

const HOUR = 3_600_000;
const AT = Date.parse('2030-04-05T12:00:00Z');
const WEEKEND = { from: '2030-04-05T16:00:00Z', until: '2030-04-08T04:00:00Z', reason: 'weekend' };

test('the windows of a cluster are read; without any, there are none', () => {
  const { now, next } = readFreezeWindows({ now: null, next: [WEEKEND, { from: 'soon' }] });
  expect(now).toBeNull();
  expect(next).toEqual([{ from: AT + 4 * HOUR, until: Date.parse(WEEKEND.until), reason: 'weekend' }]);
  expect(readCluster('prod', {}).freezeWindows).toEqual(NO_WINDOWS);
});

test('the next one is ahead while it is near, and none goes on', () => {
  const windows = readFreezeWindows({ now: null, next: [WEEKEND] });
  expect(freezeAhead(windows, AT, 4 * HOUR)?.reason).toBe('weekend');
  expect(freezeAhead(windows, AT, 3 * HOUR)).toBeNull();
  expect(freezeAhead(readFreezeWindows({ now: WEEKEND, next: [WEEKEND] }), AT, 4 * HOUR)).toBeNull();
});

test('the windows follow the live channel', () => {
  const store = new Store();
  store.apply([{ type: 'cluster', cluster: 'prod', freeze_windows: { now: null, next: [WEEKEND] }, services: [] }]);
  const windows = () => store.get('prod')!.summary.value.freezeWindows;
  store.apply([{ type: 'rollout', cluster: 'prod', delta: true, services: [] }]);
  expect(windows().next.length).toBe(1);
  store.apply([{ type: 'frozen', cluster: 'prod', reason: 'weekend', freeze_windows: { now: WEEKEND, next: [] } }]);
  expect(windows().now?.reason).toBe('weekend');
  store.apply([{ type: 'rollout', cluster: 'prod', delta: true, freeze_windows: null, services: [] }]);
  expect(windows()).toEqual(NO_WINDOWS);
});
