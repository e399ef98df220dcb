// Which memory a RISC-V instruction touches, through which register: what a fault report wants to know.
// @see RISC-V Unprivileged ISA, 2.6 (loads and stores), 8 (A extension), 16.3 (compressed loads and stores)

import type { Code } from './calls.js';
import type { Access } from './thumb.js';

const NAMES = [
  ...['zero', 'ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 's0', 's1'],
  ...Array.from({ length: 8 }, (_, i) => `a${i}`),
  ...Array.from({ length: 10 }, (_, i) => `s${i + 2}`),
  ...['t3', 't4', 't5', 't6'],
];
const SP = 2;
const TP = 4;

/** `a0` for x10. */
export function riscvRegisterName(register: number): string {
  return NAMES[register] ?? `x${register}`;
}

function access(direction: Access['direction'], unitBytes: number, base: number, offset: number): Access {
  const isPointer = base === 1 || base > TP;
  return {
    kind: 'access',
    direction,
    unitBytes,
    count: 1,
    needsAlignment: true,
    base,
    baseName: isPointer ? riscvRegisterName(base) : undefined,
    addr: (registers) => (registers[base]! + offset) >>> 0,
    operand: `${offset}(${riscvRegisterName(base)})`,
  };
}

/** The load or store at an address; undefined for every other instruction. */
export function riscvAccessAt(addr: number, code: Code): Access | undefined {
  const low = code.halfwordAt(addr);
  if (low === undefined) return undefined;
  if ((low & 3) !== 3) return compressed(low);
  const high = code.halfwordAt(addr + 2);
  if (high === undefined) return undefined;
  const word = (low | (high << 16)) >>> 0;
  const base = (word >>> 15) & 31;
  const bytes = 1 << ((word >>> 12) & 3);
  switch (word & 0x7f) {
    case 0x03:
      return access('read', bytes, base, (word | 0) >> 20);
    case 0x23:
      return access('write', bytes, base, (((word | 0) >> 25) << 5) | ((word >>> 7) & 31));
    case 0x2f:
      // LR.W reads; all others write too
      return access(word >>> 27 === 0b00010 ? 'read' : 'write', 4, base, 0);
    default:
      return undefined;
  }
}

function compressed(op: number): Access | undefined {
  const base = 8 + ((op >>> 7) & 7);
  // Offset bits 5:3, 2, 6 in bits 12:10, 6, 5
  const offset = (((op >>> 10) & 7) << 3) | (((op >>> 6) & 1) << 2) | (((op >>> 5) & 1) << 6);
  switch (op & 0xe003) {
    case 0x4000:
      return access('read', 4, base, offset);
    case 0xc000:
      return access('write', 4, base, offset);
    case 0x4002:
      return access('read', 4, SP, (((op >>> 12) & 1) << 5) | (((op >>> 4) & 7) << 2) | (((op >>> 2) & 3) << 6));
    case 0xc002:
      return access('write', 4, SP, (((op >>> 9) & 15) << 2) | (((op >>> 7) & 3) << 6));
    default:
      return undefined;
  }
}
