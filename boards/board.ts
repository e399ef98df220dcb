// What barewire knows of a board: one plain record each, so that a new board is data and not code.

import type { BytePort } from '../protocol/byte-port.js';
import type { ArchName } from '../protocol/messages.js';

export type Simulator = { readonly kind: 'qemu'; readonly machine: string } | { readonly kind: 'rp2040js' };

export interface Region {
  readonly name: string;
  readonly addr: number;
  readonly sizeBytes: number;
  readonly access: 'rx' | 'rw' | 'rwx';
}

export interface BoardRecord {
  /** What `--board` takes: `pico-sim`, `qemu-mps2-an385`. */
  readonly name: string;
  /** For people: `Raspberry Pi Pico (simulated by rp2040js)`. */
  readonly title: string;
  /** `Cortex-M0+` */
  readonly core: string;
  readonly arch: ArchName;
  /** clang's `--target`, `-mcpu` and `-mfloat-abi`. */
  readonly triple: string;
  readonly cpu: string;
  readonly floatAbi: 'soft' | 'softfp' | 'hard';
  /** Folder below the toolchain's library folders: `thumb/v6-m/nofp`. */
  readonly multilib: string;
  /** Base name of the stub image: `firmware-stub/build/<image>.elf`. */
  readonly image: string;
  readonly regions: readonly Region[];
  /** Bytes kept for `malloc` when something links it. */
  readonly heapBytes: number;
  readonly simulator: Simulator | undefined;
  /** Baud rate of the stub's UART on real hardware. */
  readonly baud: number;
  /** How the stub gets onto the real board, for people. */
  readonly flash: string;
}

/** Starts a board's simulator with its stub image and hands back the line to it. */
export type StartBoard = (board: BoardRecord, imagePath: string) => Promise<BytePort>;

/** Bytes of RAM that a board has for code and data. */
export function ramBytes({ regions }: BoardRecord): number {
  return regions.filter(({ access }) => access === 'rwx').reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
