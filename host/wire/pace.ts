// How long frames are, by what the line shows: a lost one halves them, a row of good ones doubles them. A line that
// flips bits spares short frames; on a good one long frames waste least.

import { LIMITS } from '../../protocol/messages.js';

export interface Pace {
  /** Longest decoded frame to plan, in either direction, where it can be chosen. */
  readonly frameBytes: number;
  /** Good ones in a row. */
  readonly good: number;
  /** How many of them double the length. */
  readonly row: number;
}

/** Frames are never made shorter than this. */
export const SHORTEST_FRAME = 64;
/** On a line that has lost nothing yet, and on one that has. */
const FIRST_ROW = 2;
const LATER_ROW = 16;

/** A line of which nothing is known begins with frames that most lines carry. */
export const FIRST_PACE: Pace = { frameBytes: 256, good: 0, row: FIRST_ROW };

/** A frame, or its answer, was lost; `lostBytes` is the longer of the two. */
export function paceAfterLoss({ frameBytes }: Pace, lostBytes: number): Pace {
  const shorter = Math.min(frameBytes, Math.floor(lostBytes / 2));
  return { frameBytes: Math.max(SHORTEST_FRAME, shorter), good: 0, row: LATER_ROW };
}

/** A frame was answered the first time. */
export function paceAfterGood({ frameBytes, good, row }: Pace): Pace {
  if (good + 1 < row) return { frameBytes, good: good + 1, row };
  return { frameBytes: Math.min(LIMITS.maxFrame, 2 * frameBytes), good: 0, row };
}
