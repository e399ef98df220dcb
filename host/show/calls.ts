// What following calls outwards needs to know of an architecture: one object each (calls-thumb.ts, calls-riscv.ts).

import type { FrameRow } from '../elf/dwarf/frame.js';
import type { Registers } from './thumb.js';
import type { UnwindTarget } from './unwind.js';

/** Code by its address; undefined where there is none. */
export interface Code {
  halfwordAt(addr: number): number | undefined;
}

export interface CallRules {
  /** Numbers of the registers, as DWARF counts them; pc stands behind the last one. */
  readonly sp: number;
  readonly link: number;
  readonly pc: number;
  /** The call whose return address this is: where it goes, or by which register. */
  callBefore(returnAddr: number, code: Code): { readonly targetAddr?: number; readonly register?: number } | undefined;
  /** Whether a word is what a call would have left. */
  isReturnAddress(word: number, code: Code): boolean;
  /** Follows the instructions that take a frame down up to the return; undefined when there are others among them. */
  followToReturn(start: Registers, target: UnwindTarget): Promise<number[] | undefined>;
  /** What a table would say of `pc`, from the function's instructions. */
  scanFrame(start: number, pc: number, halfwordAt: Code['halfwordAt']): FrameRow | undefined;
}
