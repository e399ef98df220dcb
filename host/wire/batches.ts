// Batches on their way: sending within the window, taking replies, mending losses. The board executes strictly
// in sequence and the line keeps its order, which is all that the reasoning here rests on:
//
//   a reply to n        every batch before n is done; if its reply is not here, it is lost
//   NAK, expected e     batches before e are done, e and later are not: send again from e
//   STATE, last n       the same with e = n + 1, except that n's own reply can be had again
//
// A batch is never given a second number once it may have been begun, unless doing it twice is harmless.

import { type BatchReply, decodeReply, outputBefore } from '../../protocol/batch.js';
import { decodeFields, MalformedBody } from '../../protocol/fields.js';
import type { Frame } from '../../protocol/frame.js';
import { FRAMES, LIMITS } from '../../protocol/messages.js';
import { breakIgnored, malformedReply, outOfStep, replyLost, stillRunning, timeout, unreliable } from './errors.js';
import type { Job, Slot } from './machine-state.js';
import { askForOutput, noteOutputSent, outputMissing } from './output.js';
import { askAgain, inferReply, mayFollow, mergeReplies, planFrames } from './plan.js';
import { allowanceMs, observeRoundTrip, waitMs } from './timing.js';
import { count, describeJob, failJob, mapSlots, sendBreak, sendPing, setJob, type Turn } from './turn.js';

/** Waits for a sign of life from a board that does not hear BREAK: somebody wants it stopped now. */
const BREAK_TRIES = 3;

const sentSlots = (job: Job | undefined) => (job?.slots ?? []).filter((slot) => slot.state === 'sent');
const failed = (slot: Slot) => slot.reply !== undefined && slot.reply.status !== 'OK';
/** The slots whose replies are wanted: all, or those up to the first that failed. */
function wantedSlots(job: Job | undefined): readonly Slot[] {
  const slots = job?.slots ?? [];
  const end = slots.findIndex(failed);
  return end < 0 ? slots : slots.slice(0, end + 1);
}
/** How far sequence number `a` is ahead of `b`: −128…127. */
const ahead = (a: number, b: number) => ((a - b) << 24) >> 24;

/** Starts the wait for the frames that are out. */
function startWait(turn: Turn, tries = 0): void {
  const { state, nowMs } = turn;
  const out = sentSlots(state.jobs[0]).map((slot) => slot.asked);
  if (out.length === 0) {
    state.wait = undefined;
    return;
  }
  const delayMs = waitMs(state.timing, tries) + allowanceMs(out, state.config.baud);
  const sinceMs = tries === 0 ? nowMs : (state.wait?.sinceMs ?? nowMs);
  state.wait = { sinceMs, deadlineMs: nowMs + delayMs, tries };
}

/** Plans the job that has come to the front. */
export function planJob(turn: Turn): void {
  const job = turn.state.jobs[0]!;
  setJob(turn, {
    ...job,
    slots: planFrames(job.ops, turn.state.hello!).map((plan) => ({
      plan,
      asked: plan,
      state: 'waiting',
      seq: 0,
      sends: 0,
      sentAtMs: 0,
      frame: undefined,
      reply: undefined,
    })),
  });
}

/** Sends what the window, and what is already out, allow. */
export function pump(turn: Turn): void {
  const { state } = turn;
  const slots = wantedSlots(state.jobs[0]);
  if (slots.some((slot) => slot.state === 'lost')) return;
  const out = sentSlots(state.jobs[0]).map((slot) => slot.asked);
  for (const [index, slot] of slots.entries()) {
    if (slot.state !== 'waiting') continue;
    if (out.length >= Math.max(1, state.hello!.window - state.strayHellos) || !mayFollow(slot.asked, out)) return;
    if (!sendNew(turn, index, slot)) return;
    out.push(slot.asked);
  }
}

/** Sends a slot under a new number. BATCH_CONT only straight after the slot before it: a batch in between that
 *  failed would abort it.
 *  @returns false if that was tried too often */
function sendNew(turn: Turn, index: number, slot: Slot): boolean {
  const { state, nowMs } = turn;
  if (slot.sends >= state.config.sends) {
    failJob(turn, unreliable(state.config.port, describeBatch(slot), slot.sends, state.boardState));
    return false;
  }
  const seq = state.nextSeq;
  state.nextSeq = (seq + 1) & 0xff;
  const before = state.jobs[0]?.slots?.[index - 1];
  const follows = before !== undefined && before.state !== 'waiting' && ahead(seq, before.seq) === 1;
  const frame: Frame = { kind: follows ? 'BATCH_CONT' : 'BATCH', seq, body: slot.asked.body };
  turn.effects.push({ type: 'send', frame, fresh: false });
  const sends = slot.sends + 1;
  mapSlots(turn, (old, at) => (at === index ? { ...old, state: 'sent', seq, sends, sentAtMs: nowMs, frame } : old));
  startWait(turn);
  const job = state.jobs[0]!;
  if (slot.asked.runs && job.runTimeoutMs !== undefined && job.breakAtMs === undefined) {
    setJob(turn, { ...job, breakAtMs: nowMs + job.runTimeoutMs });
  }
  return true;
}

const describeBatch = (slot: Slot) => `batch ${slot.seq} (${slot.asked.body.length + 6} bytes)`;

/** Sends again every batch that is out from the first one `from` accepts on. */
function resend(turn: Turn, from: (slot: Slot) => boolean): void {
  const { state, nowMs } = turn;
  const out = sentSlots(state.jobs[0]);
  const again = out.slice(out.findIndex(from));
  let fresh = true;
  for (const slot of again) {
    if (slot.sends >= state.config.sends) {
      failJob(turn, unreliable(state.config.port, describeBatch(slot), slot.sends, state.boardState));
      return;
    }
    count(turn, 'resent');
    turn.effects.push({ type: 'send', frame: slot.frame!, fresh });
    fresh = false;
  }
  mapSlots(turn, (slot) => (again.includes(slot) ? { ...slot, sends: slot.sends + 1, sentAtMs: nowMs } : slot));
  startWait(turn);
}

/** Batches that are out and older than `seq` are done, and their replies will not come. */
function loseBefore(turn: Turn, seq: number): void {
  mapSlots(turn, (slot) => {
    if (slot.state !== 'sent' || ahead(seq, slot.seq) <= 0) return slot;
    count(turn, 'lost');
    return { ...slot, state: 'lost' };
  });
}

export function onBatchReply(turn: Turn, { seq, body }: Frame): void {
  const { state, nowMs } = turn;
  const slots = state.jobs[0]?.slots ?? [];
  const index = slots.findIndex((slot) => slot.seq === seq && (slot.state === 'sent' || slot.state === 'lost'));
  const slot = slots[index];
  if (slot === undefined) {
    count(turn, 'repeated');
    return;
  }
  let reply: BatchReply;
  try {
    noteOutputSent(turn, outputBefore(body));
    reply = decodeReply(body, slot.asked.ops);
  } catch (error) {
    if (!(error instanceof MalformedBody)) throw error;
    count(turn, 'malformed');
    failJob(turn, malformedReply(state.config.port, describeJob(turn), error.message));
    return;
  }
  state.strayHellos = 0;
  loseBefore(turn, seq);
  if (reply.status === 'REPEATED') {
    count(turn, 'repeated');
    if (slot.state === 'sent') count(turn, 'lost');
    mapSlots(turn, (old, at) => (at === index ? { ...old, state: 'lost' } : old));
  } else {
    if (slot.sends === 1 && !slot.asked.runs) state.timing = observeRoundTrip(state.timing, nowMs - slot.sentAtMs);
    const whole = slot.asked !== slot.plan && reply.status === 'OK' ? inferReply(slot.plan, reply) : reply;
    mapSlots(turn, (old, at) => (at === index ? { ...old, state: 'done', reply: whole } : old));
    if (slot.asked.runs) setJob(turn, { ...state.jobs[0]!, running: false, breakAtMs: undefined });
  }
  state.nakked = undefined;
  startWait(turn);
  settleLosses(turn);
}

/** When nothing is out any more, the reply after a lost one tells what became of it. */
function settleLosses(turn: Turn): void {
  if (sentSlots(turn.state.jobs[0]).length > 0) return;
  for (;;) {
    const slots = wantedSlots(turn.state.jobs[0]);
    const lost = slots.findIndex((slot) => slot.state === 'lost');
    if (lost < 0) return;
    const witness = slots.findIndex((slot, at) => at > lost && slot.state === 'done');
    if (witness < 0) {
      failJob(turn, replyLost(turn.state.config.port, describeJob(turn)));
      return;
    }
    if (slots[witness]!.reply!.status === 'ABORTED') {
      // One of the lost ones failed, and nothing was done since: do it all again to learn which, and how.
      mapSlots(turn, (slot, at) => (at >= lost ? { ...slot, state: 'waiting', reply: undefined } : slot));
    } else {
      mapSlots(turn, (slot, at) => (at >= lost && at < witness ? inferSlot(turn, slot) : slot));
    }
  }
}

/** A lost slot that went well: done, unless it read something. */
function inferSlot(turn: Turn, slot: Slot): Slot {
  const asked = askAgain(slot.plan, turn.state.hello!.arenaAddr);
  if (asked === undefined) return { ...slot, state: 'done', reply: inferReply(slot.plan, undefined) };
  return { ...slot, asked, state: 'waiting' };
}

export function onNak(turn: Turn, { seq, body }: Frame): void {
  const { state } = turn;
  const { expected } = decodeFields(FRAMES.NAK.fields, body);
  const out = sentSlots(state.jobs[0]);
  if (!out.some((slot) => slot.seq === seq)) {
    count(turn, 'unexpected');
    return;
  }
  count(turn, 'naks');
  if (!out.some((slot) => slot.seq === expected)) {
    failJob(turn, outOfStep(state.config.port, expected, listSeqs(out)));
    return;
  }
  if (state.nakked === expected) return;
  state.nakked = expected;
  loseBefore(turn, expected);
  resend(turn, (slot) => slot.seq === expected);
}

const listSeqs = (slots: readonly Slot[]) => slots.map((slot) => slot.seq).join(', ');

export function onState(turn: Turn, body: Uint8Array): void {
  const { state, nowMs } = turn;
  const board = decodeFields(FRAMES.STATE.fields, body);
  state.boardState = board;
  noteOutputSent(turn, board.output);
  const job = state.jobs[0];
  const out = sentSlots(job);
  if (job === undefined || out.length === 0) {
    state.pinged = false;
    return;
  }
  if (state.wait !== undefined) state.wait = { ...state.wait, tries: 0 };
  if (board.running !== 0) {
    state.pinged = false;
    if (!out.some((slot) => slot.asked.runs)) {
      failJob(turn, stillRunning(state.config.port, 0, 0));
      return;
    }
    noteRunning(turn, 'state');
    if (job.breakingSinceMs === undefined) return;
    if (job.breaks >= state.config.sends) {
      failJob(turn, breakIgnored(state.config.port, nowMs - job.breakingSinceMs, job.breaks));
      return;
    }
    breakNow(turn);
    return;
  }
  if (!state.pinged) return;
  state.pinged = false;
  state.nakked = undefined;
  const oldest = out[0]!;
  if (ahead(board.lastSeq, oldest.seq) < 0) {
    resend(turn, () => true);
  } else if (ahead(board.lastSeq, out.at(-1)!.seq) > 0) {
    failJob(turn, outOfStep(state.config.port, (board.lastSeq + 1) & 0xff, listSeqs(out)));
  } else {
    loseBefore(turn, board.lastSeq);
    resend(turn, () => true);
  }
}

/** After output the board is asked soon whether that was all, then ever more rarely. */
const FIRST_QUIET_MS = 100;

/** Code runs and the board is alive: the next PING has time. */
export function noteRunning(turn: Turn, heard: 'output' | 'state'): void {
  const { state, nowMs } = turn;
  const job = state.jobs[0];
  if (job === undefined || !sentSlots(job).some((slot) => slot.asked.runs)) return;
  const { pingIntervalMs } = state.config;
  const quietMs = heard === 'output' ? FIRST_QUIET_MS : job.quietMs;
  setJob(turn, { ...job, running: true, quietMs: Math.min(2 * quietMs, pingIntervalMs) });
  if (job.breakingSinceMs !== undefined && state.wait !== undefined) state.wait = { ...state.wait, tries: 0 };
  else state.wait = { sinceMs: nowMs, deadlineMs: nowMs + Math.min(quietMs, pingIntervalMs), tries: 0 };
}

/** BREAK is wanted; it is repeated until the run has ended. */
export function beginBreak(turn: Turn): void {
  const { state, nowMs } = turn;
  const job = state.jobs[0];
  if (job?.slots === undefined || !job.slots.some((slot) => slot.asked.runs && slot.state !== 'done')) return;
  if (job.breakingSinceMs === undefined) setJob(turn, { ...job, breakingSinceMs: nowMs });
  if (sentSlots(job).some((slot) => slot.asked.runs)) breakNow(turn);
}

function breakNow(turn: Turn): void {
  const job = turn.state.jobs[0]!;
  setJob(turn, { ...job, breaks: job.breaks + 1 });
  sendBreak(turn);
  startWait(turn);
}

/** The wait is over without an answer: ask whether anybody is there and how far they got. */
export function onWaitOver(turn: Turn): void {
  const { state, nowMs } = turn;
  const { sinceMs, tries } = state.wait!;
  if (sentSlots(state.jobs[0]).length === 0) {
    state.wait = undefined;
    askForOutput(turn);
    return;
  }
  const breaking = state.jobs[0]?.breakingSinceMs !== undefined;
  if (tries >= (breaking ? Math.min(BREAK_TRIES, state.config.tries) : state.config.tries)) {
    failJob(turn, timeout(state.config.port, describeJob(turn), nowMs - sinceMs, tries));
    return;
  }
  count(turn, 'timeouts');
  sendPing(turn);
  startWait(turn, tries + 1);
}

/** Ends the job at the front if all of it is answered, or enough to know that it failed, and its output is here.
 *  @returns whether it ended */
export function finishJob(turn: Turn): boolean {
  const { state, nowMs } = turn;
  const job = state.jobs[0]!;
  const wanted = wantedSlots(job);
  if (sentSlots(job).length > 0 || !wanted.every((slot) => slot.state === 'done')) return false;
  if (outputMissing(state.output)) {
    const delayMs = waitMs(state.timing, state.output.asks) + (LIMITS.maxOutput * 10_000) / state.config.baud;
    state.wait ??= { sinceMs: nowMs, deadlineMs: nowMs + delayMs, tries: 0 };
    return false;
  }
  const parts = wanted.map(({ plan, reply }) => ({ plan, reply: reply! }));
  state.jobs = state.jobs.slice(1);
  state.wait = undefined;
  turn.effects.push({ type: 'settled', id: job.id, reply: mergeReplies(parts) });
  return true;
}
