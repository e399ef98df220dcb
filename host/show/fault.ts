// A fault record → what happened, in words, and where: the cause, the likely mistake, the user's line, the call stack,
// the registers. An address is named only where the hardware says that it is valid, or where the core has no way to
// say so and the instruction at pc leaves no other.

import { FAULT_WORDS } from '../../protocol/messages.js';
import { type Backtrace, backtrace, knownFrames } from './backtrace.js';
import { RISCV_CALLS } from './calls-riscv.js';
import { thumbCalls } from './calls-thumb.js';
import { type Facts, type FaultContext, type FaultRecord, GENERAL_REGISTERS, type Verdict } from './fault-facts.js';
import { arrivalAt, isThumb } from './fault-jumps.js';
import { describeTrap } from './fault-riscv.js';
import { judge } from './fault-rules.js';
import { nameAt, overflowVerdict } from './fault-stack.js';
import { FAULT_BITS } from './fault-tables.js';
import { callsOf, excerptLines, registerLines, stackLines } from './fault-text.js';
import { describeWasmTrap } from './fault-wasm.js';
import { decodeThumb, type Instruction, isWideThumb, type Registers } from './thumb.js';
import type { UnwindTarget } from './unwind.js';

export type { FaultContext, FaultRecord, MemoryRange } from './fault-facts.js';

/** What happened, for a person. */
export interface FaultReport {
  /** One sentence without a full stop: `integer division by zero`. */
  readonly cause: string;
  /** `null pointer + 8`; undefined when nothing is likely. */
  readonly mistake: string | undefined;
  /** The user's line and the call stack. */
  readonly place: readonly string[];
  /** Cautions, registers, status. */
  readonly details: readonly string[];
  /** Of the error that it becomes, where that has one of its own. */
  readonly code?: string;
}

/** The report as lines.
 *  @param who what faulted
 *  @param more lines behind the cause */
export function reportLines(
  who: string,
  { cause, mistake, place, details }: FaultReport,
  more: readonly string[] = [],
): string[] {
  const likely = mistake === undefined ? [] : [`likely: ${mistake}`];
  return [`${who} faulted: ${cause}`, ...likely, ...more, ...place, ...details];
}

/** The processor failed to save registers on the stack, or found no stack. */
const isFrameLost = ({ pc, lr, xpsr }: FaultRecord): boolean => pc === 0 && lr === 0 && xpsr === 0;

/** Explains why and where code was stopped.
 *  @param words in the order of FAULT_WORDS of the architecture; missing ones count as 0 and are mentioned */
export async function describeFault(words: Uint32Array, context: FaultContext): Promise<FaultReport> {
  if (context.arch === 'rv32') return describeTrap(words, context, targetOf(context));
  if (context.arch === 'wasm32') return describeWasmTrap(words, context);
  const record = Object.fromEntries(FAULT_WORDS.cortexm.map((name, i) => [name, words[i] ?? 0])) as FaultRecord;
  const bits = FAULT_BITS.filter(({ register, bit }) => ((record[register] >>> bit) & 1) !== 0);
  const frameLost = isFrameLost(record);
  const registers = registersOf(record);
  const target = targetOf(context);
  const arrival = frameLost
    ? undefined
    : await arrivalAt(
        registers,
        target,
        (addr) => nameAt(addr, context),
        (addr) => context.isCode?.(addr) ?? true,
      );
  const trace = await traceOf(record, registers, target, context);
  const facts: Facts = {
    record,
    registers,
    bits,
    frameLost,
    instruction: frameLost ? undefined : instructionAt(record.pc, target, context.arch !== 'armv6-m'),
    trace,
    context,
  };
  const verdict = judge(facts, arrival, stackOverflow(facts));
  const calls = knownFrames(trace).flatMap((frame) => callsOf(frame, context));
  const details = cautions(facts, verdict);
  if (words.length < FAULT_WORDS.cortexm.length) {
    details.push(`caution: the record is short, ${words.length} of ${FAULT_WORDS.cortexm.length} words came`);
  }
  return {
    cause: verdict.cause,
    mistake: verdict.mistake,
    place: [...excerptLines(calls, context), ...stackLines(trace, context)],
    details: [...details, ...registerLines(record, bits, frameLost, context)],
  };
}

function registersOf(record: FaultRecord): Registers {
  const low = GENERAL_REGISTERS.map((name) => record[name]);
  return [...low, record.sp, record.lr, (record.pc & ~1) >>> 0];
}

function targetOf({ arch, stack, halfwordAt, rowAt, functionStart, isFirmware, readWord }: FaultContext): UnwindTarget {
  return {
    stack: stack ?? { addr: 0, sizeBytes: 0 },
    rules: arch === 'rv32' ? RISCV_CALLS : thumbCalls(arch !== 'armv6-m'),
    halfwordAt: (addr) => halfwordAt?.(addr),
    rowAt: (addr) => rowAt?.(addr),
    functionStart: (addr) => functionStart?.(addr),
    isFirmware: (addr) => isFirmware?.(addr) ?? true,
    readWord: async (addr) => {
      if (stack === undefined || addr < stack.addr || addr + 4 > stack.addr + stack.sizeBytes) return undefined;
      return readWord?.(addr);
    },
  };
}

/** Code that jumped to nowhere has no frame of its own: what called it, or what it returned to, is looked for in lr. */
async function traceOf(
  record: FaultRecord,
  registers: Registers,
  target: UnwindTarget,
  context: FaultContext,
): Promise<Backtrace> {
  const frameLost = isFrameLost(record);
  const isNowhere = !frameLost && (!isThumb(record) || context.isCode?.(record.pc) === false);
  // Nothing of the place itself has run: only lr leads on.
  const trace = await backtrace(registers, target, frameLost, isNowhere);
  return isNowhere ? { ...trace, inner: trace.inner.slice(1) } : trace;
}

function instructionAt(pc: number, target: UnwindTarget, hasThumb2: boolean): Instruction | undefined {
  const first = target.halfwordAt((pc & ~1) >>> 0);
  if (first === undefined) return undefined;
  const second = isWideThumb(first) ? (target.halfwordAt((pc & ~1) + 2) ?? 0) : 0;
  return decodeThumb(first, second, hasThumb2);
}

/** What is known when the stack was full: sp below it, a push that went below it, or registers that found no room. */
function stackOverflow(facts: Facts): Verdict | undefined {
  const { record, registers, instruction, bits, trace, context } = facts;
  const { stack } = context;
  if (stack === undefined) return undefined;
  const pushed = instruction?.kind === 'access' && instruction.base === 13 ? instruction.addr(registers) : record.sp;
  const refused = bits.some((bit) => bit.stacking) && record.sp < stack.addr + stack.sizeBytes;
  if (record.sp >= stack.addr && pushed >= stack.addr && !refused) return undefined;
  const taken = refused && !facts.frameLost ? bytesTakenAt((record.pc & ~1) >>> 0, context) : 0;
  return overflowVerdict(Math.min(record.sp - taken, pushed), trace, stack, context);
}

/** Bytes of stack that the instruction at `pc`, and those that complete it, would have taken. */
function bytesTakenAt(pc: number, { rowAt }: FaultContext): number {
  const offsets = Array.from({ length: FRAME_CODE_BYTES / 2 + 1 }, (_, index) => rowAt?.(pc + 2 * index)?.cfa)
    .filter((cfa) => cfa?.register === STACK_POINTER)
    .map((cfa) => cfa!.offset);
  return offsets.length === 0 ? 0 : Math.max(...offsets) - offsets[0]!;
}

/** Two instructions that take the stack pointer down take at most so much code. */
const FRAME_CODE_BYTES = 8;
const STACK_POINTER = 13;

function cautions({ bits, frameLost }: Facts, verdict: Verdict): string[] {
  const lines: string[] = [];
  if (verdict.caution !== undefined) lines.push(`caution: ${verdict.caution}`);
  if (verdict.inferred) lines.push('inferred from the instruction at pc: this core does not tell the cause');
  if (frameLost)
    lines.push('caution: the stack had no room for registers r0 to r3, r12, lr and pc: they are not known');
  else if (bits.some((bit) => bit.stacking && bit.name !== 'STKOF')) {
    lines.push('caution: registers r0 to r3, r12, lr and pc were not saved, they may be wrong');
  }
  return lines;
}
