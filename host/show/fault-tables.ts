// What the fault registers of a Cortex-M say, bit by bit. CFSR holds three registers side by side:
//
//   31        usage        16 15     bus     8 7    memory   0
//
// Rows stand in the order in which they are believed: a stack that overflowed makes everything after it noise, and a
// precise report beats an imprecise one. @see Armv7-M Architecture Reference Manual, B3.2.15 to B3.2.18; Armv8-M D1.2

export interface FaultBit {
  readonly register: 'cfsr' | 'hfsr';
  readonly bit: number;
  /** As the manual spells it. */
  readonly name: string;
  /** What went wrong, in words. */
  readonly cause: string;
  /** Register that holds the data address, and the CFSR bit that says it does. */
  readonly address?: { readonly register: 'mmfar' | 'bfar'; readonly validBit: number };
  /** Why the access at that address was refused. */
  readonly why?: string;
  /** The processor failed to save or restore registers on the stack. */
  readonly stacking?: true;
  /** The address of the code tells where it jumped to. */
  readonly jump?: true;
  /** What the reader must know before trusting the report. */
  readonly caution?: string;
}

const MMFAR = { register: 'mmfar', validBit: 7 } as const;
const BFAR = { register: 'bfar', validBit: 15 } as const;

export const FAULT_BITS: readonly FaultBit[] = [
  { register: 'cfsr', bit: 20, name: 'STKOF', cause: 'the stack limit was reached', stacking: true },
  { register: 'cfsr', bit: 4, name: 'MSTKERR', cause: 'registers could not be saved on the stack', stacking: true },
  { register: 'cfsr', bit: 12, name: 'STKERR', cause: 'registers could not be saved on the stack', stacking: true },
  {
    register: 'cfsr',
    bit: 5,
    name: 'MLSPERR',
    cause: 'floating-point registers could not be saved on the stack',
    stacking: true,
  },
  {
    register: 'cfsr',
    bit: 13,
    name: 'LSPERR',
    cause: 'floating-point registers could not be saved on the stack',
    stacking: true,
  },
  {
    register: 'cfsr',
    bit: 3,
    name: 'MUNSTKERR',
    cause: 'registers could not be restored from the stack',
    stacking: true,
  },
  {
    register: 'cfsr',
    bit: 11,
    name: 'UNSTKERR',
    cause: 'registers could not be restored from the stack',
    stacking: true,
  },
  { register: 'cfsr', bit: 25, name: 'DIVBYZERO', cause: 'integer division by zero' },
  { register: 'cfsr', bit: 24, name: 'UNALIGNED', cause: 'unaligned memory access' },
  {
    register: 'cfsr',
    bit: 17,
    name: 'INVSTATE',
    cause: 'call or jump to an even address, which is no Thumb code',
    jump: true,
  },
  {
    register: 'cfsr',
    bit: 18,
    name: 'INVPC',
    cause: 'return from an exception with a damaged return value',
  },
  {
    register: 'cfsr',
    bit: 19,
    name: 'NOCP',
    cause: 'floating-point or coprocessor instruction while that unit is off or absent',
  },
  { register: 'cfsr', bit: 16, name: 'UNDEFINSTR', cause: 'undefined instruction' },
  { register: 'cfsr', bit: 0, name: 'IACCVIOL', cause: 'execution of memory that holds no code', jump: true },
  { register: 'cfsr', bit: 8, name: 'IBUSERR', cause: 'execution of memory that is not there', jump: true },
  {
    register: 'cfsr',
    bit: 1,
    name: 'DACCVIOL',
    cause: 'access to protected memory',
    address: MMFAR,
    why: 'which is protected',
  },
  {
    register: 'cfsr',
    bit: 9,
    name: 'PRECISERR',
    cause: 'access to memory that is not there',
    address: BFAR,
    why: 'where nothing answers',
  },
  {
    register: 'cfsr',
    bit: 10,
    name: 'IMPRECISERR',
    cause: 'a write to memory that is not there',
    caution: 'the report is imprecise: a buffered write failed some instructions before pc',
  },
  { register: 'hfsr', bit: 1, name: 'VECTTBL', cause: 'the vector table could not be read' },
  { register: 'hfsr', bit: 31, name: 'DEBUGEVT', cause: 'breakpoint instruction without a debugger' },
];

/** Of an instruction that compilers put where nothing is ever to come. */
export const TRAPPED =
  'the program trapped: __builtin_trap(), or what must not happen, such as the end of a function without `return`';

/** What a UDF, BKPT or SVC with this number means. 249 is in barewire's support library (and Windows' way to say it),
 *  254 is LLVM's and 255 GCC's __builtin_trap. */
export const TRAPS: Readonly<Record<string, string>> = {
  'udf 249': 'integer division by zero',
  'udf 254': TRAPPED,
  'udf 255': TRAPPED,
};

/** Exceptions by number; from 16 on they are interrupts. @see Armv7-M manual, B1.5.2 */
export const EXCEPTIONS: Readonly<Record<number, string>> = {
  0: 'no exception',
  1: 'Reset',
  2: 'NMI',
  3: 'HardFault',
  4: 'MemManage fault',
  5: 'BusFault',
  6: 'UsageFault',
  7: 'SecureFault',
  11: 'SVCall',
  12: 'DebugMonitor',
  14: 'PendSV',
  15: 'SysTick',
};

/** `HardFault`, `interrupt 5`. */
export function exceptionName(number: number): string {
  return EXCEPTIONS[number] ?? (number >= 16 ? `interrupt ${number - 16}` : `exception ${number}`);
}

/** The exception whose handler was running, by the low bits of xPSR; 0 in thread mode. */
export const handlerOf = (xpsr: number): number => xpsr & 0x1ff;
