// From the registers of stopped code to those of its callers, one call at a time.
//
//   registers ─ end of the function? follow its instructions to the return ─▶ registers of the caller
//             └ else the row of .debug_frame, else one made from the function's instructions
//
// Compilers describe where a function's frame is until it is taken down; from there on the few instructions that are
// left are followed instead, which is exact. Everything is read from a stack that the user's code may have ruined,
// so a frame counts only if its caller is code, behind a call, and further up the stack.

import type { FrameRow } from '../elf/dwarf/frame.js';
import { scanFrame } from './prologue.js';
import { decodeThumb, isWideThumb, type Registers } from './thumb.js';

/** The machine as it was stopped. */
export interface UnwindTarget {
  readonly stack: { readonly addr: number; readonly sizeBytes: number };
  /** Whether the core has the encodings of Armv7-M. */
  readonly thumb2: boolean;
  /** Code at an even address; undefined where there is none. */
  halfwordAt(addr: number): number | undefined;
  rowAt(addr: number): FrameRow | undefined;
  /** Address of the first instruction of the function around `addr`. */
  functionStart(addr: number): number | undefined;
  /** Whether code is the stub's or the user's firmware's; without this, all of it may be. */
  isFirmware?(addr: number): boolean;
  /** Rejects or gives undefined where it cannot be read. */
  readWord(addr: number): Promise<number | undefined>;
}

/** One function call that had not returned. */
export interface Frame {
  /** Of the instruction that was next, or of the one behind the call. Even. */
  readonly pc: number;
  /** Address to look lines and names up with: within the call, for callers. */
  readonly lookupAddr: number;
  readonly registers: Registers;
}

const SP = 13;
const LR = 14;
const PC = 15;
const MAX_EPILOGUE = 12;

/** Frames from the innermost on, until the code that the stub called has been passed, or something makes no sense.
 *  @param limit frames at most */
export async function unwind(start: Registers, target: UnwindTarget, limit: number): Promise<Frame[]> {
  const frames: Frame[] = [innermost(start)];
  while (frames.length < limit) {
    const next = await callerOf(frames.at(-1)!, target, frames.length === 1);
    if (next === undefined || isStub(next, target)) break;
    frames.push(next);
  }
  return frames;
}

/** Whether a frame is of the stub, which calls with an empty stack. Code that has not used the stack yet has an empty
 *  one too. */
export function isStub({ registers, lookupAddr }: Frame, target: UnwindTarget): boolean {
  return registers[SP]! >= endOf(target) && (target.isFirmware?.(lookupAddr) ?? true);
}

export function innermost(registers: Registers): Frame {
  const pc = (registers[PC]! & ~1) >>> 0;
  return { pc, lookupAddr: pc, registers };
}

const endOf = ({ stack }: UnwindTarget): number => stack.addr + stack.sizeBytes;

/** The caller of a frame; undefined when its return address is none. */
export async function callerOf(frame: Frame, target: UnwindTarget, isInnermost = false): Promise<Frame | undefined> {
  const { registers } = frame;
  const found =
    (await followToReturn(registers, target)) ??
    (await applyRow(registers, target, frame.lookupAddr, isInnermost)) ??
    (isInnermost ? with_(registers, PC, registers[LR]!) : undefined);
  if (found === undefined) return undefined;
  const returnAddr = found[PC]!;
  const [before, after] = [registers[SP]!, found[SP]!];
  const movesUp = isInnermost ? after >= before : after > before;
  if (!movesUp || after > endOf(target) || !isReturnAddress(returnAddr, target)) return undefined;
  const pc = (returnAddr & ~1) >>> 0;
  return { pc, lookupAddr: pc - 2, registers: with_(found, PC, pc) };
}

function with_(registers: Registers, register: number, value: number): number[] {
  const copy = [...registers];
  copy[register] = value >>> 0;
  return copy;
}

/** Whether a word is what a call would have left: odd, behind a BL or BLX. */
export function isReturnAddress(word: number, target: UnwindTarget): boolean {
  if ((word & 1) === 0) return false;
  return callBefore(word - 1, target) !== undefined;
}

/** The call whose return address this is: where it goes, or by which register. */
export function callBefore(
  returnAddr: number,
  target: UnwindTarget,
): { readonly targetAddr?: number; readonly register?: number } | undefined {
  const near = target.halfwordAt(returnAddr - 2);
  if (near === undefined) return undefined;
  const jump = decodeThumb(near, 0, target.thumb2);
  if (jump.kind === 'jump' && jump.links) return { register: jump.register };
  const far = target.halfwordAt(returnAddr - 4);
  if (far === undefined || !isWideThumb(far)) return undefined;
  const call = decodeThumb(far, near, target.thumb2);
  return call.kind === 'call' ? { targetAddr: (returnAddr + call.distance) >>> 0 } : undefined;
}

/** The row of .debug_frame, applied. */
async function applyRow(
  registers: Registers,
  target: UnwindTarget,
  addr: number,
  isInnermost: boolean,
): Promise<number[] | undefined> {
  const start = target.functionStart(addr);
  const row =
    target.rowAt(addr) ??
    (start === undefined ? undefined : scanFrame(start, (registers[PC]! & ~1) >>> 0, target.halfwordAt));
  if (row === undefined) return undefined;
  // What a function called has left its own return address in lr.
  if (!isInnermost && !row.registers.has(row.returnRegister)) return undefined;
  const base = registers[row.cfa.register];
  if (base === undefined) return undefined;
  const cfa = (base + row.cfa.offset) >>> 0;
  const caller = [...registers];
  for (const [register, rule] of row.registers) {
    if (register > LR) continue;
    if (rule.kind === 'saved') {
      const word = await target.readWord((cfa + rule.offset) >>> 0);
      if (word === undefined) return undefined;
      caller[register] = word;
    } else if (rule.kind === 'value') caller[register] = (cfa + rule.offset) >>> 0;
    else if (rule.kind === 'register') caller[register] = registers[rule.register] ?? 0;
  }
  caller[SP] = cfa;
  caller[PC] = caller[row.returnRegister]!;
  return caller;
}

/** Follows the instructions that take a frame down up to the return; undefined when there are others among them. */
async function followToReturn(start: Registers, target: UnwindTarget): Promise<number[] | undefined> {
  const registers = [...start];
  const pop = async (list: readonly number[]): Promise<boolean> => {
    for (const register of list) {
      const word = await target.readWord(registers[SP]!);
      if (word === undefined) return false;
      registers[SP] = registers[SP]! + 4;
      registers[register] = word;
    }
    return true;
  };
  let pc = (start[PC]! & ~1) >>> 0;
  for (let left = MAX_EPILOGUE; left > 0; left--) {
    const op = target.halfwordAt(pc);
    if (op === undefined) return undefined;
    const wide = isWideThumb(op);
    const second = wide ? (target.halfwordAt(pc + 2) ?? 0) : 0;
    pc += wide ? 4 : 2;
    if (op >>> 7 === 0b101100000) registers[SP] = registers[SP]! + 4 * (op & 0x7f);
    else if (op >>> 9 === 0b1011110) {
      if (!(await pop([...bitsOf(op & 0xff), ...(op & 0x100 ? [PC] : [])]))) return undefined;
      if (op & 0x100) return registers;
    } else if (op >>> 8 === 0x46) {
      const to = ((op >>> 4) & 8) | (op & 7);
      if (to === PC) return undefined;
      registers[to] = registers[(op >>> 3) & 15]!;
    } else if (op >>> 7 === 0b010001110) {
      registers[PC] = registers[(op >>> 3) & 15]!;
      return registers;
    } else if (op === 0xe8bd) {
      if (!(await pop(bitsOf(second)))) return undefined;
      if (second & 0x8000) return registers;
    } else if (op === 0xf85d && (second & 0xfff) === 0xb04) {
      if (!(await pop([second >>> 12]))) return undefined;
      if (second >>> 12 === PC) return registers;
    } else if (op === 0xecbd) registers[SP] = registers[SP]! + 4 * (second & 0xff);
    else if ((op & 0xfbff) === 0xf10d && (second & 0x8f00) === 0x0d00) {
      // ADD.W sp, sp, #imm8, and nothing larger that needs unfolding
      if ((op & 0x400) !== 0 || (second & 0x7000) !== 0) return undefined;
      registers[SP] = registers[SP]! + (second & 0xff);
    } else if (op !== 0xbf00) return undefined;
  }
  return undefined;
}

function bitsOf(bits: number): number[] {
  return Array.from({ length: 16 }, (_, bit) => bit).filter((bit) => (bits >>> bit) & 1);
}
