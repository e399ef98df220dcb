// The link as a pure machine: (state, input) → state and effects. The shell in link.ts owns the port and the
// timer and does what the effects say; tests drive it with a modelled board and a fake clock.
//
// Every wait has a bound. Without an answer the host asks with PING, whose STATE says how far the board got, so
// that a batch is sent again only when it was not begun, or to have its stored reply once more.

import { decodeFields, MalformedBody } from '../../protocol/fields.js';
import type { Frame } from '../../protocol/frame.js';
import { FRAMES } from '../../protocol/messages.js';
import { beginBreak, finishJob, noteRunning, onBatchReply, onNak, onState, onWaitOver, pump } from './batches.js';
import { closed } from './errors.js';
import { onGreetingReply, onGreetingState, onGreetingTimer, onUnaskedHello, startGreeting } from './greeting.js';
import { sendReset, shouldAsk } from './line-rate.js';
import type { LinkEffect, LinkInput, LinkState } from './machine-state.js';
import { settleLosses } from './mending.js';
import { takeOutput } from './output.js';
import { piecesOf } from './plan.js';
import { awaitsAnswer } from './slots.js';
import { count, describeJob, failJob, sendPing, type Turn } from './turn.js';

/** One move of the link. Changes neither `state` nor `input`. */
export function step(state: LinkState, input: LinkInput): { state: LinkState; effects: readonly LinkEffect[] } {
  const turn: Turn = { state: { ...state }, effects: [], nowMs: input.nowMs };
  take(turn, input);
  advance(turn);
  return { state: turn.state, effects: turn.effects };
}

function take(turn: Turn, input: LinkInput): void {
  const { state } = turn;
  if (input.type === 'execute') {
    const { id, ops, runTimeoutMs, trialBaud } = input;
    const fresh = {
      slots: [],
      rest: piecesOf(ops),
      running: false,
      breakingSinceMs: undefined,
      breaks: 0,
      breakAtMs: undefined,
    };
    const quietMs = state.config.pingIntervalMs;
    state.jobs = [...state.jobs, { id, ops, runTimeoutMs, trialBaud, quietMs, ...fresh }];
    if (state.phase === 'closed') failAll(turn, undefined);
    return;
  }
  if (state.phase === 'closed') return;
  switch (input.type) {
    case 'start':
      startGreeting(turn);
      return;
    case 'frame':
      onFrame(turn, input.frame);
      return;
    case 'badFrame':
      state.badFrames++;
      if (shouldAsk(turn)) startGreeting(turn);
      return;
    case 'break':
      beginBreak(turn);
      return;
    case 'ask':
      sendPing(turn);
      return;
    case 'reset':
      sendReset(turn, input.again);
      return;
    case 'baud':
      state.baud = input.baud;
      return;
    case 'timer':
      onTimer(turn);
      return;
    case 'closed':
      if (state.hello === undefined) {
        turn.effects.push({ type: 'refused', error: closed(state.config.port, 'the handshake', input.cause) });
      }
      failAll(turn, input.cause);
      return;
  }
}

function failAll(turn: Turn, cause: Error | undefined): void {
  while (turn.state.jobs.length > 0) failJob(turn, closed(turn.state.config.port, describeJob(turn), cause));
  turn.state.phase = 'closed';
  turn.state.wait = undefined;
}

function onTimer(turn: Turn): void {
  const { state, nowMs } = turn;
  const job = state.jobs[0];
  if (job?.breakAtMs !== undefined && job.breakingSinceMs === undefined && nowMs >= job.breakAtMs) beginBreak(turn);
  if (state.wait === undefined || nowMs < state.wait.deadlineMs) return;
  if (state.phase === 'greeting') onGreetingTimer(turn);
  else onWaitOver(turn);
}

function onFrame(turn: Turn, frame: Frame): void {
  count(turn, 'good');
  const { state } = turn;
  try {
    if (state.phase === 'ready') onReadyFrame(turn, frame);
    else if (state.phase === 'unsynced' && state.hello === undefined) count(turn, 'unexpected');
    else if (frame.kind === 'HELLO_REPLY' && state.phase === 'greeting') onGreetingReply(turn, frame);
    else if (frame.kind === 'HELLO_REPLY') onUnaskedHello(turn, frame);
    else if (frame.kind === 'STATE' && state.phase === 'greeting') {
      onGreetingState(turn, decodeFields(FRAMES.STATE.fields, frame.body));
    } else count(turn, 'unexpected');
  } catch (error) {
    if (!(error instanceof MalformedBody)) throw error;
    count(turn, 'malformed');
  }
}

function onReadyFrame(turn: Turn, frame: Frame): void {
  switch (frame.kind) {
    case 'BATCH_REPLY':
      onBatchReply(turn, frame);
      return;
    case 'NAK':
      onNak(turn, frame);
      return;
    case 'STATE':
      onState(turn, frame.body);
      return;
    case 'OUTPUT':
      onOutput(turn, frame);
      return;
    case 'HELLO_REPLY':
      onUnaskedHello(turn, frame);
      return;
    default:
      count(turn, 'unexpected');
  }
}

function onOutput(turn: Turn, frame: Frame): void {
  if (!takeOutput(turn, frame)) return;
  if (!awaitsAnswer(turn)) turn.state.wait = undefined; // only output was waited for
  noteRunning(turn, 'output');
}

/** Goes on with whatever the input has made possible. */
function advance(turn: Turn): void {
  const { state } = turn;
  while (state.jobs.length > 0) {
    if (state.phase === 'unsynced') startGreeting(turn);
    if (state.phase !== 'ready') return;
    const { id } = state.jobs[0]!;
    settleLosses(turn);
    if (state.jobs[0]?.id === id) pump(turn);
    // A job that has failed makes room for the next one.
    if (state.jobs[0]?.id === id && !finishJob(turn)) return;
  }
}
