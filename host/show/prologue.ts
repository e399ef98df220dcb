// The frame of a function without an unwind table, such as libgcc's, which are assembler: its instructions are followed
// from the first one to pc, with what they put on the stack. Branches forward take their state to where they go; what
// only stands behind a return begins as the function does.

import type { FrameRow, RegisterRule } from '../elf/dwarf/frame.js';
import { isWideThumb } from './thumb.js';

const SP = 13;
const LR = 14;
/** Longer functions are left alone. */
const MAX_BYTES = 1024;

/** Bytes on the stack, and where in them registers are: offsets from the stack pointer of the caller. */
interface State {
  readonly bytes: number;
  readonly saved: ReadonlyMap<number, number>;
}

const REGISTERS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/** First halfwords of the encodings with all registers. */
const PUSH_W = 0xe92d;
const POP_W = 0xe8bd;

const ENTRY: State = { bytes: 0, saved: new Map() };

/** What a table would say of `pc`.
 *  @param start first instruction of the function */
export function scanFrame(
  start: number,
  pc: number,
  halfwordAt: (addr: number) => number | undefined,
): FrameRow | undefined {
  if (pc < start || pc - start > MAX_BYTES) return undefined;
  const atTargets = new Map<number, State>();
  let state: State | undefined = ENTRY;
  for (let at = start; at < pc; ) {
    state ??= atTargets.get(at) ?? ENTRY;
    const op = halfwordAt(at);
    if (op === undefined) return undefined;
    const target = branchTarget(op, at);
    if (target !== undefined && target > at) atTargets.set(target, state);
    state = endsFlow(op) ? undefined : after(op, isWideThumb(op) ? (halfwordAt(at + 2) ?? 0) : 0, state);
    at += isWideThumb(op) ? 4 : 2;
  }
  return rowOf(state ?? atTargets.get(pc) ?? ENTRY);
}

function branchTarget(op: number, at: number): number | undefined {
  if (op >>> 12 === 0b1101 && ((op >>> 8) & 15) < 14) return at + 4 + ((op << 24) >> 23);
  if (op >>> 11 === 0b11100) return at + 4 + ((op << 21) >> 20);
  return undefined;
}

/** B, BX, MOV to pc, POP with pc. */
function endsFlow(op: number): boolean {
  return op >>> 11 === 0b11100 || op >>> 7 === 0b010001110 || (op & 0xff87) === 0x4687 || op >>> 8 === 0xbd;
}

function after(op: number, second: number, state: State): State {
  if (op >>> 7 === 0b101100001) return { ...state, bytes: state.bytes + 4 * (op & 0x7f) };
  if (op >>> 7 === 0b101100000) return { ...state, bytes: state.bytes - 4 * (op & 0x7f) };
  const isWide = op === PUSH_W || op === POP_W;
  const list = REGISTERS.filter((register) => ((isWide ? second : op & 0xff) >>> register) & 1);
  if (op === PUSH_W || op >>> 9 === 0b1011010) {
    if (!isWide && op & 0x100) list.push(LR);
    const bytes = state.bytes + 4 * list.length;
    const saved = new Map(state.saved);
    list.forEach((register, index) => {
      // The first one saved is the caller's.
      if (register >= 4 && !saved.has(register)) saved.set(register, 4 * index - bytes);
    });
    return { bytes, saved };
  }
  if (op === POP_W || op >>> 9 === 0b1011110) return { ...state, bytes: state.bytes - 4 * list.length };
  return state;
}

function rowOf({ bytes, saved }: State): FrameRow | undefined {
  if (bytes < 0) return undefined;
  const registers = new Map<number, RegisterRule>();
  for (const [register, offset] of saved) {
    // What was popped again is in its register.
    if (offset >= -bytes) registers.set(register, { kind: 'saved', offset });
  }
  return { cfa: { register: SP, offset: bytes }, registers, returnRegister: LR };
}
