// The rules that name a fault's cause, in the order in which they are believed; the first that knows wins. Cores with
// fault registers (v7-M, v8-M) say what went wrong, and the rules add what it was about. Armv6-M says nothing: there the
// cause is what the instruction at pc, with these operands, cannot have done.

import { hex } from './context.js';
import { isMisaligned, judgeAccess, judgeUnaligned, seemsFine } from './fault-access.js';
import type { Facts, Verdict } from './fault-facts.js';
import { type Arrival, judgeJump } from './fault-jumps.js';
import { exceptionName, handlerOf, TRAPS } from './fault-tables.js';
import type { Access } from './thumb.js';

interface Rule {
  readonly name: string;
  readonly judge: (facts: Facts) => Verdict | undefined;
}

/** A stack pointer further off than this was not moved there by calls. */
const FAR = 16 * 1024 * 1024;

const overwrittenStackPointer: Rule = {
  name: 'stack pointer overwritten',
  judge: ({ record: { sp, xpsr }, context: { stack } }) => {
    // Handlers have the stub's stack.
    if (stack === undefined || handlerOf(xpsr) !== 0) return undefined;
    const end = stack.addr + stack.sizeBytes;
    if (sp <= end && stack.addr - sp < FAR) return undefined;
    return { cause: `stack pointer overwritten: sp is ${hex(sp)}, the stack ends at ${hex(end)}` };
  },
};

/** The cause of the first bit that is set. */
const statusBits: Rule = {
  name: 'the fault registers tell',
  judge: (facts) => {
    const { bits, record, instruction } = facts;
    const [main] = bits;
    if (main === undefined || main.jump) return undefined;
    const access = instruction?.kind === 'access' ? instruction : undefined;
    const { caution } = main;
    if (main.name === 'UNALIGNED') return judgeUnaligned(facts, access);
    if (main.name === 'UNDEFINSTR') return trap.judge(facts) ?? { cause: main.cause };
    if (main.address === undefined) return { cause: main.cause, caution };
    const isValid = ((record.cfsr >>> main.address.validBit) & 1) !== 0;
    return { ...judgeAccess(facts, access, isValid ? record[main.address.register] : undefined, main.why!), caution };
  },
};

const trap: Rule = {
  name: 'made to stop',
  judge: ({ instruction, record }) => {
    // pc is behind it.
    if (record.exception === 11) return { cause: 'supervisor call (svc) that nobody takes' };
    if (instruction?.kind !== 'trap') return undefined;
    const { name, value } = instruction;
    const known = TRAPS[`${name} ${value}`];
    if (known !== undefined) return { cause: known };
    if (name === 'bkpt') return { cause: `breakpoint instruction (bkpt #${value}) without a debugger` };
    return {
      cause:
        name === 'svc' ? `supervisor call (svc #${value}) that nobody takes` : `undefined instruction (udf #${value})`,
    };
  },
};

const isV6 = ({ context, record }: Facts): boolean => context.arch === 'armv6-m' && record.exception === 3;

function inferAccess(name: string, judge: (facts: Facts, access: Access) => Verdict | undefined): Rule {
  return {
    name,
    judge: (facts) => {
      if (!isV6(facts) || facts.instruction?.kind !== 'access') return undefined;
      const verdict = judge(facts, facts.instruction);
      return verdict === undefined ? undefined : { ...verdict, inferred: true };
    },
  };
}

const unaligned = inferAccess('unaligned access', (facts, access) =>
  isMisaligned(facts, access) ? judgeUnaligned(facts, access) : undefined,
);

const badAccess = inferAccess('access to the wrong memory', (facts, access) =>
  seemsFine(facts, access)
    ? undefined
    : judgeAccess(facts, access, access.addr(facts.registers), 'where the access was refused'),
);

const refusedAccess = inferAccess('access that was refused', (facts, access) =>
  judgeAccess(facts, access, access.addr(facts.registers), 'where the access was refused'),
);

const undefinedInstruction: Rule = {
  name: 'undefined instruction',
  judge: (facts) =>
    isV6(facts) && facts.instruction?.kind === 'undefined'
      ? { cause: 'undefined instruction', inferred: true }
      : undefined,
};

const unknown: Rule = {
  name: 'nobody knows',
  judge: (facts) => ({
    cause: isV6(facts)
      ? 'bad access or undefined instruction: this core does not tell which'
      : `${exceptionName(facts.record.exception)} without a reported cause`,
  }),
};

/** The verdict on a fault.
 *  @param overflow what is known when the stack was full */
export function judge(facts: Facts, arrival: Arrival, overflow: Verdict | undefined): Verdict {
  const rules: readonly Rule[] = [
    overwrittenStackPointer,
    { name: 'stack overflow', judge: () => overflow },
    { name: 'execution of what is no code', judge: () => judgeJump(facts, arrival) },
    statusBits,
    trap,
    unaligned,
    badAccess,
    undefinedInstruction,
    refusedAccess,
    unknown,
  ];
  for (const rule of rules) {
    const verdict = rule.judge(facts);
    if (verdict !== undefined) return verdict;
  }
  throw new Error('the last rule always knows');
}
