// What the boards' cores can do: for their records, and for people.

import type { BoardRecord, Capabilities } from './board.js';

const orNo = (value: string): string => (value === 'none' || value === 'nobody' ? 'no' : value);
const yes = (value: boolean): string => (value ? 'yes' : 'no');

/** The columns of the table that people see; a cell that says `no` is what a board cannot do. */
export const CAPABILITY_COLUMNS: readonly {
  readonly title: string;
  readonly meaning: string;
  readonly cell: (board: BoardRecord) => string;
}[] = [
  {
    title: 'faults',
    meaning: 'where the processor says what a fault was; `inferred`: it does not, and rules over its registers do',
    cell: ({ capabilities }) => capabilities.faultStatus,
  },
  {
    title: 'division by 0',
    meaning: 'who makes an integer division by zero a fault',
    cell: ({ capabilities }) => orNo(capabilities.divideTrap),
  },
  {
    title: 'protection',
    meaning:
      "what keeps code from null pointers, the stub's memory and code (`pmp`: from the stub's code alone; `guards`: from null pointers alone)",
    cell: ({ capabilities }) => orNo(capabilities.protection),
  },
  {
    title: 'nowhere',
    meaning: 'what an access is to addresses where nothing is: a `fault`, or `silent` where the bus takes it',
    cell: ({ capabilities }) => (capabilities.silentBus ? 'silent' : 'fault'),
  },
  {
    title: 'stack limit',
    meaning: 'the processor checks the stack pointer; without it an overflow is a fault where the stack leaves RAM',
    cell: ({ capabilities }) => yes(capabilities.stackLimit),
  },
  {
    title: 'float unit',
    meaning: 'types that the core computes itself, passed in its registers',
    cell: ({ capabilities }) => orNo(capabilities.floatUnit),
  },
  {
    title: 'C++ library',
    meaning:
      '`whole`, or what containers, strings, hashes, smart pointers and clocks need: no streams, locales, threads',
    cell: ({ capabilities }) => capabilities.cppLibrary,
  },
  {
    title: 'small printf',
    meaning: '`printf` takes 4 KiB until a format asks for floating point; else 9 KiB from the start',
    cell: ({ capabilities }) => yes(capabilities.smallPrintf),
  },
  {
    title: 'line',
    meaning: 'the rate that the line is raised to after the handshake, in baud; `no`: it stays at 115,200',
    cell: ({ uart }) => (uart === undefined ? 'no' : String(uart.maxBaud)),
  },
  {
    title: 'interrupts',
    meaning: "the user's by `bw::on_irq`; with -1 the core's own timer is among them",
    cell: ({ interrupts }) =>
      interrupts === undefined
        ? 'no'
        : `${interrupts.coreTimer === 'free' ? '-1, ' : ''}${interrupts.lines[0]} to ${interrupts.lines[1]}`,
  },
];

/** Armv6-M: one fault for all, without a word why. */
export const CORTEX_M0: Capabilities = {
  faultStatus: 'inferred',
  divideTrap: 'library',
  protection: 'none',
  stackLimit: false,
  floatUnit: 'none',
  cppLibrary: 'whole',
  smallPrintf: true,
};

/** Armv7-M. */
export const CORTEX_M3: Capabilities = {
  faultStatus: 'cfsr',
  divideTrap: 'core',
  protection: 'mpu',
  stackLimit: false,
  floatUnit: 'none',
  cppLibrary: 'whole',
  smallPrintf: true,
};

/** Armv7E-M with single precision. */
export const CORTEX_M4F: Capabilities = { ...CORTEX_M3, floatUnit: 'float' };

/** Armv7E-M with double precision. */
export const CORTEX_M7: Capabilities = { ...CORTEX_M3, floatUnit: 'double' };

/** Armv8-M Mainline with single precision. Its MPU knows no overlapping regions. */
export const CORTEX_M33: Capabilities = { ...CORTEX_M3, protection: 'mpu v8', stackLimit: true, floatUnit: 'float' };

/** WebAssembly: traps for what leaves memory, divides by zero or has no such function; the executor puts guards against
 *  null pointers in. */
export const WASM32: Capabilities = {
  faultStatus: 'traps',
  divideTrap: 'core',
  protection: 'guards',
  stackLimit: false,
  floatUnit: 'double',
  cppLibrary: 'whole',
  smallPrintf: false,
};

/** RISC-V in machine mode, with physical memory protection; Debian has no libstdc++ for it. */
export const RV32IMAC: Capabilities = {
  faultStatus: 'mcause',
  divideTrap: 'nobody',
  protection: 'pmp',
  stackLimit: false,
  floatUnit: 'none',
  cppLibrary: 'containers',
  smallPrintf: false,
};
