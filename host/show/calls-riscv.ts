// Calls and returns of RISC-V code, with compressed instructions. Registers are x0 to x31 and pc behind them.
// @see RISC-V Unprivileged ISA, 2.5 (JAL, JALR), 2.6 (loads), 16 (C extension)

import type { CallRules, Code } from './calls.js';
import { riscvAccessAt } from './riscv.js';
import type { Registers } from './thumb.js';
import type { UnwindTarget } from './unwind.js';

const RA = 1;
const SP = 2;
const PC = 32;
const MAX_EPILOGUE = 20;

const isWide = (halfword: number): boolean => (halfword & 3) === 3;

/** The 32-bit instruction at an address; undefined where there is none. */
function wordAt({ halfwordAt }: Code, addr: number): number | undefined {
  const [low, high] = [halfwordAt(addr), halfwordAt(addr + 2)];
  return low === undefined || high === undefined || !isWide(low) ? undefined : (low | (high << 16)) >>> 0;
}

/** JAL: bits 31, 19:12, 20, 30:21 of the distance, whose bit 0 is 0. */
function jalDistance(word: number): number {
  const bits = (((word >>> 21) & 0x3ff) << 1) | (((word >>> 20) & 1) << 11) | (((word >>> 12) & 0xff) << 12);
  return bits - (word >>> 31) * 2 ** 20;
}

/** What the instruction before a return address would call. */
function callBefore(returnAddr: number, code: Code): { targetAddr?: number; register?: number } | undefined {
  const near = code.halfwordAt(returnAddr - 2);
  // C.JALR rs1
  if (near !== undefined && (near & 0xf07f) === 0x9002 && (near & 0x0f80) !== 0) return { register: (near >>> 7) & 31 };
  const word = wordAt(code, returnAddr - 4);
  if (word !== undefined) {
    // JAL ra; JALR ra, with what AUIPC has put into its register before it if that is near
    if ((word & 0xfff) === 0x0ef) return { targetAddr: (returnAddr - 4 + jalDistance(word)) >>> 0 };
    if ((word & 0x7fff) === 0x00e7) {
      const register = (word >>> 15) & 31;
      const before = wordAt(code, returnAddr - 8);
      if (before === undefined || (before & 0xfff) !== ((register << 7) | 0x17)) return { register };
      return { targetAddr: (returnAddr - 8 + (before & ~0xfff) + ((word | 0) >> 20)) >>> 0 };
    }
  }
  // C.JAL
  return near !== undefined && (near & 0xe003) === 0x2001 ? {} : undefined;
}

/** Loads of saved registers, sp going up, and the return. */
async function followToReturn(start: Registers, target: UnwindTarget): Promise<number[] | undefined> {
  const registers = [...start];
  let pc = start[PC]!;
  for (let left = MAX_EPILOGUE; left > 0; left--) {
    const op = target.halfwordAt(pc);
    if (op === undefined) return undefined;
    const access = riscvAccessAt(pc, target);
    if (access !== undefined) {
      // LW rd, offset(sp) and C.LWSP rd
      if (access.base !== SP || access.direction !== 'read' || access.unitBytes !== 4) return undefined;
      const word = await target.readWord(access.addr(registers));
      if (word === undefined) return undefined;
      const register = (op >>> 7) & 31;
      if (register !== 0) registers[register] = word;
      pc += isWide(op) ? 4 : 2;
      continue;
    }
    if (isWide(op)) {
      const word = wordAt(target, pc)!;
      pc += 4;
      const immediate = (word | 0) >> 20;
      // ADDI sp, sp, n; JALR x0, ra
      if ((word & 0xfffff) === 0x10113 && immediate > 0) registers[SP] = registers[SP]! + immediate;
      else if (word === 0x00008067) return returned(registers);
      else return undefined;
      continue;
    }
    pc += 2;
    if ((op & 0xef83) === 0x6101) {
      // C.ADDI16SP: bits 4, 6, 8:7, 5 in bits 6, 5, 4:3, 2; bit 12 would be the sign
      const up = (((op >>> 6) & 1) << 4) | (((op >>> 5) & 1) << 6) | (((op >>> 3) & 3) << 7) | (((op >>> 2) & 1) << 5);
      if (op & 0x1000) return undefined;
      registers[SP] = registers[SP]! + up;
    } else if ((op & 0xff83) === 0x0101) {
      // C.ADDI sp, n
      registers[SP] = registers[SP]! + ((op >>> 2) & 31);
    } else if (op === 0x8082) return returned(registers);
    else if (op !== 0x0001) return undefined;
  }
  return undefined;
}

function returned(registers: number[]): number[] {
  registers[PC] = registers[RA]!;
  return registers;
}

/** RV32 with or without compressed instructions. */
export const RISCV_CALLS: CallRules = {
  sp: SP,
  link: RA,
  pc: PC,
  callBefore,
  isReturnAddress: (word, code) => (word & 1) === 0 && callBefore(word, code) !== undefined,
  followToReturn,
  // Functions without a table are few there, and a frame of them ends the call stack.
  scanFrame: () => undefined,
};
