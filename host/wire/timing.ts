// How long to wait. The estimate follows what answers really take (RFC 6298: smoothed round trip plus four
// times its deviation), so that a simulator is asked again after a tenth of a second and a slow adapter is
// given its time. Too short a wait costs a PING, never a second execution.

import type { PlannedFrame } from './plan.js';

export interface Timing {
  /** Smoothed round trip in milliseconds, once there was one. */
  readonly smoothMs: number | undefined;
  readonly deviationMs: number;
}

export const UNMEASURED: Timing = { smoothMs: undefined, deviationMs: 0 };

const FIRST_WAIT_MS = 500;
const SHORTEST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;

/** The estimate after one more round trip. */
export function observeRoundTrip({ smoothMs, deviationMs }: Timing, sampleMs: number): Timing {
  if (smoothMs === undefined) return { smoothMs: sampleMs, deviationMs: sampleMs / 2 };
  return {
    smoothMs: smoothMs + (sampleMs - smoothMs) / 8,
    deviationMs: deviationMs + (Math.abs(sampleMs - smoothMs) - deviationMs) / 4,
  };
}

/** Wait for an answer, in milliseconds.
 *  @param tries how often it was waited before without any sign of life; each doubles the wait */
export function waitMs({ smoothMs, deviationMs }: Timing, tries: number): number {
  const base = smoothMs === undefined ? FIRST_WAIT_MS : Math.max(SHORTEST_WAIT_MS, smoothMs + 4 * deviationMs);
  return Math.min(base * 2 ** tries, LONGEST_WAIT_MS);
}

/** What the frames on their way need beyond a round trip: time on the line, and the board's own work. */
export function allowanceMs(frames: readonly PlannedFrame[], baud: number): number {
  return frames.reduce((sum, { body, replyBytes, workMs }) => {
    return sum + ((body.length + replyBytes + 16) * 10_000) / baud + workMs;
  }, 0);
}
