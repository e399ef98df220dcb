// What goes with a core: how clang is told of it, which libraries are made for it, what it can do. A board names its
// core and says the rest itself. Cores are those that support archives are built for (firmware-stub/tools/images.ts).

import type { BoardRecord } from './board.js';
import { CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M7, CORTEX_M33, RV32IMAC } from './capabilities.js';

/** The part of a board's record that its core decides. */
export type CoreFacts = Pick<
  BoardRecord,
  'core' | 'arch' | 'triple' | 'cpu' | 'floatAbi' | 'multilib' | 'libc' | 'capabilities'
>;

const THUMB_SOFT = { floatAbi: 'soft', libc: 'newlib' } as const;
const THUMB_HARD = { floatAbi: 'hard', libc: 'newlib' } as const;
const RISCV = { arch: 'rv32', triple: 'riscv32-unknown-elf', floatAbi: 'soft', libc: 'picolibc' } as const;

export const CORES = {
  'Cortex-M0': {
    core: 'Cortex-M0',
    arch: 'armv6-m',
    triple: 'thumbv6m-none-eabi',
    cpu: 'cortex-m0',
    multilib: 'thumb/v6-m/nofp',
    capabilities: CORTEX_M0,
    ...THUMB_SOFT,
  },
  /** With the MPU that the core may have; where a chip has none, its record says so. */
  'Cortex-M0+': {
    core: 'Cortex-M0+',
    arch: 'armv6-m',
    triple: 'thumbv6m-none-eabi',
    cpu: 'cortex-m0plus',
    multilib: 'thumb/v6-m/nofp',
    capabilities: { ...CORTEX_M0, protection: 'mpu' },
    ...THUMB_SOFT,
  },
  'Cortex-M3': {
    core: 'Cortex-M3',
    arch: 'armv7-m',
    triple: 'thumbv7m-none-eabi',
    cpu: 'cortex-m3',
    multilib: 'thumb/v7-m/nofp',
    capabilities: CORTEX_M3,
    ...THUMB_SOFT,
  },
  /** With its floating-point unit. One without is a Cortex-M3 for the compiler. */
  'Cortex-M4F': {
    core: 'Cortex-M4F',
    arch: 'armv7e-m',
    triple: 'thumbv7em-none-eabihf',
    cpu: 'cortex-m4',
    multilib: 'thumb/v7e-m+fp/hard',
    capabilities: CORTEX_M4F,
    ...THUMB_HARD,
  },
  /** With double precision. */
  'Cortex-M7': {
    core: 'Cortex-M7',
    arch: 'armv7e-m',
    triple: 'thumbv7em-none-eabihf',
    cpu: 'cortex-m7',
    multilib: 'thumb/v7e-m+dp/hard',
    capabilities: CORTEX_M7,
    ...THUMB_HARD,
  },
  'Cortex-M33': {
    core: 'Cortex-M33',
    arch: 'armv8-m',
    triple: 'thumbv8m.main-none-eabihf',
    cpu: 'cortex-m33',
    multilib: 'thumb/v8-m.main+fp/hard',
    capabilities: CORTEX_M33,
    ...THUMB_HARD,
  },
  RV32IMAC: {
    core: 'RV32IMAC',
    cpu: 'rv32imac',
    multilib: 'rv32imac/ilp32',
    capabilities: RV32IMAC,
    ...RISCV,
  },
  /** Without atomic instructions. */
  RV32IMC: {
    core: 'RV32IMC',
    cpu: 'rv32imc',
    multilib: 'rv32im/ilp32',
    capabilities: RV32IMAC,
    ...RISCV,
  },
} as const satisfies Readonly<Record<string, CoreFacts>>;

export type CoreName = keyof typeof CORES;
