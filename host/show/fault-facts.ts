// What the rules that name a fault's cause may look at: the record, the instruction, and what is known of memory.

import type { ArchName, FAULT_WORDS } from '../../protocol/messages.js';
import type { FrameRow } from '../elf/dwarf/frame.js';
import type { SourceFrame } from '../elf/dwarf/inlined.js';
import type { Backtrace } from './backtrace.js';
import type { SymbolName } from './context.js';
import type { FaultBit } from './fault-tables.js';
import type { Instruction, Registers } from './thumb.js';

export interface MemoryRange {
  readonly addr: number;
  readonly sizeBytes: number;
}

/** Memory of the board, from its record. */
export interface MemoryRegion extends MemoryRange {
  readonly name: string;
  readonly access: 'rx' | 'rw' | 'rwx';
}

/** What is known beside the record itself. All questions may be left out; the report is then poorer. */
export interface FaultContext {
  readonly arch: ArchName;
  /** The stack that user code runs on. */
  readonly stack?: MemoryRange | undefined;
  /** RAM that holds user code and data. */
  readonly arena?: MemoryRange | undefined;
  readonly regions?: readonly MemoryRegion[];
  symbolAt?(addr: number): SymbolName | string | undefined;
  /** What stands there that running code may read and not write to: `code: f(int) + 2`. */
  readonly keptFromWrites?: ((addr: number) => string | undefined) | undefined;
  /** Whether the linker has put code there, or the board's firmware has. */
  isCode?(addr: number): boolean;
  /** Source functions at a code address, innermost first. */
  framesAt?(addr: number): readonly SourceFrame[];
  /** The unwind table's row for a code address. */
  rowAt?(addr: number): FrameRow | undefined;
  /** First instruction of the function around a code address. */
  functionStart?(addr: number): number | undefined;
  /** Whether code is the stub's, or the user's own firmware's. */
  isFirmware?(addr: number): boolean;
  /** Code as it was sent to the board. */
  halfwordAt?(addr: number): number | undefined;
  /** A word of the board's memory; undefined where it cannot be read. */
  readWord?(addr: number): Promise<number | undefined>;
  /** Source of the PLIC whose handler ran, 0 for the machine timer's; the record of other cores says it itself. */
  readonly interrupt?: number | undefined;
  /** File of the input that ran. */
  readonly inputFile?: string | undefined;
  /** A line of what the user typed or loaded; undefined in files that are not the user's. */
  sourceLine?(file: string, line: number): string | undefined;
}

/** Registers of a record by name. */
export type FaultRecord = Readonly<Record<(typeof FAULT_WORDS.cortexm)[number], number>>;

/** r0 to r12. A record has them in another order. */
export const GENERAL_REGISTERS = Array.from({ length: 13 }, (_, i) => `r${i}` as keyof FaultRecord);

export interface Facts {
  readonly record: FaultRecord;
  /** r0 to pc. */
  readonly registers: Registers;
  /** Bits of the status registers that are set, the most believable first. */
  readonly bits: readonly FaultBit[];
  /** The processor could not save the registers: most of the record is unknown. */
  readonly frameLost: boolean;
  /** At pc; undefined where no code is known to be. */
  readonly instruction: Instruction | undefined;
  readonly trace: Backtrace;
  readonly context: FaultContext;
}

/** What happened, and what the user may have done. */
export interface Verdict {
  /** One sentence without a full stop: `integer division by zero`. */
  readonly cause: string;
  /** `null pointer + 8` */
  readonly mistake?: string | undefined;
  readonly caution?: string | undefined;
  /** The hardware does not say so: it follows from the instruction and its operands. */
  readonly inferred?: true;
}

/** Addresses below this, reached through a pointer, mean that the pointer was null. */
export const NULL_PAGE = 0x400;

export function holds({ addr, sizeBytes }: MemoryRange, at: number): boolean {
  return at >= addr && at < addr + sizeBytes;
}
