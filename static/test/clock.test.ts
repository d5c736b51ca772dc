import { expect, test } from 'vitest';
import { ServerClock } from '../src/lib/clock';

const HOUR = 3_600_000;

test('our own time counts until the server has stated its own', () => {
  const clock = new ServerClock(() => 5);
  expect(clock.now()).toBe(5);
});

test('a browser that is hours off shows the time of the server', () => {
  let local = 10 * HOUR;
  const clock = new ServerClock(() => local);
  clock.read({ server: 7 * HOUR, sent: local, received: local });
  local += 1000;
  expect(clock.now()).toBe(7 * HOUR + 1000);
});

test('half the time of an answer is on its way back', () => {
  const clock = new ServerClock(() => 1400);
  clock.read({ server: 9000, sent: 1000, received: 1400 });
  expect(clock.now()).toBe(9200);
});

test('our own clock may be set while the page is open', () => {
  let local = 0;
  const clock = new ServerClock(() => local);
  clock.read({ server: 5000, sent: 0, received: 0 });
  local = -2 * HOUR;
  clock.read({ server: 6000, sent: local, received: local });
  expect(clock.now()).toBe(6000);
});

test.each([
  ['took too long', 0, 11_000],
  ['was received before it was sent', 1000, 0],
])('a reading that %s is ignored', (_, sent, received) => {
  const clock = new ServerClock(() => 100);
  clock.read({ server: HOUR, sent, received });
  expect(clock.now()).toBe(100);
});
