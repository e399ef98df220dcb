// Calls and returns of Thumb code: which words are return addresses, and how a function's last instructions take its
// frame down.

import type { CallRules } from './calls.js';
import { scanFrame } from './prologue.js';
import { decodeThumb, isWideThumb, type Registers } from './thumb.js';
import type { UnwindTarget } from './unwind.js';

const SP = 13;
const LR = 14;
const PC = 15;
const MAX_EPILOGUE = 12;

/** @param thumb2 whether the core has the encodings of Armv7-M */
export function thumbCalls(thumb2: boolean): CallRules {
  const callBefore: CallRules['callBefore'] = (returnAddr, { halfwordAt }) => {
    const near = halfwordAt(returnAddr - 2);
    if (near === undefined) return undefined;
    const jump = decodeThumb(near, 0, thumb2);
    if (jump.kind === 'jump' && jump.links) return { register: jump.register };
    const far = halfwordAt(returnAddr - 4);
    if (far === undefined || !isWideThumb(far)) return undefined;
    const call = decodeThumb(far, near, thumb2);
    return call.kind === 'call' ? { targetAddr: (returnAddr + call.distance) >>> 0 } : undefined;
  };
  return {
    sp: SP,
    link: LR,
    pc: PC,
    callBefore,
    isReturnAddress: (word, code) => (word & 1) === 1 && callBefore(word - 1, code) !== undefined,
    followToReturn,
    scanFrame,
  };
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
