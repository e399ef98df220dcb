// What is built: one row per image and per support archive, and the flags they share.

import type { OwnBoard } from '../../boards/read-board.js';

/** Folder of `arch/`, and the compiler's flags for one core. */
export interface Machine {
  readonly arch: 'cortexm' | 'riscv';
  readonly flags: readonly string[];
  /** Flags for images alone. */
  readonly imageFlags: readonly string[];
}

/** A Cortex-M without floating-point unit, or with one that the stub leaves alone.
 *  @param cpu as clang's -mcpu has it */
function cortexM(cpu: string): Machine {
  return {
    arch: 'cortexm',
    flags: ['--target=thumb-none-eabi', `-mcpu=${cpu}`, '-mfloat-abi=soft'],
    imageFlags: ['-flto'],
  };
}

/** The same with the calling convention that passes floating-point values in registers of the unit. */
function hardFloat(cpu: string): Machine {
  return { ...cortexM(cpu), flags: ['--target=thumb-none-eabi', `-mcpu=${cpu}`, '-mfloat-abi=hard'] };
}

/** @param isa as clang's -march has it, without `zicsr` */
function riscv(isa: string): Machine {
  return {
    arch: 'riscv',
    flags: ['--target=riscv32-unknown-elf', `-march=${isa}_zicsr`, '-mabi=ilp32'],
    imageFlags: ['-fno-jump-tables', '-msave-restore', '-flto', '-Wl,--relax-gp'],
  };
}

const RV32IMAC = riscv('rv32imac');
const RV32IMC = riscv('rv32imc');

/** A stub image: `ld/<name>.ld` and `port/<port>/` make `build/<name>.elf`. */
export interface ImageRow {
  readonly name: string;
  readonly port: string;
  readonly machine: Machine;
  /** Extra `-D`: simulators differ in how they sleep. */
  readonly defines: readonly string[];
  /** Of a board that is not one of ours: its port's folder, its linker script, and the image, as absolute paths. */
  readonly own?: { readonly port: string; readonly script: string; readonly output: string };
}

/** The image of a board file of the user's own. What follows from its core it need not say. */
export function ownImageRow({ name, arch, cpu, capabilities, image, build }: OwnBoard): ImageRow | undefined {
  if (build === undefined) return undefined;
  const machine = arch === 'rv32' ? riscv(cpu) : cortexM(cpu);
  const defines = [
    ...(capabilities.floatUnit === 'none' ? [] : ['STUB_FPU']),
    ...(arch === 'armv6-m' && capabilities.protection === 'mpu' ? ['STUB_MPU'] : []),
    ...build.defines,
  ];
  return { name, port: name, machine, defines, own: { port: build.port, script: build.script, output: image } };
}

export const IMAGES: readonly ImageRow[] = [
  // rp2040js puts WFI to sleep without looking at pending interrupts; WFE is safe there and on silicon.
  { name: 'pico', port: 'rp2040', machine: cortexM('cortex-m0plus'), defines: ['STUB_IDLE_WFE', 'STUB_MPU'] },
  {
    name: 'pico-usb',
    port: 'rp2040',
    machine: cortexM('cortex-m0plus'),
    defines: ['STUB_IDLE_WFE', 'STUB_MPU', 'STUB_USB'],
  },
  { name: 'mps2-an385', port: 'mps2', machine: cortexM('cortex-m3'), defines: ['STUB_FLASH_AT_0', 'STUB_WATCHDOG'] },
  {
    name: 'mps2-an386',
    port: 'mps2',
    machine: cortexM('cortex-m4'),
    defines: ['STUB_FPU', 'STUB_FLASH_AT_0', 'STUB_WATCHDOG'],
  },
  {
    name: 'mps2-an500',
    port: 'mps2',
    machine: cortexM('cortex-m7'),
    defines: ['STUB_FPU', 'STUB_FLASH_AT_0', 'STUB_WATCHDOG'],
  },
  { name: 'mps2-an505', port: 'mps2', machine: cortexM('cortex-m33'), defines: ['STUB_FPU', 'MPS2_AN505'] },
  { name: 'netduinoplus2', port: 'stm32f4', machine: cortexM('cortex-m4'), defines: ['STUB_FPU'] },
  ...['nucleo-f401re', 'nucleo-f446re'].map((name) => ({
    name,
    port: 'stm32f4',
    machine: cortexM('cortex-m4'),
    defines: ['STUB_FPU', 'STM32_NUCLEO'],
  })),
  { name: 'arduino-due', port: 'sam3x', machine: cortexM('cortex-m3'), defines: [] },
  { name: 'lm3s6965evb', port: 'lm3s6965evb', machine: cortexM('cortex-m3'), defines: ['STUB_FLASH_AT_0'] },
  // 16 KiB of RAM: half of the frames' is worth more to the user.
  { name: 'microbit', port: 'nrf51', machine: cortexM('cortex-m0'), defines: ['STUB_MAX_FRAME=512u', 'STUB_NO_VTOR'] },
  { name: 'virt-rv32', port: 'virt-rv32', machine: RV32IMAC, defines: [] },
  { name: 'sifive-e', port: 'sifive-e', machine: RV32IMAC, defines: ['STUB_MAX_FRAME=512u'] },
  { name: 'esp32-c3', port: 'esp32c3', machine: RV32IMC, defines: ['STUB_ESP32C3', 'STUB_IDLE_SPIN'] },
];

/** A build of `support/` that goes with one folder of the C library's archives. */
export interface SupportRow {
  readonly multilib: string;
  readonly machine: Machine;
  readonly libc: keyof typeof LIBC_FLAGS;
  /** GCC has no libstdc++ for this core: `support/cxx` stands in for the parts of it that containers need. */
  readonly cxx: boolean;
}

/** What a C library calls the functions that want an operating system: newlib puts a `_` in front of them. */
export const LIBC_FLAGS = {
  newlib: [],
  picolibc: [
    'close',
    'fstat',
    'getpid',
    'gettimeofday',
    'isatty',
    'kill',
    'lseek',
    'read',
    'sbrk',
    'times',
    'write',
  ].map((name) => `-D_${name}=${name}`),
} as const satisfies Record<string, readonly string[]>;

export const SUPPORTS: readonly SupportRow[] = [
  { multilib: 'thumb/v6-m/nofp', machine: cortexM('cortex-m0plus'), libc: 'newlib', cxx: false },
  { multilib: 'thumb/v7-m/nofp', machine: cortexM('cortex-m3'), libc: 'newlib', cxx: false },
  { multilib: 'thumb/v7e-m+fp/hard', machine: hardFloat('cortex-m4'), libc: 'newlib', cxx: false },
  { multilib: 'thumb/v7e-m+dp/hard', machine: hardFloat('cortex-m7'), libc: 'newlib', cxx: false },
  { multilib: 'thumb/v8-m.main+fp/hard', machine: hardFloat('cortex-m33'), libc: 'newlib', cxx: false },
  { multilib: 'rv32imac/ilp32', machine: RV32IMAC, libc: 'picolibc', cxx: true },
  { multilib: 'rv32im/ilp32', machine: RV32IMC, libc: 'picolibc', cxx: true },
];

/** Folder of a support archive below `build/`: `support-thumb-v6-m-nofp`. */
export function supportFolder(row: SupportRow): string {
  return `support-${row.multilib.replaceAll('/', '-')}`;
}

/** Compiler flags for both. No builtins: a loop must not turn into a call of memset, which nobody defines. */
export const COMMON_FLAGS = [
  '-std=c11',
  '-ffreestanding',
  '-fno-builtin',
  '-ffunction-sections',
  '-fdata-sections',
  '-fno-unwind-tables',
  '-fno-asynchronous-unwind-tables',
  '-g',
  '-Wall',
  '-Wextra',
  '-Werror',
] as const;

/** For images: size before all else. */
export const IMAGE_FLAGS = ['-Oz', '-fomit-frame-pointer'] as const;

/** For support archives. */
export const SUPPORT_FLAGS = ['-Os'] as const;
