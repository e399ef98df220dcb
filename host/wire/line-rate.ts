// Which rate our end of the line has, while the board may be at another: code on it has just set one, it has restarted,
// or a host before us left it at one. The rule is the same for all of these. Where nothing is heard the other rates
// take turns, and where a frame comes in whole we stay.
//
//   base ──code that sets another rate is sent──▶ other ──STATE: it runs──▶ BREAK ──▶ the board stays there
//    ▲                                              │
//    └──nothing heard, turns; the code gives up ────┘   the same way back, with the names exchanged

import { sendBare, type Turn } from './turn.js';

/** PINGs without an answer before the other rate gets its turn. */
const PATIENCE = 3;
const TRIAL_WAIT_MS = 50;

/** Sets the rate of our end, for what is sent from now on. */
export function setBaud(turn: Turn, baud: number): void {
  if (turn.state.baud === baud) return;
  turn.state.baud = baud;
  turn.effects.push({ type: 'baud', baud });
}

/** A list that sets another rate goes out: our end follows as soon as it has left. */
export function followTrial(turn: Turn, baud: number): void {
  const { state } = turn;
  const [base = state.baud] = state.bauds;
  state.bauds = [...new Set([base, state.baud, baud])];
  setBaud(turn, baud);
}

/** Wait for a sign of life at a rate on trial: the board does not keep it for long.
 *  @param tries waits before it */
export const trialWaitMs = (tries: number): number => TRIAL_WAIT_MS * 2 ** tries;

/** There are several rates at which the board may listen. */
export const isUncertain = ({ state }: Turn): boolean => state.bauds.length > 1;

/** Before a PING: the rates take turns once there was no answer for long.
 *  @param tries PINGs before it */
export function turnForPing(turn: Turn, tries: number): void {
  const { bauds, baud } = turn.state;
  if (bauds.length < 2 || tries < PATIENCE) return;
  setBaud(turn, bauds[(bauds.indexOf(baud) + 1) % bauds.length]!);
}

/** Before a HELLO. To a board that was never heard every other one goes at the rate that boards start with, the first
 *  two as well; else the first goes at the rate at which it was heard last.
 *  @param tries HELLOs before it */
export function turnForHello(turn: Turn, tries: number): void {
  const { hello, bauds, baud } = turn.state;
  const [base, ...others] = bauds;
  if (others.length === 0) return;
  if (hello !== undefined) {
    if (tries > 0) setBaud(turn, bauds[(bauds.indexOf(baud) + 1) % bauds.length]!);
    return;
  }
  const isBase = tries === 0 || tries % 2 === 1;
  setBaud(turn, isBase ? base! : others[(tries / 2 - 1) % others.length]!);
}

/** The board is at the rate of our end, and stays there until it restarts or is told otherwise. */
export function settleBaud({ state }: Turn): void {
  const [base = state.baud] = state.bauds;
  state.bauds = [...new Set([base, state.baud])];
}

/** RESET where the board was heard last; it answers at the rate that it starts with.
 *  @param again the first was not answered: it goes to where the board may be else */
export function sendReset(turn: Turn, again: boolean): void {
  const [base = turn.state.baud, ...others] = turn.state.bauds;
  if (again) setBaud(turn, others[0] ?? base);
  sendBare(turn, 'RESET', 0);
  setBaud(turn, base);
}

/** Something that is no frame came in while nothing was asked: it may be the board, at another rate. */
export const shouldAsk = (turn: Turn): boolean =>
  turn.state.phase === 'ready' && turn.state.jobs.length === 0 && turn.state.wait === undefined && isUncertain(turn);
