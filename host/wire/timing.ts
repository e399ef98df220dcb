// How long to wait. The estimate follows what answers really take (RFC 6298: smoothed round trip plus four
// times its deviation), so that a simulator is asked again after a fifth of a second and a slow adapter is
// given its time. Too short a wait costs a PING, never a second execution.

import type { PlannedFrame } from './plan.js';

export interface Timing {
  /** Smoothed round trip in milliseconds, once there was one. */
  readonly smoothMs: number | undefined;
  readonly deviationMs: number;
  /** Least round trip so far, without the time on the line of what was out: the latency. */
  readonly latencyMs: number;
}

export const UNMEASURED: Timing = { smoothMs: undefined, deviationMs: 0, latencyMs: Number.POSITIVE_INFINITY };

const FIRST_WAIT_MS = 500;
/** On a line whose time is known, and where the other end may have something else to do. */
const SHORTEST_PACED_MS = 20;
const SHORTEST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 2000;

/** The estimate after one more round trip.
 *  @param lineMs time on the line of all that was out when it began */
export function observeRoundTrip(timing: Timing, sampleMs: number, lineMs: number): Timing {
  const { smoothMs, deviationMs } = timing;
  const latencyMs = Math.max(0, Math.min(timing.latencyMs, sampleMs - lineMs));
  if (smoothMs === undefined) return { smoothMs: sampleMs, deviationMs: sampleMs / 2, latencyMs };
  return {
    smoothMs: smoothMs + (sampleMs - smoothMs) / 8,
    deviationMs: deviationMs + (Math.abs(sampleMs - smoothMs) - deviationMs) / 4,
    latencyMs,
  };
}

/** Wait for an answer, in milliseconds.
 *  @param paced the line's rate sets the time that things take
 *  @param tries how often it was waited before without any sign of life; each doubles the wait */
export function waitMs({ smoothMs, deviationMs }: Timing, tries: number, paced: boolean): number {
  const base =
    smoothMs === undefined
      ? FIRST_WAIT_MS
      : Math.max(paced ? SHORTEST_PACED_MS : SHORTEST_WAIT_MS, smoothMs + 4 * deviationMs);
  return Math.min(base * 2 ** tries, LONGEST_WAIT_MS);
}

/** What the frames on their way need beyond a round trip: time on the line, and the board's own work. */
export function allowanceMs(frames: readonly PlannedFrame[], baud: number): number {
  return frames.reduce((sum, { body, replyBytes, workMs }) => {
    return sum + ((body.length + replyBytes + 16) * 10_000) / baud + workMs;
  }, 0);
}
