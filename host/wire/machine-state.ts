// What the link machine is, as plain data: see machine.ts for how it moves.
//
//   greeting ──HELLO_REPLY──▶ ready ──a job fails, a restart──▶ unsynced ──next job──▶ greeting
//
// A job is one call of `execute`. Only the first of `jobs` is worked on. Each of its slots is one planned frame:
//
//   waiting ──sent──▶ sent ──reply──▶ done
//      ▲               └─ done on the board, answer gone ─▶ lost ─┐
//      └──────────── what it read is asked again ◀────────────────┘
//
// A frame that does not get through because it is too long is withdrawn: one that the board must refuse takes its
// number. The answer tells which of the two it was, and what was not done is planned again (`undone`).

import type { BatchReply, Op } from '../../protocol/batch.js';
import type { Frame } from '../../protocol/frame.js';
import type { Hello } from '../../protocol/hello.js';
import { TABLE_HASH } from '../../protocol/table-hash.js';
import type { BarewireError } from '../diag/error.js';
import type { CounterName } from './counters.js';
import type { BoardState } from './errors.js';
import { type OutputState, outputFrom } from './output.js';
import { FIRST_PACE, type Pace } from './pace.js';
import type { Piece, PlannedFrame } from './plan.js';
import { type Timing, UNMEASURED } from './timing.js';

export interface LinkConfig {
  /** Name of the port, for messages. */
  readonly port: string;
  /** Bits a second of the line when the port was opened, for the time that frames need on it. */
  readonly baud: number;
  /** Other rates at which the board may listen, from sessions before: HELLO is said at them too. */
  readonly otherBauds: readonly number[];
  /** That rate really holds back what is sent: a simulator or a socket takes it all at once. */
  readonly paced: boolean;
  /** All of the time that the first HELLO_REPLY may take. */
  readonly helloTimeoutMs: number;
  /** Waits without any sign of life before giving up. */
  readonly tries: number;
  /** How often one batch is sent before giving up. */
  readonly sends: number;
  /** How often BREAK is sent to code that goes on. */
  readonly breaks: number;
  /** While code runs, this long without a word from the board is followed by a PING; sooner after output. */
  readonly pingIntervalMs: number;
  readonly tableHash: number;
}

export const DEFAULT_CONFIG: LinkConfig = {
  port: 'the board',
  baud: 115_200,
  otherBauds: [],
  paced: false,
  helloTimeoutMs: 3000,
  tries: 6,
  sends: 50,
  breaks: 10,
  pingIntervalMs: 1000,
  tableHash: TABLE_HASH,
};

export interface Slot {
  /** The frame as planned. */
  readonly plan: PlannedFrame;
  /** What is sent for it: the plan, or later only what it read. */
  readonly asked: PlannedFrame;
  readonly state: 'waiting' | 'sent' | 'lost' | 'done' | 'undone';
  /** `frame` is no longer the plan but what the board must refuse. */
  readonly withdrawn: boolean;
  readonly seq: number;
  readonly sends: number;
  readonly sentAtMs: number;
  /** Time on the line of it and of what was out before it. */
  readonly lineMs: number;
  readonly frame: Frame | undefined;
  readonly reply: BatchReply | undefined;
}

export interface Job {
  readonly id: number;
  readonly ops: readonly Op[];
  readonly runTimeoutMs: number | undefined;
  /** Rate that its code sets at the board, and keeps if it is stopped. */
  readonly trialBaud: number | undefined;
  /** Frames planned so far, in order. */
  readonly slots: readonly Slot[];
  /** What is not planned yet. */
  readonly rest: readonly Piece[];
  /** The board said that code runs. */
  readonly running: boolean;
  /** Silence after which a running board is sent PING. */
  readonly quietMs: number;
  /** When BREAK was first wanted. */
  readonly breakingSinceMs: number | undefined;
  readonly breaks: number;
  /** When the run has had its time. */
  readonly breakAtMs: number | undefined;
}

/** What the one timer is for. */
export interface Wait {
  readonly sinceMs: number;
  readonly deadlineMs: number;
  /** Times asked without any sign of life. */
  readonly tries: number;
}

export interface LinkState {
  readonly phase: 'greeting' | 'ready' | 'unsynced' | 'closed';
  readonly config: LinkConfig;
  /** Rate of our end, now. */
  readonly baud: number;
  /** Rates at which the board may listen, the one that it has after a restart first. */
  readonly bauds: readonly number[];
  readonly hello: Hello | undefined;
  readonly helloSeq: number;
  /** A restart was reported, and no greeting has succeeded since. */
  readonly restartNoted: boolean;
  /** Seq of the next new batch. */
  readonly nextSeq: number;
  readonly jobs: readonly Job[];
  readonly wait: Wait | undefined;
  readonly timing: Timing;
  readonly pace: Pace;
  /** A PING is out whose STATE was not acted on yet. */
  readonly pinged: boolean;
  /** The NAK acted on last, with the newest seq it was said to, until something else happens. */
  readonly nakked: { readonly expected: number; readonly seq: number } | undefined;
  /** BREAKs sent in this greeting. */
  readonly greetingBreaks: number;
  readonly badFrames: number;
  readonly output: OutputState;
  readonly boardState: BoardState | undefined;
}

export type LinkInput =
  | { readonly type: 'start'; readonly nowMs: number }
  | { readonly type: 'frame'; readonly frame: Frame; readonly nowMs: number }
  | { readonly type: 'badFrame'; readonly nowMs: number }
  | {
      readonly type: 'execute';
      readonly id: number;
      readonly ops: readonly Op[];
      readonly runTimeoutMs: number | undefined;
      readonly trialBaud: number | undefined;
      readonly nowMs: number;
    }
  /** Our end has this rate: the port did what it was told, or not. */
  | { readonly type: 'baud'; readonly baud: number; readonly nowMs: number }
  | { readonly type: 'break'; readonly nowMs: number }
  | { readonly type: 'ask'; readonly nowMs: number }
  | { readonly type: 'reset'; readonly again: boolean; readonly nowMs: number }
  | { readonly type: 'timer'; readonly nowMs: number }
  | { readonly type: 'closed'; readonly cause: Error | undefined; readonly nowMs: number };

export type LinkEffect =
  /** `fresh`: end whatever stands half-sent on the line with a 0x00 first. */
  | { readonly type: 'send'; readonly frame: Frame; readonly fresh: boolean }
  /** Our end is to have this rate, once what was sent before is out. */
  | { readonly type: 'baud'; readonly baud: number }
  | { readonly type: 'count'; readonly name: CounterName; readonly by: number }
  | { readonly type: 'connected'; readonly hello: Hello }
  | { readonly type: 'refused'; readonly error: BarewireError }
  | { readonly type: 'settled'; readonly id: number; readonly reply: BatchReply }
  | { readonly type: 'failed'; readonly id: number; readonly error: BarewireError }
  | { readonly type: 'roundTrip'; readonly ms: number }
  /** More of a job's data is on the other side. */
  | { readonly type: 'progress'; readonly id: number; readonly bytes: number; readonly ran: boolean }
  /** The board's STATE. */
  | { readonly type: 'boardState'; readonly state: BoardState }
  | { readonly type: 'output'; readonly bytes: Uint8Array }
  | { readonly type: 'restart'; readonly hello: Hello };

/** A link on which nothing was said yet.
 *  @param firstSeq seq of the first HELLO, 1–255; one that an earlier session hardly used */
export function initialLink(config: LinkConfig, firstSeq: number): LinkState {
  return {
    phase: 'unsynced',
    config,
    baud: config.baud,
    bauds: [config.baud, ...config.otherBauds.filter((baud) => baud !== config.baud)],
    hello: undefined,
    helloSeq: firstSeq,
    restartNoted: false,
    nextSeq: 0,
    jobs: [],
    wait: undefined,
    timing: UNMEASURED,
    pace: FIRST_PACE,
    pinged: false,
    nakked: undefined,
    greetingBreaks: 0,
    badFrames: 0,
    output: outputFrom(0),
    boardState: undefined,
  };
}

/** When the machine wants to be called with `timer`, if at all. */
export function nextDeadline({ wait, jobs }: LinkState): number | undefined {
  const job = jobs[0];
  const breakAtMs = job?.breakingSinceMs === undefined ? job?.breakAtMs : undefined;
  if (wait === undefined || breakAtMs === undefined) return wait?.deadlineMs;
  return Math.min(wait.deadlineMs, breakAtMs);
}
