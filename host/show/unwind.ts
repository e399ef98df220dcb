// From the registers of stopped code to those of its callers, one call at a time.
//
//   registers ─ end of the function? follow its instructions to the return ─▶ registers of the caller
//             └ else the row of .debug_frame, else one made from the function's instructions
//
// Compilers describe where a function's frame is until it is taken down; from there on the few instructions that are
// left are followed instead, which is exact. Everything is read from a stack that the user's code may have ruined,
// so a frame counts only if its caller is code, behind a call, and further up the stack.

import type { FrameRow } from '../elf/dwarf/frame.js';
import type { CallRules } from './calls.js';
import type { Registers } from './thumb.js';

/** The machine as it was stopped. */
export interface UnwindTarget {
  readonly stack: { readonly addr: number; readonly sizeBytes: number };
  readonly rules: CallRules;
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

/** Frames from the innermost on, until the code that the stub called has been passed, or something makes no sense.
 *  @param limit frames at most */
export async function unwind(start: Registers, target: UnwindTarget, limit: number): Promise<Frame[]> {
  const frames: Frame[] = [innermost(start, target)];
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
  return registers[target.rules.sp]! >= endOf(target) && (target.isFirmware?.(lookupAddr) ?? true);
}

export function innermost(registers: Registers, { rules }: UnwindTarget): Frame {
  const pc = (registers[rules.pc]! & ~1) >>> 0;
  return { pc, lookupAddr: pc, registers };
}

const endOf = ({ stack }: UnwindTarget): number => stack.addr + stack.sizeBytes;

/** The caller of a frame; undefined when its return address is none. */
export async function callerOf(frame: Frame, target: UnwindTarget, isInnermost = false): Promise<Frame | undefined> {
  const { registers } = frame;
  const { rules } = target;
  const found =
    (await rules.followToReturn(registers, target)) ??
    (await applyRow(registers, target, frame.lookupAddr, isInnermost)) ??
    (isInnermost ? with_(registers, rules.pc, registers[rules.link]!) : undefined);
  if (found === undefined) return undefined;
  const returnAddr = found[rules.pc]!;
  const [before, after] = [registers[rules.sp]!, found[rules.sp]!];
  const movesUp = isInnermost ? after >= before : after > before;
  if (!movesUp || after > endOf(target) || !rules.isReturnAddress(returnAddr, target)) return undefined;
  const pc = (returnAddr & ~1) >>> 0;
  return { pc, lookupAddr: pc - 2, registers: with_(found, rules.pc, pc) };
}

function with_(registers: Registers, register: number, value: number): number[] {
  const copy = [...registers];
  copy[register] = value >>> 0;
  return copy;
}

/** The row of .debug_frame, applied. */
async function applyRow(
  registers: Registers,
  target: UnwindTarget,
  addr: number,
  isInnermost: boolean,
): Promise<number[] | undefined> {
  const { rules } = target;
  const start = target.functionStart(addr);
  const row =
    target.rowAt(addr) ??
    (start === undefined ? undefined : rules.scanFrame(start, (registers[rules.pc]! & ~1) >>> 0, target.halfwordAt));
  if (row === undefined) return undefined;
  // What a function called has left its own return address in lr.
  if (!isInnermost && !row.registers.has(row.returnRegister)) return undefined;
  const base = registers[row.cfa.register];
  if (base === undefined) return undefined;
  const cfa = (base + row.cfa.offset) >>> 0;
  const caller = [...registers];
  for (const [register, rule] of row.registers) {
    if (register >= rules.pc) continue;
    if (rule.kind === 'saved') {
      const word = await target.readWord((cfa + rule.offset) >>> 0);
      if (word === undefined) return undefined;
      caller[register] = word;
    } else if (rule.kind === 'value') caller[register] = (cfa + rule.offset) >>> 0;
    else if (rule.kind === 'register') caller[register] = registers[rule.register] ?? 0;
  }
  caller[rules.sp] = cfa;
  caller[rules.pc] = caller[row.returnRegister]!;
  return caller;
}
