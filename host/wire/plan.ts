// Packs operations into frames. A short list is one frame; WRITEs and READs that do not fit are cut, and the
// answers are joined again, so that nobody above sees frames.
//
// Some frames may follow each other unanswered and some may not. If an answer is lost and a later one arrives,
// the board keeps only the later: the host then infers that the earlier batch went well and asks again for
// what it read. That is right only if nothing has changed since what was read, hence per frame: what it
// observes, what it changes, whether it can be done twice, and whether it runs code (then nothing may follow
// until its answer is here, so that the stored reply is always that of the RUN).

import { type BatchReply, encodeOps, type Op, type OpResult } from '../../protocol/batch.js';
import { FAULT_WORDS, LIMITS } from '../../protocol/messages.js';
import { varintSize } from '../../protocol/varint.js';
import { concatBytes } from './bytes.js';

/** Bytes `from` up to, but without, `to`. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** One operation of a frame: a whole one of the list, or a part of it. */
export interface Piece {
  readonly op: Op;
  /** Index in the list given to `execute`. */
  readonly index: number;
  /** The operation is finished when this piece is. */
  readonly last: boolean;
}

export interface PlannedFrame {
  readonly pieces: readonly Piece[];
  readonly ops: readonly Op[];
  readonly body: Uint8Array;
  /** Most bytes that the body of its reply can have. */
  readonly replyBytes: number;
  /** Time the board may need for it, beside running code. */
  readonly workMs: number;
  readonly runs: boolean;
  /** Nothing may be sent after it before its answer is here. */
  readonly mustBeLast: boolean;
  readonly observes: readonly Range[];
  readonly changes: readonly Range[];
}

export interface PlanLimits {
  readonly maxFrame: number;
  readonly maxReply: number;
  readonly arenaAddr: number;
}

/** output, status and `done` of a reply. */
const REPLY_HEAD = 6;
const RUN_RESULT = 9;
/** `next`, and 31 words with their length. */
const FIND_RESULT = 4 + 1 + 124;
const RECORD = 2 + 4 * Math.max(...Object.values(FAULT_WORDS).map((words) => words.length));
/** A part of a cut WRITE or READ is not shorter than this, unless it is the last. */
const LEAST_PART = 16;
/** Room that a cut always has, however bad the line is: for the head of an operation and its shortest part. */
const SHORTEST_BODY = LEAST_PART + 12;
/** A microcontroller at a few MHz sums or fills this many bytes a millisecond. */
const BYTES_PER_MS = 250;

/** Result bytes of `op`, and what it adds instead when it fails. A READ that faults has its own room for the record. */
function replySize(op: Op): { result: number; failure: number } {
  switch (op.op) {
    case 'READ':
      return { result: varintSize(op.len) + op.len, failure: 2 };
    case 'CRC':
      return { result: 4, failure: 0 };
    case 'RUN':
      return { result: RUN_RESULT, failure: RECORD };
    case 'FIND':
      return { result: FIND_RESULT, failure: 2 };
    case 'CHECK':
      return { result: 0, failure: 4 };
    case 'WRITE':
    case 'FILL':
      return { result: 0, failure: 0 };
  }
}

function requestSize(op: Op, arenaAddr: number): number {
  switch (op.op) {
    case 'WRITE':
      return 1 + addrSize(op.addr, arenaAddr) + varintSize(op.data.length) + op.data.length;
    case 'RUN':
      return 1 + addrSize(op.entry, arenaAddr);
    case 'FILL':
      return 1 + addrSize(op.addr, arenaAddr) + varintSize(op.len) + 1;
    case 'CHECK':
      return 1 + addrSize(op.addr, arenaAddr) + varintSize(op.len) + 4;
    case 'FIND':
      return 1 + addrSize(op.addr, arenaAddr) + varintSize(op.len) + addrSize(op.low, arenaAddr) + varintSize(op.span);
    case 'READ':
    case 'CRC':
      return 1 + addrSize(op.addr, arenaAddr) + varintSize(op.len);
  }
}

function addrSize(addr: number, arenaAddr: number): number {
  return varintSize((addr - arenaAddr) >>> 0);
}

/** Splits off as much of a WRITE or READ as `requestRoom` and `replyRoom` take; undefined if too little. */
function cut(op: Op, requestRoom: number, replyRoom: number, arenaAddr: number): [Op, Op] | undefined {
  if (op.op === 'WRITE') {
    const room = requestRoom - 1 - addrSize(op.addr, arenaAddr) - 2;
    if (room < LEAST_PART || op.data.length <= room) return undefined;
    return [
      { op: 'WRITE', addr: op.addr, data: op.data.subarray(0, room) },
      { op: 'WRITE', addr: (op.addr + room) >>> 0, data: op.data.subarray(room) },
    ];
  }
  if (op.op === 'READ') {
    if (requestRoom < 1 + 5 + 5) return undefined;
    const most = replyRoom - 2;
    const room = most - ((op.addr + most) & 3);
    if (room < LEAST_PART || op.len <= room) return undefined;
    return [
      { op: 'READ', addr: op.addr, len: room },
      { op: 'READ', addr: (op.addr + room) >>> 0, len: op.len - room },
    ];
  }
  return undefined;
}

/** Bytes that operations write or read. */
export function dataBytes(ops: readonly Op[]): number {
  return ops.reduce((sum, op) => sum + (op.op === 'WRITE' ? op.data.length : op.op === 'READ' ? op.len : 0), 0);
}

/** A list of operations as pieces, none of them cut yet. */
export function piecesOf(ops: readonly Op[]): Piece[] {
  return ops.map((op, index) => ({ op, index, last: true }));
}

/** Packs as many of `pieces`, which are not none, as one frame takes.
 *  @param paceBytes keep request and results below this where they can be cut
 *  @returns the frame and what is left
 *  @throws RangeError if a piece fits no frame at all */
export function planFrame(
  pieces: readonly Piece[],
  { maxFrame, maxReply, arenaAddr }: PlanLimits,
  paceBytes = Number.POSITIVE_INFINITY,
): { frame: PlannedFrame; rest: readonly Piece[] } {
  const capacity = maxFrame - LIMITS.minFrame;
  const replyCapacity = maxReply - LIMITS.minFrame - REPLY_HEAD;
  const taken: Piece[] = [];
  let request = 0;
  let result = 0;
  let peak = 0;
  const done = (rest: readonly Piece[]) => {
    return { frame: finishFrame(taken, REPLY_HEAD + Math.max(result, peak), arenaAddr), rest };
  };
  for (const [at, piece] of pieces.entries()) {
    const { op, index, last } = piece;
    const size = replySize(op);
    const needs = requestSize(op, arenaAddr);
    const fits = (room: number, replyRoom: number) => needs <= room - request && size.result <= replyRoom - result;
    const possible = fits(capacity, replyCapacity) && size.failure <= replyCapacity - result;
    const pace = paceBytes - LIMITS.minFrame;
    if (!possible || !fits(pace, pace - REPLY_HEAD)) {
      const room = Math.min(capacity, Math.max(pace, SHORTEST_BODY)) - request;
      const replyRoom = Math.min(replyCapacity, Math.max(pace - REPLY_HEAD, SHORTEST_BODY)) - result;
      const parts = cut(op, room, replyRoom, arenaAddr);
      if (parts !== undefined) {
        taken.push({ op: parts[0], index, last: false });
        if (parts[0].op === 'READ') result += replySize(parts[0]).result;
        return done([{ op: parts[1], index, last }, ...pieces.slice(at + 1)]);
      }
      if (taken.length > 0) return done(pieces.slice(at));
      if (!possible) throw new RangeError(`${op.op} does not fit a frame of ${maxFrame} bytes`);
    }
    taken.push(piece);
    request += needs;
    peak = Math.max(peak, result + size.failure);
    result += size.result;
  }
  return done([]);
}

/** Packs `ops`, in order, into as few frames as they need. */
export function planFrames(ops: readonly Op[], limits: PlanLimits): PlannedFrame[] {
  const frames: PlannedFrame[] = [];
  let rest: readonly Piece[] = piecesOf(ops);
  while (rest.length > 0) {
    const next = planFrame(rest, limits);
    frames.push(next.frame);
    rest = next.rest;
  }
  return frames;
}

function finishFrame(pieces: readonly Piece[], replyBytes: number, arenaAddr: number): PlannedFrame {
  const ops = pieces.map((piece) => piece.op);
  const observes: Range[] = [];
  const changes: Range[] = [];
  let runs = false;
  let changesWhatItObserved = false;
  let workBytes = 0;
  for (const op of ops) {
    if (op.op === 'RUN') {
      runs = true;
    } else if (op.op === 'WRITE' || op.op === 'FILL') {
      const len = op.op === 'WRITE' ? op.data.length : op.len;
      const range = { from: op.addr, to: op.addr + len };
      changesWhatItObserved ||= overlap([range], observes);
      changes.push(range);
      workBytes += len;
    } else {
      observes.push({ from: op.addr, to: op.addr + op.len });
      workBytes += op.len;
    }
  }
  return {
    pieces,
    ops,
    body: encodeOps(ops, arenaAddr),
    replyBytes,
    workMs: workBytes / BYTES_PER_MS,
    runs,
    mustBeLast: runs || changesWhatItObserved,
    observes,
    changes,
  };
}

function overlap(a: readonly Range[], b: readonly Range[]): boolean {
  return a.some((one) => b.some((other) => one.from < other.to && other.from < one.to));
}

/** Whether `next` may go out while `unanswered` are. */
export function mayFollow(next: PlannedFrame, unanswered: readonly PlannedFrame[]): boolean {
  return unanswered.every((before) => {
    if (before.mustBeLast || (next.runs && before.observes.length > 0)) return false;
    return !overlap(next.changes, before.observes);
  });
}

/** Operations that change nothing and give a result. */
const OBSERVERS: ReadonlySet<Op['op']> = new Set(['READ', 'CRC', 'FIND']);

/** Whether doing all of a frame again changes nothing and gives the same. */
export function onlyObserves(frame: PlannedFrame): boolean {
  return frame.ops.every(({ op }) => OBSERVERS.has(op));
}

/** Whether the board is done with a frame before the next one of its length can have come in. */
export function isQuick({ runs, workMs, body }: PlannedFrame, baud: number): boolean {
  return !runs && workMs <= (body.length * 10_000) / baud;
}

/** The READs, CRCs and FINDs of a frame that went well but whose answer is lost; undefined if there are none. */
export function askAgain(frame: PlannedFrame, arenaAddr: number): PlannedFrame | undefined {
  const pieces = frame.pieces.filter(({ op }) => OBSERVERS.has(op.op));
  return pieces.length === 0 ? undefined : finishFrame(pieces, frame.replyBytes, arenaAddr);
}

/** The reply of a frame that went well, from the answer to what was asked again of it. */
export function inferReply(frame: PlannedFrame, again: BatchReply | undefined): BatchReply {
  const read = [...(again?.results ?? [])];
  const results = frame.ops.map((op): OpResult => {
    return OBSERVERS.has(op.op) ? read.shift()! : ({ op: op.op } as OpResult);
  });
  return { status: 'OK', done: results.length, results, failure: {} };
}

/** Joins the replies of the frames of one list; ends at the first that failed.
 *  @param parts in the order of the plan, each with its reply */
export function mergeReplies(parts: readonly { plan: PlannedFrame; reply: BatchReply }[]): BatchReply {
  const results: OpResult[] = [];
  let data: Uint8Array[] = [];
  for (const { plan, reply } of parts) {
    for (const [at, result] of reply.results.entries()) {
      const piece = plan.pieces[at]!;
      if (result.op === 'READ') data.push(result.data);
      if (!piece.last) continue;
      results.push(result.op === 'READ' && data.length > 1 ? { op: 'READ', data: concatBytes(data) } : result);
      data = [];
    }
    if (reply.status !== 'OK') return { ...reply, done: results.length, results };
  }
  return { status: 'OK', done: results.length, results, failure: {} };
}
