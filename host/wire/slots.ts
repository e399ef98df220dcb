// The slots of the job that is worked on: which are out, which are wanted, how long they are.

import { LIMITS } from '../../protocol/messages.js';
import type { Job, Slot } from './machine-state.js';
import type { PlannedFrame } from './plan.js';
import type { Turn } from './turn.js';

/** The slots that were sent and are not answered. */
export const sentSlots = (job: Job | undefined) => (job?.slots ?? []).filter((slot) => slot.state === 'sent');
/** Whether a batch is out. */
export const awaitsAnswer = ({ state }: Turn) => sentSlots(state.jobs[0]).length > 0;
/** Whether a batch was done and ended badly. */
export const failed = (slot: Slot) => slot.state === 'done' && slot.reply!.status !== 'OK';
/** The slots whose replies are wanted: all, or those up to the first that failed. */
export function wantedSlots(job: Job | undefined): readonly Slot[] {
  const slots = job?.slots ?? [];
  const end = slots.findIndex(failed);
  return end < 0 ? slots : slots.slice(0, end + 1);
}
/** How far sequence number `a` is ahead of `b`: −128…127. */
export const ahead = (a: number, b: number) => ((a - b) << 24) >> 24;

/** A frame that was planned and not sent. */
export function newSlot(plan: PlannedFrame): Slot {
  const blank = { withdrawn: false, seq: 0, sends: 0, sentAtMs: 0, lineMs: 0, frame: undefined, reply: undefined };
  return { plan, asked: plan, state: 'waiting', ...blank };
}

/** Decoded bytes. */
export const bytesOf = (frames: readonly PlannedFrame[]) =>
  frames.reduce((sum, { body }) => sum + body.length + LIMITS.minFrame, 0);

/** The longer of a frame and its answer. */
export const lineBytes = ({ body, replyBytes }: PlannedFrame) => Math.max(body.length, replyBytes) + LIMITS.minFrame;
