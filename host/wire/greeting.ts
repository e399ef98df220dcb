// The handshake: HELLO until HELLO_REPLY, within a bound. It begins a new sequence, so it also mends a link on
// which host and board no longer agree about the newest batch.
//
// Every HELLO has a seq of its own, and only the answer to the newest counts. One that is overtaken and comes in when
// batches of the new sequence are done would begin that sequence again, and what is sent again would be done twice.

import { MalformedBody } from '../../protocol/fields.js';
import type { Frame } from '../../protocol/frame.js';
import { decodeHello, type Hello, helloTableHash } from '../../protocol/hello.js';
import { FAULT_WORDS, LIMITS } from '../../protocol/messages.js';
import { BarewireError } from '../diag/error.js';
import { type BoardState, badHello, noAnswer, restarted, stillRunning, tableMismatch } from './errors.js';
import { settleBaud, turnForHello } from './line-rate.js';
import { acknowledgement, noteOutputTotal, outputFrom } from './output.js';
import { count, describeJob, failJob, sendBare, sendBreak, type Turn } from './turn.js';

/** A board must at least be able to answer with a fault record. */
const LEAST_MAX_FRAME = LIMITS.minFrame + 10 + 4 * FAULT_WORDS.rv32.length;
const MOST_WINDOW = 64;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 500;

export function startGreeting(turn: Turn): void {
  const { state, nowMs } = turn;
  if (state.hello !== undefined) {
    nextHelloSeq(turn);
    count(turn, 'resyncs');
  }
  state.phase = 'greeting';
  state.greetingBreaks = 0;
  state.wait = { sinceMs: nowMs, deadlineMs: nowMs, tries: 0 };
  sendHello(turn);
}

function sendHello(turn: Turn): void {
  const { state, nowMs } = turn;
  const { sinceMs, tries } = state.wait!;
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS);
  const endMs = sinceMs + state.config.helloTimeoutMs;
  state.wait = { sinceMs, deadlineMs: Math.min(nowMs + pauseMs, endMs), tries: tries + 1 };
  turnForHello(turn, tries);
  if (tries > 0) nextHelloSeq(turn);
  sendBare(turn, 'HELLO', state.helloSeq);
}

/** 1–255, and far from those of the batches that follow the one before. */
function nextHelloSeq({ state }: Turn): void {
  state.helloSeq = (state.helloSeq + 101) % 255 || 255;
}

/** The pause after a HELLO is over. */
export function onGreetingTimer(turn: Turn): void {
  const { state, nowMs } = turn;
  const { sinceMs, tries } = state.wait!;
  const waitedMs = nowMs - sinceMs;
  const { port, helloTimeoutMs } = state.config;
  if (waitedMs < helloTimeoutMs) {
    sendHello(turn);
    return;
  }
  count(turn, 'timeouts');
  const breaks = state.greetingBreaks;
  refuse(turn, breaks > 0 ? stillRunning(port, waitedMs, breaks) : noAnswer(port, waitedMs, tries, state.badFrames));
}

/** HELLO is answered by STATE while code of an earlier session runs: it has no owner any more. */
export function onGreetingState(turn: Turn, { running, lastSeq }: BoardState): void {
  if (running === 0) return;
  turn.state.greetingBreaks++;
  sendBreak(turn, lastSeq);
}

export function onGreetingReply(turn: Turn, { seq, body }: Frame): void {
  const { state } = turn;
  if (seq !== state.helloSeq && seq !== 0) {
    count(turn, 'unexpected');
    // To an older one: the way is long, and the answer to the newest is on it.
    const { nowMs } = turn;
    const wait = state.wait!;
    state.wait = { ...wait, deadlineMs: nowMs + Math.max(LONGEST_PAUSE_MS, nowMs - wait.sinceMs) };
    return;
  }
  const hello = readHello(state.config.port, state.config.tableHash, body);
  if (hello instanceof BarewireError) {
    count(turn, 'malformed');
    refuse(turn, hello);
    return;
  }
  settleBaud(turn);
  const before = state.hello;
  if (before !== undefined && seq === 0 && state.restartNoted) {
    count(turn, 'repeated'); // one for each batch that the board before the restart was meant to have
    return;
  }
  if (before !== undefined && (seq === 0 || isOther(turn, before, hello))) {
    noteRestart(turn, hello);
    return;
  }
  if (seq === 0) {
    sendHello(turn);
    return;
  }
  state.hello = hello;
  state.restartNoted = false;
  state.phase = 'ready';
  state.nextSeq = (seq + 1) & 0xff;
  state.wait = undefined;
  state.pinged = false;
  state.nakked = undefined;
  if (before !== undefined) {
    noteOutputTotal(turn, hello.output);
    return;
  }
  state.output = outputFrom(hello.output);
  if (hello.output !== 0) sendBare(turn, 'ACK', acknowledgement(state.output));
  turn.effects.push({ type: 'connected', hello });
}

/** Whether the board cannot be the one we knew: another image, another start, or less output than it had. */
function isOther({ state }: Turn, before: Hello, hello: Hello): boolean {
  const forgot = ((hello.output - state.output.offset) | 0) < 0;
  return before.buildId !== hello.buildId || before.bootId !== hello.bootId || forgot;
}

/** An unasked HELLO_REPLY on a link in use: the board has restarted. */
export function onUnaskedHello(turn: Turn, frame: Frame): void {
  const { state } = turn;
  if (frame.seq !== 0) {
    count(turn, frame.seq === state.helloSeq ? 'repeated' : 'unexpected');
    return;
  }
  const hello = readHello(state.config.port, state.config.tableHash, frame.body);
  if (hello instanceof BarewireError) {
    count(turn, 'malformed');
    failJob(turn, hello);
    return;
  }
  settleBaud(turn);
  noteRestart(turn, hello);
}

function noteRestart(turn: Turn, hello: Hello): void {
  turn.state.hello = hello;
  turn.state.restartNoted = true;
  count(turn, 'restarts');
  turn.state.output = outputFrom(hello.output);
  turn.effects.push({ type: 'restart', hello });
  failJob(turn, restarted(turn.state.config.port, describeJob(turn), hello.cause));
}

/** Nobody to talk to: fails the job that wanted the link, or the link itself if it never was one. */
function refuse(turn: Turn, error: BarewireError): void {
  if (turn.state.hello !== undefined) {
    failJob(turn, error);
    return;
  }
  turn.state.phase = 'closed';
  turn.state.wait = undefined;
  turn.effects.push({ type: 'refused', error });
}

function readHello(port: string, tableHash: number, body: Uint8Array): Hello | BarewireError {
  const boardHash = helloTableHash(body);
  if (boardHash !== undefined && boardHash !== tableHash) return tableMismatch(port, boardHash, tableHash);
  try {
    const hello = decodeHello(body);
    const why = insane(hello);
    return why === undefined ? hello : badHello(port, why);
  } catch (error) {
    if (error instanceof MalformedBody) return badHello(port, error.message);
    throw error;
  }
}

function insane({ maxFrame, maxReply, window, arenaAddr, arenaSize }: Hello): string | undefined {
  if (maxFrame < LEAST_MAX_FRAME || maxFrame > LIMITS.maxFrame) {
    return `frames of at most ${maxFrame} bytes, where ${LEAST_MAX_FRAME} to ${LIMITS.maxFrame} can be`;
  }
  if (maxReply < LEAST_MAX_FRAME || maxReply > LIMITS.maxFrame) {
    return `answers of at most ${maxReply} bytes, where ${LEAST_MAX_FRAME} to ${LIMITS.maxFrame} can be`;
  }
  if (window < 1 || window > MOST_WINDOW) return `a window of ${window} frames, where 1 to ${MOST_WINDOW} can be`;
  if (arenaSize === 0 || arenaAddr + arenaSize > 2 ** 32) {
    return `an arena of ${arenaSize} bytes at 0x${arenaAddr.toString(16)}`;
  }
  return undefined;
}
