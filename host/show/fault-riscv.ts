// A RISC-V trap record → what happened, in words, and where. mcause names the kind of trap; mtval holds the data address
// of an access that failed, or the instruction that is none. @see RISC-V Privileged Architecture, 3.1.15, 3.1.16

import { FAULT_WORDS } from '../../protocol/messages.js';
import { type Backtrace, backtrace, knownFrames } from './backtrace.js';
import { hex } from './context.js';
import type { FaultReport } from './fault.js';
import { judgeAccess, judgeUnaligned } from './fault-access.js';
import { type FaultContext, NULL_PAGE } from './fault-facts.js';
import { arrivalAt, executionOf, overwrittenBy } from './fault-jumps.js';
import { nameAt, overflowVerdict } from './fault-stack.js';
import { TRAPPED } from './fault-tables.js';
import { callsOf, excerptLines, named, stackLines, stackNote } from './fault-text.js';
import { riscvAccessAt, riscvRegisterName } from './riscv.js';
import type { UnwindTarget } from './unwind.js';

export type TrapRecord = Readonly<Record<(typeof FAULT_WORDS.rv32)[number], number>>;

interface TrapCause {
  /** As the specification spells it. */
  readonly name: string;
  readonly cause: string;
  /** What mtval holds. */
  readonly value: 'data address' | 'code address' | 'instruction' | 'nothing';
}

const NOT_THERE = 'memory that is not there, or protected';

/** Exceptions by the number in mcause. */
export const TRAPS: Readonly<Record<number, TrapCause>> = {
  0: { name: 'Instruction address misaligned', cause: 'call or jump to an odd address', value: 'code address' },
  1: { name: 'Instruction access fault', cause: 'execution of memory that is not there', value: 'code address' },
  2: { name: 'Illegal instruction', cause: 'undefined instruction', value: 'instruction' },
  3: { name: 'Breakpoint', cause: 'breakpoint instruction without a debugger', value: 'nothing' },
  4: { name: 'Load address misaligned', cause: 'unaligned read', value: 'data address' },
  5: { name: 'Load access fault', cause: `read of ${NOT_THERE}`, value: 'data address' },
  6: { name: 'Store/AMO address misaligned', cause: 'unaligned write', value: 'data address' },
  7: { name: 'Store/AMO access fault', cause: `write to ${NOT_THERE}`, value: 'data address' },
  8: { name: 'Environment call from U-mode', cause: 'system call, which nobody answers', value: 'nothing' },
  11: { name: 'Environment call from M-mode', cause: 'system call, which nobody answers', value: 'nothing' },
  12: { name: 'Instruction page fault', cause: 'execution of memory that is not mapped', value: 'code address' },
  13: { name: 'Load page fault', cause: 'read of memory that is not mapped', value: 'data address' },
  15: { name: 'Store/AMO page fault', cause: 'write to memory that is not mapped', value: 'data address' },
};

const INTERRUPTS: Readonly<Record<number, string>> = { 3: 'software', 7: 'timer', 11: 'external' };
const INTERRUPT_BIT = 0x8000_0000;

/** The undefined instruction of barewire's support library that says so: csrw cycle, s1, which nobody may write. */
const DIVIDED_BY_ZERO = 0xc004_9073;

const READ_MISALIGNED = 4;
const WRITE_MISALIGNED = 6;
/** Store/AMO access fault. */
const STORE_FAULT = 7;

/** x0 to x31 by their names in the record. */
const GENERAL = [
  ...(['ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 's0', 's1'] as const),
  ...(['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7'] as const),
  ...(['s2', 's3', 's4', 's5', 's6', 's7', 's8', 's9', 's10', 's11', 't3', 't4', 't5', 't6'] as const),
];

/** Explains a trap.
 *  @param words in the order of FAULT_WORDS.rv32; missing ones count as 0 and are mentioned
 *  @param target how to follow calls */
export async function describeTrap(
  words: Uint32Array,
  context: FaultContext,
  target: UnwindTarget,
): Promise<FaultReport> {
  const record = Object.fromEntries(FAULT_WORDS.rv32.map((name, i) => [name, words[i] ?? 0])) as TrapRecord;
  const registers = [0, ...GENERAL.map((name) => record[name]), record.mepc];
  // Nothing of a place without code has run: only ra leads on.
  const isNowhere = context.isCode?.(record.mepc) === false;
  const found = await backtrace(registers, target, false, isNowhere);
  const trace = isNowhere ? { ...found, inner: found.inner.slice(1) } : found;
  const calls = knownFrames(trace).flatMap((frame) => callsOf(frame, context));
  const facts = { record, registers, context };
  const jump = isNowhere ? await judgeJump(facts, target) : undefined;
  const { cause, mistake } = stackOverflow(record, trace, context) ?? jump ?? judge(facts, target);
  return {
    cause,
    mistake,
    place: [...excerptLines(calls, context), ...stackLines(trace, context)],
    details: detailLines(record, context, words.length),
  };
}

type Judged = Pick<FaultReport, 'cause' | 'mistake'>;

/** A store that missed the stack at its lower end, or sp below it. */
function stackOverflow({ sp, mcause, mtval }: TrapRecord, trace: Backtrace, context: FaultContext): Judged | undefined {
  const { stack } = context;
  if (stack === undefined || sp >= stack.addr + stack.sizeBytes) return undefined;
  const missed = mcause === STORE_FAULT && mtval < stack.addr && mtval >= sp ? mtval : sp;
  if (missed >= stack.addr) return undefined;
  const { cause, mistake } = overflowVerdict(Math.min(sp, missed), trace, stack, context);
  return { cause, mistake };
}

interface Facts {
  readonly record: TrapRecord;
  /** x0 to pc. */
  readonly registers: readonly number[];
  readonly context: FaultContext;
}

/** The verdict on code that is none. */
async function judgeJump({ record, registers, context }: Facts, target: UnwindTarget): Promise<Judged> {
  const pc = record.mepc;
  const arrival = await arrivalAt(
    registers,
    target,
    (addr) => nameAt(addr, context),
    (addr) => context.isCode?.(addr) ?? true,
  );
  // A call leaves its own place in ra, a return comes from there.
  const isReturn = (record.ra & ~1) >>> 0 === pc;
  const overwritten = overwrittenBy(isReturn ? { by: 'return', from: undefined } : arrival, pc);
  if (pc < NULL_PAGE && overwritten === undefined) {
    return {
      cause: `call or jump to ${hex(pc)}`,
      mistake: pc === 0 ? 'null function pointer' : `null pointer + ${pc}`,
    };
  }
  const called =
    arrival?.by === 'call' ? `wild function pointer: ${riscvRegisterName(arrival.register)} = ${hex(pc)}` : undefined;
  return { cause: executionOf(pc, context, TRAPS[record.mcause]?.cause), mistake: overwritten ?? called };
}

/** `unimp` of 32 bits: csrrw x0, cycle, x0. */
const UNIMP = 0xc0001073;

function judge({ record, registers, context }: Facts, target: UnwindTarget): Judged {
  const { mcause, mepc, mtval } = record;
  const trap = TRAPS[mcause];
  if (trap === undefined) return { cause: `${trapName(mcause)} without a handler`, mistake: undefined };
  switch (trap.value) {
    case 'data address': {
      const access = riscvAccessAt(mepc, target);
      if (access?.addr(registers) !== mtval)
        return { cause: `${trap.cause}, at ${hex(mtval)}`, mistake: nullMistake(mtval) };
      const verdict =
        mcause === READ_MISALIGNED || mcause === WRITE_MISALIGNED
          ? judgeUnaligned({ registers, context }, access)
          : judgeAccess({ registers, context }, access, mtval, 'where nothing is, or what is protected');
      return { cause: verdict.cause, mistake: verdict.mistake };
    }
    case 'code address':
      return { cause: `${trap.cause}, at ${hex(mepc)}`, mistake: mepc === 0 ? 'null function pointer' : undefined };
    case 'instruction':
      if (mtval === DIVIDED_BY_ZERO) return { cause: 'integer division by zero', mistake: undefined };
      // LLVM's __builtin_trap is the instruction 0, 16 or 32 bits of it, or a write to a register that is read-only.
      if ((mtval === 0 && context.halfwordAt?.(mepc) === 0) || mtval >>> 0 === UNIMP)
        return { cause: TRAPPED, mistake: undefined };
      return { cause: mtval === 0 ? trap.cause : `${trap.cause} ${hex(mtval)}`, mistake: undefined };
    case 'nothing':
      return { cause: trap.cause, mistake: undefined };
  }
}

function nullMistake(addr: number): string | undefined {
  if (addr >= NULL_PAGE) return undefined;
  return addr === 0 ? 'null pointer' : `null pointer + ${addr}`;
}

/** `Load access fault`, `external interrupt`. */
export function trapName(mcause: number): string {
  if (mcause < INTERRUPT_BIT) return TRAPS[mcause]?.name ?? `exception ${mcause}`;
  const number = mcause - INTERRUPT_BIT;
  return `${INTERRUPTS[number] ?? `number ${number}`} interrupt`;
}

const handlerName = (number: number | undefined): string =>
  number === undefined ? 'an interrupt' : number === 0 ? 'the machine timer' : `interrupt ${number}`;

function detailLines(record: TrapRecord, context: FaultContext, count: number): string[] {
  const lines: string[] = [];
  if (count < FAULT_WORDS.rv32.length) {
    lines.push(`caution: the record is short, ${count} of ${FAULT_WORDS.rv32.length} words came`);
  }
  lines.push(`pc ${named(record.mepc, context)}, ra ${named(record.ra, context)}`);
  const word = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
  const registers = FAULT_WORDS.rv32.slice(FAULT_WORDS.rv32.indexOf('gp'), FAULT_WORDS.rv32.indexOf('t6') + 1);
  for (let i = 0; i < registers.length; i += 7) {
    const row = registers.slice(i, i + 7).map((name) => `${name} ${word(record[name])}`);
    lines.push(row.join('  '));
  }
  if (record.restart !== 0) lines.push(`in the handler of ${handlerName(context.interrupt)}`);
  lines.push(`sp ${word(record.sp)}${stackNote(record.sp, context)}`);
  lines.push(`${trapName(record.mcause)}, mcause ${word(record.mcause)} mtval ${word(record.mtval)}`);
  return lines;
}
