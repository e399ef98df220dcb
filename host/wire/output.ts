// What code prints, whole and in order. The board keeps what was not acknowledged, half a KiB, and every answer of
// it says how much it has sent. What is missing is asked for again:
//
//   OUTPUT at our offset      take it; a quarter of the board's buffer further on, ACK
//   OUTPUT behind it          a repeat: take what is new of it
//   OUTPUT beyond it          one was lost: AGAIN, and from there on the board sends all of it once more
//   an answer that says more  the same: the last frame was lost
//
// After AGAIN, frames sent before it still come in, each beyond the one before. One that is not has been sent
// since: then something was lost once more.

import { decodeFields } from '../../protocol/fields.js';
import type { Frame } from '../../protocol/frame.js';
import { FRAMES, LIMITS } from '../../protocol/messages.js';
import { count, sendBare, type Turn } from './turn.js';

export interface OutputState {
  /** All output before this offset is here. */
  readonly offset: number;
  /** Output that the board is known to have sent. */
  readonly sent: number;
  /** Offset that was acknowledged last. */
  readonly acked: number;
  /** AGAIN was sent, and what it asked for is not here yet. */
  readonly asking: boolean;
  /** Offset of the newest OUTPUT that came too early since then; undefined: the next such one has been sent since. */
  readonly early: number | undefined;
  /** How often it was asked for what stands at `offset`. */
  readonly asks: number;
}

/** A board that has printed `total` bytes, none of which concern us. */
export function outputFrom(total: number): OutputState {
  return { offset: total, sent: total, acked: total, asking: false, early: undefined, asks: 0 };
}

/** Bytes after which they are acknowledged: so that the board rarely waits, and not for each frame. */
const ACK_BYTES = LIMITS.maxOutput / 4;

/** The seq with which ACK, AGAIN and PING say what is here. */
export const acknowledgement = ({ offset }: OutputState) => (offset >>> 2) & 0xff;
/** How far offset `a` is beyond `b`; both wrap at 2³². */
const beyond = (a: number, b: number) => (a - b) | 0;

/** Whether the board is known to have sent more than is here. */
export const outputMissing = ({ sent, offset }: OutputState) => beyond(sent, offset) > 0;

/** Takes an OUTPUT frame.
 *  @returns whether it is output that was not here yet */
export function takeOutput(turn: Turn, { body }: Frame): boolean {
  const { offset, data } = decodeFields(FRAMES.OUTPUT.fields, body);
  const gap = beyond(offset, turn.state.output.offset);
  if (gap > 0) {
    const { asking, early, asks } = turn.state.output;
    if (asks < MOST_ASKS) {
      if (!asking || early === undefined || beyond(offset, early) <= 0) ask(turn, offset);
      else turn.state.output = { ...turn.state.output, early: offset };
      return false;
    }
    loseUpTo(turn, offset);
  } else if (-gap >= data.length) {
    count(turn, 'repeated');
    return false;
  }
  const fresh = gap < 0 ? data.subarray(-gap) : data;
  advance(turn, (turn.state.output.offset + fresh.length) >>> 0);
  turn.effects.push({ type: 'output', bytes: fresh });
  return true;
}

function advance(turn: Turn, offset: number): void {
  const { sent, acked, asking } = turn.state.output;
  const behind = beyond(sent, offset) > 0;
  turn.state.output = {
    offset,
    sent: behind ? sent : offset,
    acked,
    asking: asking && behind,
    early: undefined,
    asks: 0,
  };
  if (beyond(offset, acked) < ACK_BYTES) return;
  turn.state.output = { ...turn.state.output, acked: offset };
  sendBare(turn, 'ACK', acknowledgement(turn.state.output));
}

/** Asks without any progress after which what is missing counts as lost: the board has it no more. Even where only
 *  every third frame gets through, so many do not fail by chance. */
const MOST_ASKS = 100;

/** Gives up what is missing up to `offset`. */
function loseUpTo(turn: Turn, offset: number): void {
  count(turn, 'outputLost', beyond(offset, turn.state.output.offset));
  turn.state.output = { ...turn.state.output, offset, asking: false, early: undefined, asks: 0 };
}

/** Gives up all that is missing: the board says nothing any more. */
export function loseOutput(turn: Turn): void {
  loseUpTo(turn, turn.state.output.sent);
}

/** An answer says how much the board had sent before it: the last 16 bits of that.
 *  @param afterAgain it was asked for after the newest AGAIN, whose answer it follows: that was lost too */
export function noteOutputSent(turn: Turn, low: number, afterAgain: boolean): void {
  const { output } = turn.state;
  noteOutputTotal(turn, (output.offset + (((low - output.offset) << 16) >> 16)) >>> 0, afterAgain);
}

/** The same with all of it. */
export function noteOutputTotal(turn: Turn, total: number, afterAgain = false): void {
  const { output } = turn.state;
  if (beyond(total, output.sent) > 0) turn.state.output = { ...output, sent: total };
  if (!outputMissing(turn.state.output) || (output.asking && !afterAgain)) return;
  if (output.asks < MOST_ASKS) ask(turn, total);
  else loseOutput(turn);
}

function ask(turn: Turn, early: number): void {
  const { output } = turn.state;
  turn.state.output = { ...output, acked: output.offset, asking: true, early, asks: output.asks + 1 };
  count(turn, 'outputAgain');
  sendBare(turn, 'AGAIN', acknowledgement(turn.state.output));
}
