// Regions of the MPU of Armv8-M (PMSAv8), worked out on the host. A region runs from any multiple of 32 to any other;
// regions must not overlap, and what none covers is forbidden. The stub has 0 to 3, of which 2 is all memory behind its own
// state (firmware-stub/arch/cortexm/mpu_v8.h): it is cut into five here.
//
//   2  memory below the arena   4  code, read-only   5  variables   6  constants of statements, read-only   7  memory behind
//
// Armv8-M manual, B8, D1.2.171 MPU_RBAR and D1.2.173 MPU_RLAR.

import type { AddrRange } from '../link/types.js';
import type { Access, MpuTarget, RegionWords } from './mpu.js';

/** On Armv8-M. */
export type WordsV8 = Extract<RegionWords, readonly [number, number, number]>;

const STEP = 32;
/** RBAR: AP, read-only or not, for privileged code, which user code is. */
const RBAR_ACCESS: Readonly<Record<Access, number>> = { 'read-only': 2 << 1, writable: 0 };
/** RLAR: enabled, with the stub's attributes of memory. */
const RLAR_ENABLE = 1;
/** A base for a region whose limit does not enable it: a row of zeros would leave it as it is. */
const OFF = 1;
/** Where memory ends and peripherals begin. */
const MEMORY_END = 0x4000_0000;

const FROM_STUB = 2;
const CODE = 4;
const VARIABLES = 5;
const TRIAL = 6;
const BEHIND = 7;

/** A region of [from, to), which is off if nothing is in it. */
function region(number: number, from: number, to: number, access: Access): WordsV8 {
  if (to <= from) return [number, OFF, 0];
  return [number, (from | RBAR_ACCESS[access]) >>> 0, ((to - STEP) | RLAR_ENABLE) >>> 0];
}

/** The arena with its start where regions can begin. */
export function guardedArenaV8({ addr, len }: AddrRange): AddrRange {
  const start = Math.ceil(addr / STEP) * STEP;
  return { addr: start, len: addr + len - start };
}

/** Where code ends for the MPU: halfway between its end and the first variable. */
export function chooseBoundaryV8({ arena }: MpuTarget, codeEnd: number, writableAddr: number): number {
  const down = Math.floor((codeEnd + (writableAddr - codeEnd) / 2) / STEP) * STEP;
  if (down >= codeEnd) return down;
  // No room between code and variables: the end of the code stays without protection.
  return Math.max(arena.addr, Math.floor(writableAddr / STEP) * STEP);
}

/** Code and constants below `boundary`, and those of statements, read-only.
 *  @param openAddr where the stub's region 2 begins
 *  @param trials whether the zone for constants of statements holds nothing else */
export function codeRegionsV8(
  { arena, trialAddr }: MpuTarget,
  openAddr: number,
  boundary: number,
  trials: boolean,
): WordsV8[] {
  const end = arena.addr + arena.len;
  const variablesEnd = trials ? trialAddr : end;
  return [
    region(FROM_STUB, openAddr, arena.addr, 'writable'),
    region(CODE, arena.addr, boundary, 'read-only'),
    region(VARIABLES, boundary, variablesEnd, 'writable'),
    region(TRIAL, variablesEnd, end, 'read-only'),
    region(BEHIND, end, MEMORY_END, 'writable'),
  ];
}
