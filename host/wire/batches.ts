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
import type { BarewireError } from '../diag/error.js';
import { withBootId } from './answered-restart.js';
import { breakIgnored, malformedReply, outOfStep, stillRunning, timeout, unreliable } from './errors.js';
import { followTrial, isUncertain, settleBaud, trialWaitMs, turnForPing } from './line-rate.js';
import type { Slot } from './machine-state.js';
import { loseBefore, requeue, shouldWithdraw, stuckFrom, withdrawal } from './mending.js';
import { loseOutput, noteOutputSent, outputMissing } from './output.js';
import { paceAfterGood, paceAfterLoss } from './pace.js';
import { dataBytes, inferReply, isQuick, mayFollow, mergeReplies, type PlannedFrame, planFrame } from './plan.js';
import { ahead, bytesOf, failed, lineBytes, newSlot, sentSlots, wantedSlots } from './slots.js';
import { allowanceMs, observeRoundTrip, waitMs } from './timing.js';
import { count, describeJob, failJob, mapSlots, sendBreak, sendPing, setJob, type Turn } from './turn.js';

/** Waits for a sign of life from a board that does not hear BREAK: somebody wants it stopped now. */
const BREAK_TRIES = 3;

/** Where rates take turns each gets the waits that one would get. */
const inEachRate = (turn: Turn, tries: number): number => (isUncertain(turn) ? tries >> 1 : tries);

/** Starts the wait for the frames that are out. */
function startWait(turn: Turn, tries = 0): void {
  const { state, nowMs } = turn;
  const out = sentSlots(state.jobs[0]).map((slot) => slot.asked);
  if (out.length === 0) {
    state.wait = undefined;
    return;
  }
  const waits = inEachRate(turn, tries);
  const usualMs = waitMs(state.timing, waits, state.config.paced) + allowanceMs(out, state.baud);
  const onTrial = state.jobs[0]!.trialBaud !== undefined && out.some(({ runs }) => runs);
  const delayMs = onTrial ? Math.min(usualMs, trialWaitMs(waits)) : usualMs;
  const sinceMs = tries === 0 ? nowMs : (state.wait?.sinceMs ?? nowMs);
  state.wait = { sinceMs, deadlineMs: nowMs + delayMs, tries };
}

/** Sends what the window, and what is already out, allow. */
export function pump(turn: Turn): void {
  const { state } = turn;
  const slots = wantedSlots(state.jobs[0]);
  const out = sentSlots(state.jobs[0]);
  if (slots.some(({ state: is }) => is === 'lost' || is === 'undone') || out.some((slot) => slot.withdrawn)) return;
  const asked = out.map((slot) => slot.asked);
  for (const [index, slot] of slots.entries()) {
    if (slot.state !== 'waiting') continue;
    if (!hasRoom(turn, asked, slot.asked) || !sendNew(turn, index, slot)) return;
    asked.push(slot.asked);
  }
  if (slots.some(failed)) return;
  for (let job = state.jobs[0]!; job.rest.length > 0; job = state.jobs[0]!) {
    const { frame, rest } = planFrame(job.rest, state.hello!, state.pace.frameBytes);
    if (!hasRoom(turn, asked, frame)) return;
    const slot = newSlot(frame);
    setJob(turn, { ...job, slots: [...job.slots, slot], rest });
    if (!sendNew(turn, job.slots.length, slot)) return;
    asked.push(frame);
  }
}

/** Most frames out, however short: half of the sequence numbers must tell old from new. */
const MOST_OUT = 32;

/** Whether `next` may go out beside `out`. The board has room for as many frames as its window says; of short ones that it
 *  is done with before the line brings the next, there may be as many as fit into the bytes of those. */
function hasRoom({ state }: Turn, out: readonly PlannedFrame[], next: PlannedFrame): boolean {
  const { window, maxFrame } = state.hello!;
  if (!mayFollow(next, out)) return false;
  if (out.length < window) return true;
  const all = [...out, next];
  if (!state.config.paced || out.length >= MOST_OUT) return false;
  if (!all.every((frame) => isQuick(frame, state.baud))) return false;
  // No more than keeps the line busy: what is out behind a lost frame has to be sent again.
  const busyBytes = (state.timing.latencyMs * state.baud) / 10_000 + 4 * state.pace.frameBytes;
  return bytesOf(all) <= Math.min(window * maxFrame, busyBytes);
}

/** Sends a slot under a new number. BATCH_CONT only straight after the slot before it: a batch in between that
 *  failed would abort it.
 *  @returns false if that was tried too often */
function sendNew(turn: Turn, index: number, slot: Slot): boolean {
  const { state, nowMs } = turn;
  if (slot.sends >= state.config.sends) {
    failJob(turn, exhausted(turn, slot));
    return false;
  }
  const seq = state.nextSeq;
  state.nextSeq = (seq + 1) & 0xff;
  const before = state.jobs[0]?.slots[index - 1];
  const follows = before !== undefined && before.state !== 'waiting' && ahead(seq, before.seq) === 1;
  const frame: Frame = { kind: follows ? 'BATCH_CONT' : 'BATCH', seq, body: slot.asked.body };
  turn.effects.push({ type: 'send', frame, fresh: false });
  const sends = slot.sends + 1;
  const out = [...sentSlots(state.jobs[0]).map((each) => each.asked), slot.asked];
  const lineMs = (bytesOf(out) * 10_000) / state.baud;
  mapSlots(turn, (old, at) =>
    at === index ? { ...old, state: 'sent', seq, sends, sentAtMs: nowMs, lineMs, frame } : old,
  );
  startWait(turn);
  const job = state.jobs[0]!;
  if (slot.asked.runs && job.trialBaud !== undefined) followTrial(turn, job.trialBaud);
  if (slot.asked.runs && job.runTimeoutMs !== undefined && job.breakAtMs === undefined) {
    setJob(turn, { ...job, breakAtMs: nowMs + job.runTimeoutMs });
  }
  return true;
}

const describeBatch = (slot: Slot) => `batch ${slot.seq} (${slot.asked.body.length + 6} bytes)`;

/** What is said of a batch that was sent too often: that the board never got it, or that its answer never came. */
function exhausted({ state }: Turn, slot: Slot): BarewireError {
  const { plan, asked, frame, withdrawn, sends } = slot;
  const isDone = asked !== plan || (frame !== undefined && frame.body !== asked.body && !withdrawn);
  const { port } = state.config;
  return unreliable(port, describeBatch(slot), sends, isDone ? 'answer' : 'batch', state.boardState);
}

/** Sends again every batch that is out from the first one `from` accepts on. */
function resend(turn: Turn, from: (slot: Slot) => boolean): void {
  const { state, nowMs } = turn;
  const out = sentSlots(state.jobs[0]);
  const first = out.findIndex(from);
  const again = first < 0 ? [] : out.slice(first);
  if (again.length > 0) state.pace = paceAfterLoss(state.pace, lineBytes(again[0]!.asked));
  const withdraw = shouldWithdraw(turn, again);
  let fresh = true;
  for (const slot of again) {
    if (slot.sends >= state.config.sends) {
      failJob(turn, exhausted(turn, slot));
      return;
    }
    count(turn, 'resent');
    turn.effects.push({ type: 'send', frame: withdraw ? withdrawal(slot) : slot.frame!, fresh });
    fresh = false;
  }
  mapSlots(turn, (slot) => {
    if (!again.includes(slot)) return slot;
    const frame = withdraw ? withdrawal(slot) : slot.frame;
    return { ...slot, frame, withdrawn: slot.withdrawn || withdraw, sends: slot.sends + 1, sentAtMs: nowMs };
  });
  startWait(turn);
  const { trialBaud } = state.jobs[0]!;
  const begins = again.some(({ asked, frame }) => asked.runs && frame!.body === asked.body);
  if (begins && trialBaud !== undefined && !withdraw) followTrial(turn, trialBaud);
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
    noteOutputSent(turn, outputBefore(body), false);
    reply = withBootId(decodeReply(body, slot.asked.ops), state.hello!.arch);
  } catch (error) {
    if (!(error instanceof MalformedBody)) throw error;
    count(turn, 'malformed');
    failJob(turn, malformedReply(state.config.port, describeJob(turn), error.message));
    return;
  }
  const { bootId } = reply.failure;
  if (bootId !== undefined) state.hello = { ...state.hello!, bootId };
  if (bootId !== undefined || (slot.asked.runs && state.jobs[0]!.trialBaud !== undefined)) settleBaud(turn);
  loseBefore(turn, seq);
  if (reply.status === 'REPEATED') {
    count(turn, 'repeated');
    if (slot.state === 'sent') count(turn, 'lost');
    mapSlots(turn, (old, at) => (at === index ? { ...old, state: 'lost' } : old));
  } else if (slot.withdrawn && reply.done === 0 && (reply.status === 'MALFORMED' || reply.status === 'ABORTED')) {
    mapSlots(turn, (old, at) => (at === index ? { ...old, state: 'undone', reply } : old));
  } else {
    if (slot.sends === 1) {
      state.pace = paceAfterGood(state.pace);
      if (!slot.asked.runs) {
        const sampleMs = nowMs - slot.sentAtMs;
        turn.effects.push({ type: 'roundTrip', ms: sampleMs });
        state.timing = observeRoundTrip(state.timing, sampleMs, slot.lineMs);
      }
    }
    turn.effects.push({
      type: 'progress',
      id: state.jobs[0]!.id,
      bytes: dataBytes(slot.plan.ops),
      ran: slot.plan.runs,
    });
    const whole = slot.asked !== slot.plan && reply.status === 'OK' ? inferReply(slot.plan, reply) : reply;
    mapSlots(turn, (old, at) => (at === index ? { ...old, state: 'done', reply: whole } : old));
    if (slot.asked.runs) setJob(turn, { ...state.jobs[0]!, running: false, breakAtMs: undefined });
  }
  state.nakked = undefined;
  startWait(turn);
}

export function onNak(turn: Turn, { seq, body }: Frame): void {
  const { state } = turn;
  const { expected } = decodeFields(FRAMES.NAK.fields, body);
  const out = sentSlots(state.jobs[0]);
  // One about what was answered since came late or twice.
  if (!out.some((slot) => slot.seq === seq) || ahead(expected, out[0]!.seq) < 0) {
    count(turn, 'unexpected');
    return;
  }
  count(turn, 'naks');
  if (!out.some((slot) => slot.seq === expected)) {
    failJob(turn, outOfStep(state.config.port, expected, listSeqs(out)));
    return;
  }
  // Frames that followed the lost one are refused one after another; one that is refused twice was sent since.
  const known = state.nakked?.expected === expected ? state.nakked : undefined;
  state.nakked = { expected, seq };
  if (known !== undefined && ahead(seq, known.seq) > 0) return;
  loseBefore(turn, expected);
  resend(turn, (slot) => slot.seq === expected);
}

const listSeqs = (slots: readonly Slot[]) => slots.map((slot) => slot.seq).join(', ');

export function onState(turn: Turn, body: Uint8Array): void {
  const { state, nowMs } = turn;
  const board = decodeFields(FRAMES.STATE.fields, body);
  state.boardState = board;
  turn.effects.push({ type: 'boardState', state: board });
  noteOutputSent(turn, board.output, state.pinged);
  const job = state.jobs[0];
  const out = sentSlots(job);
  if (state.wait !== undefined) state.wait = { ...state.wait, tries: 0 };
  if (job === undefined || out.length === 0) {
    state.pinged = false;
    return;
  }
  if (board.running !== 0) {
    state.pinged = false;
    if (!out.some((slot) => slot.asked.runs)) {
      failJob(turn, stillRunning(state.config.port, 0, 0));
      return;
    }
    noteRunning(turn, 'state');
    if (job.breakingSinceMs === undefined) return;
    if (job.breaks >= state.config.breaks) {
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
  const progress = ahead(board.lastSeq, oldest.seq);
  if (progress === -1) {
    resend(turn, () => true);
  } else if (progress < -1 || ahead(board.lastSeq, out.at(-1)!.seq) > 0) {
    failJob(turn, outOfStep(state.config.port, (board.lastSeq + 1) & 0xff, listSeqs(out)));
  } else {
    const stuck = stuckFrom(turn, board.lastSeq);
    if (stuck >= 0) {
      state.pace = paceAfterLoss(state.pace, lineBytes(oldest.asked));
      requeue(turn, stuck);
      return;
    }
    loseBefore(turn, board.lastSeq);
    // Its number alone brings its answer: nothing else of it needs to get through.
    mapSlots(turn, (slot) =>
      slot.seq === board.lastSeq && slot.state === 'sent' ? { ...slot, frame: withdrawal(slot) } : slot,
    );
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
  // Heard at the rate on trial: that is all it takes.
  if (job.trialBaud === state.baud && job.breakingSinceMs === undefined) {
    beginBreak(turn);
    return;
  }
  if (job.breakingSinceMs !== undefined && state.wait !== undefined) state.wait = { ...state.wait, tries: 0 };
  else state.wait = { sinceMs: nowMs, deadlineMs: nowMs + Math.min(quietMs, pingIntervalMs), tries: 0 };
}

/** BREAK is wanted; it is repeated until the run has ended. */
export function beginBreak(turn: Turn): void {
  const { state, nowMs } = turn;
  const job = state.jobs[0];
  const toCome = job?.rest.some(({ op }) => op.op === 'RUN');
  if (job === undefined || !(toCome || job.slots.some((slot) => slot.asked.runs && slot.state !== 'done'))) return;
  if (job.breakingSinceMs === undefined) setJob(turn, { ...job, breakingSinceMs: nowMs });
  breakNow(turn);
}

function breakNow(turn: Turn): void {
  const job = turn.state.jobs[0]!;
  const running = sentSlots(job).find((slot) => slot.asked.runs);
  if (running === undefined) return;
  setJob(turn, { ...job, breaks: job.breaks + 1 });
  sendBreak(turn, running.seq);
  startWait(turn);
}

/** The wait is over without an answer: ask whether anybody is there and how far they got. */
export function onWaitOver(turn: Turn): void {
  const { state, nowMs } = turn;
  const { sinceMs, tries } = state.wait!;
  if (sentSlots(state.jobs[0]).length === 0) {
    if (tries >= state.config.tries) {
      state.wait = undefined;
      loseOutput(turn);
      return;
    }
    count(turn, 'timeouts');
    sendPing(turn);
    state.wait = { sinceMs, deadlineMs: nowMs + outputWaitMs(turn, tries + 1), tries: tries + 1 };
    return;
  }
  const breaking = state.jobs[0]?.breakingSinceMs !== undefined && state.jobs[0].trialBaud === undefined;
  if (inEachRate(turn, tries) >= (breaking ? Math.min(BREAK_TRIES, state.config.tries) : state.config.tries)) {
    failJob(turn, timeout(state.config.port, describeJob(turn), nowMs - sinceMs, tries));
    return;
  }
  count(turn, 'timeouts');
  turnForPing(turn, tries);
  sendPing(turn);
  startWait(turn, tries + 1);
}

/** Wait for output that was asked for again. */
function outputWaitMs({ state }: Turn, tries: number): number {
  return waitMs(state.timing, tries, state.config.paced) + (LIMITS.maxOutput * 10_000) / state.baud;
}

/** Ends the job at the front if all of it is answered, or enough to know that it failed, and its output is here.
 *  @returns whether it ended */
export function finishJob(turn: Turn): boolean {
  const { state, nowMs } = turn;
  const job = state.jobs[0]!;
  const wanted = wantedSlots(job);
  if (sentSlots(job).length > 0 || !wanted.every((slot) => slot.state === 'done')) return false;
  if (job.rest.length > 0 && !wanted.some(failed)) return false;
  if (outputMissing(state.output)) {
    state.wait ??= { sinceMs: nowMs, deadlineMs: nowMs + outputWaitMs(turn, 0), tries: 0 };
    return false;
  }
  const parts = wanted.map(({ plan, reply }) => ({ plan, reply: reply! }));
  state.jobs = state.jobs.slice(1);
  state.wait = undefined;
  turn.effects.push({ type: 'settled', id: job.id, reply: mergeReplies(parts) });
  return true;
}
