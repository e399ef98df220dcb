// A fault record → what happened, in words, and where. Cores with fault registers (v7-M, v8-M) say what went wrong and
// a table reads it; ARMv6-M says nothing, so there the cause is inferred by rules over the registers, the first
// that knows wins. An address is named only where the hardware says that it is valid.

import { type ArchName, FAULT_WORDS } from '../../protocol/messages.js';
import { hex, type SymbolName, symbolText } from './context.js';
import { describeTrap } from './fault-riscv.js';
import { exceptionName, FAULT_BITS, type FaultBit } from './fault-tables.js';

/** What is known beside the record itself. */
export interface FaultContext {
  readonly arch: ArchName;
  symbolAt?(addr: number): SymbolName | string | undefined;
  /** Source place of a code address (bit 0 off), such as `input 3:1:12`. */
  lineAt?(addr: number): string | undefined;
  /** The stack that user code runs on. */
  readonly stack?: MemoryRange | undefined;
  /** RAM that holds user code and data. */
  readonly arena?: MemoryRange | undefined;
}

export interface MemoryRange {
  readonly addr: number;
  readonly sizeBytes: number;
}

export interface FaultReport {
  /** One sentence without a full stop: `integer division by zero`. */
  readonly cause: string;
  /** Where, cautions, registers. */
  readonly lines: readonly string[];
}

/** Registers of a record by name. */
export type FaultRecord = Readonly<Record<(typeof FAULT_WORDS.cortexm)[number], number>>;

/** A rule that may know the cause from a record alone; undefined when it does not apply. */
export interface Inference {
  readonly name: string;
  readonly infer: (record: FaultRecord, context: FaultContext) => string | undefined;
}

/** Addresses below this, reached through a pointer, mean that the pointer was null. */
const NULL_PAGE = 0x100;
const THUMB_BIT = 1 << 24;
/** `lr` holds one of these in an exception handler. */
const EXC_RETURN = 0xffffff00;

/** Explains a fault.
 *  @param words in the order of FAULT_WORDS of the architecture; missing ones count as 0 and are mentioned */
export function describeFault(words: Uint32Array, context: FaultContext): FaultReport {
  if (context.arch === 'rv32') return describeTrap(words, context);
  const record = Object.fromEntries(FAULT_WORDS.cortexm.map((name, i) => [name, words[i] ?? 0])) as FaultRecord;
  const bits = FAULT_BITS.filter(({ register, bit }) => ((record[register] >>> bit) & 1) !== 0);
  const cause = causeOf(record, bits, context);
  return { cause, lines: reportLines(record, bits, context, words.length) };
}

function causeOf(record: FaultRecord, bits: readonly FaultBit[], context: FaultContext): string {
  const overflow = stackOverflowAt(record.sp, context);
  if (overflow) return overflow;
  const main = bits[0];
  if (main) return causeOfBit(main, record);
  for (const { infer } of INFERENCES) {
    const cause = infer(record, context);
    if (cause) return cause;
  }
  return `${exceptionName(record.exception)} without a reported cause`;
}

function causeOfBit(row: FaultBit, record: FaultRecord): string {
  if (row.address && ((record.cfsr >>> row.address.validBit) & 1) !== 0) {
    const addr = record[row.address.register];
    return `${row.cause}, at ${hex(addr)}${nullNote(addr)}`;
  }
  if (row.name === 'INVSTATE') return `${row.cause}, ${hex(record.pc)}${jumpNote(record.pc)}`;
  if (row.jump) return `${row.cause}, at ${hex(record.pc)}${jumpNote(record.pc)}`;
  return row.cause;
}

/** ` (null pointer + 4)` for addresses that a null pointer leads to. */
export function nullNote(addr: number): string {
  if (addr >= NULL_PAGE) return '';
  return addr === 0 ? ' (null pointer)' : ` (null pointer + ${addr})`;
}

function jumpNote(pc: number): string {
  return (pc & ~1) >>> 0 === 0 ? ' (null function pointer)' : '';
}

/** Below the stack, or so close to its end that the registers of an exception no longer fit. */
export function stackOverflowAt(sp: number, { stack }: FaultContext): string | undefined {
  if (!stack || sp >= stack.addr) return undefined;
  return `stack overflow: sp is ${(stack.addr - sp).toLocaleString('en-US')} bytes below the stack of ${stack.sizeBytes.toLocaleString('en-US')} bytes`;
}

/** Causes that show in the registers of cores that report nothing. Rules that look at the instruction at pc
 *  belong behind the first two and in front of the last. */
export const INFERENCES: readonly Inference[] = [
  {
    name: 'jump to null',
    infer: ({ pc }) => ((pc & ~1) >>> 0 < NULL_PAGE ? `call or jump to ${hex(pc)}: null function pointer` : undefined),
  },
  {
    name: 'jump to an even address',
    infer: ({ pc, xpsr }) =>
      (xpsr & THUMB_BIT) === 0 ? `call or jump to an even address, which is no Thumb code, ${hex(pc)}` : undefined,
  },
  {
    name: 'stack pointer outside its stack',
    infer: ({ sp }, { stack }) =>
      stack && sp > stack.addr + stack.sizeBytes ? `sp ${hex(sp)} lies above its stack: it was overwritten` : undefined,
  },
  {
    name: 'execution of nothing',
    infer: ({ pc }, { symbolAt, arena }) => {
      if (!symbolAt || !arena || symbolAt(pc) !== undefined) return undefined;
      return `execution of memory that holds no code, at ${hex(pc)}`;
    },
  },
  {
    name: 'ARMv6-M reports no cause',
    infer: ({ exception }, { arch }) =>
      arch === 'armv6-m' && exception === 3
        ? 'unaligned access, access to memory that is not there, or undefined instruction (this core does not tell which)'
        : undefined,
  },
];

function reportLines(record: FaultRecord, bits: readonly FaultBit[], context: FaultContext, count: number): string[] {
  const lines = [`pc ${place(record.pc, context)}`, `lr ${place(record.lr, context)}`];
  if (bits[0]?.caution) lines.push(`caution: ${bits[0].caution}`);
  if (bits[0]?.stacking) lines.push('caution: registers r0 to r3, r12, lr and pc were not saved, they may be wrong');
  const registers = FAULT_WORDS.cortexm.filter((name) => /^r\d+$/.test(name));
  for (let i = 0; i < registers.length; i += 4) {
    lines.push(
      registers
        .slice(i, i + 4)
        .map((name) => `${name.padEnd(3)} ${hex(record[name])}`)
        .join('  '),
    );
  }
  lines.push(`sp  ${hex(record.sp)}${stackNote(record.sp, context.stack)}  xpsr ${hex(record.xpsr)}`);
  const names = bits.map((row) => row.name);
  const status = record.cfsr !== 0 || record.hfsr !== 0 ? `: cfsr ${hex(record.cfsr)} hfsr ${hex(record.hfsr)}` : '';
  const flags = names.length > 0 ? ` (${names.join(', ')})` : '';
  lines.push(`${exceptionName(record.exception)}${status}${flags}`);
  if (count < FAULT_WORDS.cortexm.length) {
    lines.push(`caution: the record is short, ${count} of ${FAULT_WORDS.cortexm.length} words came`);
  }
  return lines;
}

/** `0x20000402 f(int)+2 at input 3:1:12` */
export function place(addr: number, { symbolAt, lineAt }: FaultContext): string {
  if (addr >= EXC_RETURN) return `${hex(addr)} (return from an exception)`;
  const symbol = symbolText(symbolAt?.(addr));
  const line = lineAt?.((addr & ~1) >>> 0);
  return `${hex(addr)}${symbol === undefined ? '' : ` ${symbol}`}${line === undefined ? '' : ` at ${line}`}`;
}

/** ` (120 of 8,192 bytes used)` */
export function stackNote(sp: number, stack: MemoryRange | undefined): string {
  if (!stack) return '';
  const used = stack.addr + stack.sizeBytes - sp;
  if (used < 0) return ' (above its stack)';
  return ` (${used.toLocaleString('en-US')} of ${stack.sizeBytes.toLocaleString('en-US')} bytes used)`;
}
