// The link's clock on a machine that is busy.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { patientClock } from '../../host/wire/clock.js';

beforeEach(() =>
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] }),
);
afterEach(() => vi.useRealTimers());

/** Time passes without a timer being called, as for a process that has no processor. */
function starve(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
  const now = performance.now() + ms;
  vi.spyOn(performance, 'now').mockReturnValue(now);
}

test('calls back after its time, once what came meanwhile has been read', () => {
  let called = false;
  patientClock.after(100, () => {
    called = true;
  });
  vi.advanceTimersByTime(99);
  expect(called).toBe(false);
  vi.advanceTimersToNextTimer(); // the time is over
  expect(called).toBe(false);
  vi.advanceTimersToNextTimer(); // behind what can be read
  expect(called).toBe(true);
});

test('waits as long again when the process had no processor', () => {
  let called = false;
  patientClock.after(100, () => {
    called = true;
  });
  starve(300);
  vi.advanceTimersByTime(100);
  expect(called).toBe(false);
  vi.advanceTimersByTime(199);
  expect(called).toBe(false);
  vi.advanceTimersByTime(2);
  expect(called).toBe(true);
});

test('calls nobody back who took it back, at any moment', () => {
  let called = false;
  const early = patientClock.after(100, () => {
    called = true;
  });
  early();
  const late = patientClock.after(100, () => {
    called = true;
  });
  vi.advanceTimersToNextTimer(); // the time is over, the turn has not come
  late();
  vi.advanceTimersByTime(1000);
  expect(called).toBe(false);
});
