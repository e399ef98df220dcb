// Code that runs where there is none: how it may have got there.
//
//   BLX r3 to nowhere     lr stands behind the BLX, and r3 still holds the address
//   POP {…, pc} / BX lr   else the address came off the stack: somebody wrote over it. lr is left from the last
//                         call, so it lies in the function that returned, or in its caller

import { hex, symbolText } from './context.js';
import { type Facts, type FaultContext, type FaultRecord, holds, NULL_PAGE, type Verdict } from './fault-facts.js';
import { type Registers, registerName } from './thumb.js';
import { callerOf, type UnwindTarget } from './unwind.js';

const THUMB_BIT = 1 << 24;

/** How pc got where it is. */
export type Arrival =
  | { readonly by: 'call'; readonly register: number }
  /** Name of the function that returned. */
  | { readonly by: 'return'; readonly from: string | undefined }
  | undefined;

/** Finds out how the processor came to pc. */
export async function arrivalAt(
  registers: Registers,
  target: UnwindTarget,
  nameAt: (addr: number) => string | undefined,
  isCode: (addr: number) => boolean,
): Promise<Arrival> {
  const { rules } = target;
  const [lr, pc] = [registers[rules.link]!, registers[rules.pc]!];
  const call = rules.callBefore((lr & ~1) >>> 0, target);
  if (call === undefined) return undefined;
  if (call.register !== undefined) {
    const pointer = registers[call.register]!;
    if ((pointer & ~1) >>> 0 === (pc & ~1) >>> 0) return { by: 'call', register: call.register };
    // What was called there has changed the register since: it may have been data that ran on.
    if (!isCode(pointer)) return undefined;
  }
  // Does the code at lr still have its frame? Then what it called last is what returned.
  const returnAddr = (lr & ~1) >>> 0;
  const there = [...registers];
  there[rules.pc] = returnAddr;
  const caller = await callerOf({ pc: returnAddr, lookupAddr: returnAddr - 2, registers: there }, target);
  const from = caller === undefined ? returnAddr - 2 : call.targetAddr;
  return { by: 'return', from: from === undefined ? undefined : nameAt(from) };
}

/** Whether the processor was in the state in which it runs code. */
export const isThumb = ({ xpsr }: FaultRecord): boolean => (xpsr & THUMB_BIT) !== 0;

/** The verdict on code that is none, or undefined when pc is in code as it should be. */
export function judgeJump(facts: Facts, arrival: Arrival): Verdict | undefined {
  const { record, frameLost, context, bits } = facts;
  if (frameLost) return undefined;
  const { pc } = record;
  const even = !isThumb(record);
  const jumped = bits.some((bit) => bit.jump);
  if (!even && !jumped && (context.isCode === undefined || context.isCode(pc))) return undefined;
  const overwritten = overwrittenBy(arrival, pc);
  if (pc < NULL_PAGE && overwritten === undefined) {
    return { cause: `call or jump to ${hex(pc)}`, mistake: pc < 2 ? 'null function pointer' : `null pointer + ${pc}` };
  }
  if (even) {
    return {
      cause: `call or jump to the even address ${hex(pc)}: Thumb code has odd addresses`,
      mistake: overwritten ?? (pc === 0 ? 'null function pointer' : undefined),
    };
  }
  return {
    cause: executionOf(pc, context, bits.find((bit) => bit.jump)?.cause),
    mistake: overwritten ?? calledMistake(facts, arrival),
  };
}

/** The function that returned to where it was not called from. */
export function overwrittenBy(arrival: Arrival, pc: number): string | undefined {
  if (arrival?.by !== 'return') return undefined;
  const from = arrival.from === undefined ? 'a function' : `\`${arrival.from}\``;
  return `return address overwritten: ${from} returned to ${hex(pc)}`;
}

/** What was run that is no code. */
export function executionOf(pc: number, context: FaultContext, otherwise: string | undefined): string {
  const { stack, regions, arena } = context;
  if (stack !== undefined && holds(stack, pc)) return `execution of data: the stack, at ${hex(pc)}`;
  if (arena !== undefined && holds(arena, pc)) {
    const name = symbolText(context.symbolAt?.(pc));
    return `execution of data${name === undefined ? '' : `: ${name}`}, at ${hex(pc)}`;
  }
  const ended = regions?.find(({ addr, sizeBytes }) => pc === addr + sizeBytes);
  if (ended !== undefined) return `execution of data up to the end of ${ended.name}, at ${hex(pc)}`;
  if (regions !== undefined && !regions.some((region) => holds(region, pc))) {
    return `execution of memory that is not there, at ${hex(pc)}`;
  }
  return `${otherwise ?? 'execution of memory that holds no code'}, at ${hex(pc)}`;
}

function calledMistake({ record: { pc } }: Facts, arrival: Arrival): string | undefined {
  return arrival?.by === 'call'
    ? `wild function pointer: ${registerName(arrival.register)} = ${hex(pc | 1)}`
    : undefined;
}
