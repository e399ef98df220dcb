// What is built: one row per image and per support archive, and the flags they share.

/** A stub image: `ld/<name>.ld` and `port/<port>/` make `build/<name>.elf`. */
export interface ImageRow {
  readonly name: string;
  readonly port: string;
  readonly cpu: string;
  /** Extra `-D`: simulators differ in how they sleep. */
  readonly defines: readonly string[];
}

export const IMAGES: readonly ImageRow[] = [
  // rp2040js puts WFI to sleep without looking at pending interrupts; WFE is safe there and on silicon.
  { name: 'pico', port: 'rp2040', cpu: 'cortex-m0plus', defines: ['STUB_IDLE_WFE'] },
  { name: 'mps2-an385', port: 'mps2-an385', cpu: 'cortex-m3', defines: [] },
  { name: 'lm3s6965evb', port: 'lm3s6965evb', cpu: 'cortex-m3', defines: [] },
  // 16 KiB of RAM: half of the frames' is worth more to the user.
  { name: 'microbit', port: 'nrf51', cpu: 'cortex-m0', defines: ['STUB_MAX_FRAME=512u'] },
];

/** A build of `support/` that goes with one folder of the C library's archives. */
export interface SupportRow {
  readonly multilib: string;
  readonly cpu: string;
}

export const SUPPORTS: readonly SupportRow[] = [
  { multilib: 'thumb/v6-m/nofp', cpu: 'cortex-m0plus' },
  { multilib: 'thumb/v7-m/nofp', cpu: 'cortex-m3' },
];

/** Folder of a support archive below `build/`: `support-thumb-v6-m-nofp`. */
export function supportFolder(row: SupportRow): string {
  return `support-${row.multilib.replaceAll('/', '-')}`;
}

/** Compiler flags for both. No builtins: a loop must not turn into a call of memset, which nobody defines. */
export const COMMON_FLAGS = [
  '--target=thumb-none-eabi',
  '-mfloat-abi=soft',
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
