// What became of batches whose answers did not come, and what to do about frames that are too long for the line.
//
//   lost      done, the answer gone: a later answer tells how it went; what it read is asked again
//   undone    withdrawn before the board began it: planned again, in shorter frames
//   stuck     done, changes nothing, and its answer is too long: asked again, in parts

import type { Frame } from '../../protocol/frame.js';
import { LIMITS } from '../../protocol/messages.js';
import { replyLost } from './errors.js';
import type { Slot } from './machine-state.js';
import { SHORTEST_FRAME } from './pace.js';
import { askAgain, inferReply, onlyObserves, planFrame } from './plan.js';
import { ahead, sentSlots, wantedSlots } from './slots.js';
import { count, describeJob, failJob, mapSlots, setJob, type Turn } from './turn.js';

/** Times that a long frame is sent before it is withdrawn. */
const PATIENCE = 3;

/** Whether what is out should be cut shorter. All of it has to be refused if its first is: nothing may be done behind
 *  what was not. */
export function shouldWithdraw({ state }: Turn, out: readonly Slot[]): boolean {
  const [first, ...others] = out;
  if (first === undefined || first.withdrawn || first.sends < PATIENCE || first.asked !== first.plan) return false;
  if (first.asked.body.length + LIMITS.minFrame <= Math.max(SHORTEST_FRAME, state.pace.frameBytes)) return false;
  if (!others.every((slot) => slot.frame!.kind === 'BATCH_CONT' && slot.asked === slot.plan)) return false;
  return planFrame(first.plan.pieces, state.hello!, state.pace.frameBytes).rest.length > 0;
}

/** In place of a batch: an operation that no board knows, so that it fails with nothing done if it is done at all. */
export const withdrawal = ({ frame }: Slot): Frame => ({ ...frame!, body: Uint8Array.of(0) });

/** Plans again from the slot at `from` on; none of it was done, or none of it may count. */
export function requeue(turn: Turn, from: number): void {
  const job = turn.state.jobs[0]!;
  const pieces = job.slots.slice(from).flatMap((slot) => slot.plan.pieces);
  setJob(turn, { ...job, slots: job.slots.slice(0, from), rest: [...pieces, ...job.rest] });
}

/** Batches that are out and older than `seq` are done, and their replies will not come. */
export function loseBefore(turn: Turn, seq: number): void {
  mapSlots(turn, (slot) => {
    if (slot.state !== 'sent' || ahead(seq, slot.seq) <= 0) return slot;
    count(turn, 'lost');
    return { ...slot, state: 'lost' };
  });
}

/** When nothing is out any more, the reply after a lost one tells what became of it. */
export function settleLosses(turn: Turn): void {
  if (sentSlots(turn.state.jobs[0]).length > 0) return;
  for (;;) {
    const slots = wantedSlots(turn.state.jobs[0]);
    const lost = slots.findIndex((slot) => slot.state === 'lost');
    if (lost < 0) break;
    const witness = slots.findIndex(({ state }, at) => at > lost && (state === 'done' || state === 'undone'));
    if (witness < 0) {
      failJob(turn, replyLost(turn.state.config.port, describeJob(turn)));
      return;
    }
    // ABORTED: one of the lost ones failed, and nothing was done since: do it all again to learn which, and how.
    if (slots[witness]!.reply!.status === 'ABORTED') requeue(turn, lost);
    else mapSlots(turn, (slot, at) => (at >= lost && at < witness ? inferSlot(turn, slot) : slot));
  }
  const undone = wantedSlots(turn.state.jobs[0]).findIndex((slot) => slot.state === 'undone');
  if (undone >= 0) requeue(turn, undone);
}

/** A lost slot that went well: done, unless it read something. */
function inferSlot(turn: Turn, slot: Slot): Slot {
  const asked = askAgain(slot.plan, turn.state.hello!.arenaAddr);
  if (asked === undefined) return { ...slot, state: 'done', reply: inferReply(slot.plan, undefined) };
  return { ...slot, asked, state: 'waiting' };
}

/** The first of the slots that are done but whose answers do not come because they are too long for the line; -1 if that
 *  is not it. They change nothing, so all of them may simply be asked again, in parts. */
export function stuckFrom({ state }: Turn, lastSeq: number): number {
  const { slots } = state.jobs[0]!;
  const from = slots.findIndex(({ state: is }) => is === 'sent' || is === 'lost');
  const open = slots.slice(from);
  const newest = open.at(-1)!;
  if (newest.state !== 'sent' || newest.seq !== lastSeq || newest.sends < PATIENCE) return -1;
  const askable = ({ state: is, plan, asked }: Slot) => is !== 'done' && asked === plan && onlyObserves(plan);
  if (!open.every(askable)) return -1;
  const limit = Math.max(SHORTEST_FRAME, state.pace.frameBytes / 2);
  return open.some(({ plan }) => plan.replyBytes > limit) ? from : -1;
}
