// A RISC-V trap record → what happened, in words, and where. mcause names the kind of trap; mtval holds the data address
// of an access that failed, or the instruction that is none. @see RISC-V Privileged Architecture, 3.1.15, 3.1.16

import { FAULT_WORDS } from '../../protocol/messages.js';
import { hex } from './context.js';
import type { FaultReport } from './fault.js';
import type { FaultContext } from './fault-facts.js';
import { callsOf, excerptLines, named, stackNote } from './fault-text.js';

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

/** Addresses below this, reached through a pointer, mean that the pointer was null. */
const NULL_PAGE = 0x100;

/** Explains a trap.
 *  @param words in the order of FAULT_WORDS.rv32; missing ones count as 0 and are mentioned */
export function describeTrap(words: Uint32Array, context: FaultContext): FaultReport {
  const record = Object.fromEntries(FAULT_WORDS.rv32.map((name, i) => [name, words[i] ?? 0])) as TrapRecord;
  const { mepc } = record;
  const calls = callsOf({ pc: mepc, lookupAddr: mepc, registers: [] }, context);
  return {
    ...(stackOverflow(record, context) ?? judge(record)),
    place: excerptLines(calls, context),
    details: detailLines(record, context, words.length),
  };
}

type Judged = Pick<FaultReport, 'cause' | 'mistake'>;

function stackOverflow({ sp }: TrapRecord, { stack }: FaultContext): Judged | undefined {
  if (stack === undefined || sp >= stack.addr) return undefined;
  const [wanted, size] = [stack.addr + stack.sizeBytes - sp, stack.sizeBytes].map((n) => n.toLocaleString('en-US'));
  return { cause: `stack overflow, ${wanted} bytes wanted, ${size} are there`, mistake: undefined };
}

function judge({ mcause, mepc, mtval }: TrapRecord): Judged {
  const trap = TRAPS[mcause];
  if (trap === undefined) return { cause: `${trapName(mcause)} without a handler`, mistake: undefined };
  switch (trap.value) {
    case 'data address':
      return { cause: `${trap.cause}, at ${hex(mtval)}`, mistake: nullMistake(mtval) };
    case 'code address':
      return { cause: `${trap.cause}, at ${hex(mepc)}`, mistake: mepc === 0 ? 'null function pointer' : undefined };
    case 'instruction':
      if (mtval === DIVIDED_BY_ZERO) return { cause: 'integer division by zero', mistake: undefined };
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
  lines.push(`sp ${word(record.sp)}${stackNote(record.sp, context)}`);
  lines.push(`${trapName(record.mcause)}, mcause ${word(record.mcause)} mtval ${word(record.mtval)}`);
  return lines;
}
