// The call stack of stopped code, also where it is long or its top was lost.
//
// Endless recursion leaves thousands of frames, and reading them all over a serial line takes seconds. Their pattern
// repeats: once it is known, the middle is passed over in one step, and the outer end is followed frame by frame again.
//
// When the stack is full the processor cannot save the registers of the code that filled it. The newest return address
// on the stack then says who had called that code.

import type { Registers } from './thumb.js';
import { callerOf, type Frame, innermost, isStub, type UnwindTarget, unwind } from './unwind.js';

/** A call stack; `skipped` frames that repeat what stands before them lie behind `inner`. */
export interface Backtrace {
  readonly inner: readonly Frame[];
  readonly skipped: number;
  readonly outer: readonly Frame[];
  /** Bytes that one round of the repeated frames takes; 0 without them. */
  readonly roundBytes: number;
  /** The innermost function, of which only the call is known. */
  readonly lost: { readonly addr: number | undefined } | undefined;
}

/** Frames that are followed one by one before a pattern is looked for. */
const INNER_FRAMES = 32;
const OUTER_FRAMES = 64;
/** Functions that call each other in a circle. */
const LONGEST_ROUND = 8;
/** Words of the stack that are looked through for a return address. */
const SCANNED_WORDS = 64;
/** Rounds that are given up for frames at the outer end that do not fit the pattern. */
const TRIES = 64;

/** Frames in all. */
export function depthOf({ inner, skipped, outer, lost }: Backtrace): number {
  return inner.length + skipped + outer.length + (lost === undefined ? 0 : 1);
}

/** All frames that are known, innermost first. */
export function knownFrames({ inner, outer }: Backtrace): Frame[] {
  return [...inner, ...outer];
}

/** Follows the calls from stopped code outwards.
 *  @param registers r0 to pc
 *  @param frameLost of the registers only sp and r4 to r11 are known
 *  @param isNowhere no code of a function is at pc: what called it is in lr */
export async function backtrace(
  registers: Registers,
  target: UnwindTarget,
  frameLost: boolean,
  isNowhere: boolean,
): Promise<Backtrace> {
  const found = frameLost
    ? await newestCaller(registers, target)
    : { frame: innermost(registers, target), lost: undefined };
  if (found === undefined) return NOTHING_KNOWN;
  const first = found.frame;
  if (isNowhere) {
    const link = registers[target.rules.link]!;
    const caller = { pc: (link & ~1) >>> 0, registers: withPc(registers, link & ~1, target) };
    const frames = target.rules.isReturnAddress(link, target)
      ? await framesFrom({ ...caller, lookupAddr: caller.pc - 2 }, target, INNER_FRAMES, false)
      : [];
    return { inner: [first, ...frames], skipped: 0, outer: [], roundBytes: 0, lost: undefined };
  }
  const frames = await framesFrom(first, target, INNER_FRAMES, !frameLost);
  const round = roundOf(frames, target.rules.sp);
  let [inner, lost] = [frames, found.lost];
  if (frameLost && registers[target.rules.sp] === target.stack.addr) {
    if (round === undefined) return NOTHING_KNOWN;
    inner = ofTheRounds(frames, round, target);
    if (inner.length < frames.length) lost = { addr: target.rules.callBefore(inner[0]!.pc, target)?.targetAddr };
  }
  const whole = { inner, skipped: 0, outer: [], roundBytes: 0, lost };
  if (frames.length < INNER_FRAMES) return whole;
  if (round === undefined) return { ...whole, inner: await framesFrom(first, target, 8 * INNER_FRAMES, !frameLost) };
  const end = target.stack.addr + target.stack.sizeBytes;
  const last = inner.at(-1)!;
  const most = Math.floor((end - last.registers[target.rules.sp]!) / round.bytes);
  for (let rounds = most; rounds > Math.max(0, most - TRIES); rounds--) {
    const shifted = shift(last, rounds * round.bytes, target);
    const next = await callerOf(shifted, target);
    const expected = inner[inner.length - round.frames]!;
    if (next?.pc !== expected.pc) continue;
    const outer = await framesFrom(shifted, target, OUTER_FRAMES, false);
    return { ...whole, skipped: rounds * round.frames - 1, outer, roundBytes: round.bytes };
  }
  return whole;
}

async function framesFrom(first: Frame, target: UnwindTarget, limit: number, isInnermost: boolean): Promise<Frame[]> {
  if (isInnermost) return unwind(first.registers, target, limit);
  const frames = [first];
  while (frames.length < limit) {
    const next = await callerOf(frames.at(-1)!, target);
    if (next === undefined || isStub(next, target)) break;
    frames.push(next);
  }
  return frames;
}

function withPc(registers: Registers, pc: number, { rules }: UnwindTarget): number[] {
  return [...registers.slice(0, rules.pc), pc >>> 0];
}

function shift(frame: Frame, bytes: number, { rules }: UnwindTarget): Frame {
  const registers = [...frame.registers];
  registers[rules.sp] = registers[rules.sp]! + bytes;
  return { ...frame, registers };
}

interface Round {
  readonly frames: number;
  readonly bytes: number;
}

const NOTHING_KNOWN: Backtrace = { inner: [], skipped: 0, outer: [], roundBytes: 0, lost: { addr: undefined } };

/** The shortest pattern that the last frames repeat, three times at least. */
function roundOf(frames: readonly Frame[], sp: number): Round | undefined {
  for (let length = 1; length <= LONGEST_ROUND; length++) {
    const from = frames.length - 3 * length;
    if (from < 0) return undefined;
    const spOf = (index: number): number => frames[index]!.registers[sp]!;
    const bytes = spOf(frames.length - 1) - spOf(frames.length - 1 - length);
    const repeats = frames.slice(from + length).every((frame, i) => {
      const before = frames[from + i]!;
      return frame.pc === before.pc && frame.registers[sp]! - before.registers[sp]! === bytes;
    });
    if (repeats && bytes > 0) return { frames: length, bytes };
  }
  return undefined;
}

/** Where the processor has a stack limit it sets the stack pointer to that, and nothing tells how far it had come: at the
 *  inner end of the stack stands what earlier calls have left. Frames that go round and round are those of now.
 *  @returns frames without those at the inner end that do not belong to the rounds */
function ofTheRounds(frames: readonly Frame[], round: Round, { rules }: UnwindTarget): Frame[] {
  let start = frames.length - round.frames;
  for (; start > 0; start--) {
    const [frame, before] = [frames[start - 1 + round.frames]!, frames[start - 1]!];
    const bytes = frame.registers[rules.sp]! - before.registers[rules.sp]!;
    if (frame.pc !== before.pc || bytes !== round.bytes) break;
  }
  return frames.slice(start);
}

/** A call that may be the newest on the stack. */
interface Candidate {
  readonly frame: Frame;
  readonly lost: { readonly addr: number | undefined };
}

/** The function whose call is the newest on the stack. Below it lies what earlier code has left, calls too; so the
 *  function that was called must be one whose frame ends where the stack pointer was. */
async function newestCaller(registers: Registers, target: UnwindTarget): Promise<Candidate | undefined> {
  const { stack, rules } = target;
  const end = stack.addr + stack.sizeBytes;
  const sp = registers[rules.sp]!;
  const from = (Math.max(sp, stack.addr) + 3) & ~3;
  // The calls are at the inner end if there were many, at the outer end if one function wanted too much.
  const places = new Set<number>();
  for (let at = from; at < Math.min(from + 4 * SCANNED_WORDS, end); at += 4) places.add(at);
  for (let at = Math.max(from, end - 4 * SCANNED_WORDS); at < end; at += 4) places.add(at);
  let likely: Candidate | undefined;
  for (const at of places) {
    for (const candidate of await candidatesAt(at, registers, target)) {
      if (reaches(candidate, sp, target)) return candidate;
      if (at < from + 4 * SCANNED_WORDS && stack.addr - sp < LEAST_STACK) likely ??= candidate;
    }
  }
  return likely;
}

/** Nearer to the end of the stack than this it was reached by calls, not by one large frame. */
const LEAST_STACK = 512;
/** Bytes of an exception's frame, and what may be left out to align it. */
const FRAME_BYTES = 32;
const FRAME_ALIGN = 8;

async function candidatesAt(at: number, registers: Registers, target: UnwindTarget): Promise<Candidate[]> {
  const word = await target.readWord(at);
  const { rules } = target;
  if (word === undefined || !rules.isReturnAddress(word, target)) return [];
  const candidates: Candidate[] = [];
  // Functions save lr on top of their frame; those with variable arguments put these above it.
  for (const above of [4, 20]) {
    const caller = withPc(registers, word - 1, target);
    caller[rules.sp] = at + above;
    const frame: Frame = { pc: word - 1, lookupAddr: word - 3, registers: caller };
    const next = await callerOf(frame, target);
    if (next !== undefined) candidates.push({ frame, lost: { addr: rules.callBefore(word - 1, target)?.targetAddr } });
  }
  return candidates;
}

/** Whether the function that was called takes the stack pointer to where the processor found no room. */
function reaches({ frame, lost }: Candidate, sp: number, target: UnwindTarget): boolean {
  if (lost.addr === undefined) return false;
  const { sp: spNumber } = target.rules;
  const cfa = frame.registers[spNumber]!;
  for (let at = lost.addr; at < lost.addr + PROLOGUE_BYTES; at += 2) {
    const row = target.rowAt(at);
    if (row === undefined) return false;
    if (row.cfa.register !== spNumber) continue;
    const room = cfa - row.cfa.offset - sp;
    if (room >= FRAME_BYTES && room < FRAME_BYTES + FRAME_ALIGN) return true;
  }
  return false;
}

/** Instructions that take the frame from the stack stand at the start of a function. */
const PROLOGUE_BYTES = 64;
