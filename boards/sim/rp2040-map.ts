// What answers at which address of an RP2040, and how it takes a write.
// Source: RP2040 data sheet, 2.2 address map, 2.6.3 flash (writes to the cached alias only drop a cache line).

export type WriteEffect = 'taken' | 'ignored' | 'fault';

interface Range {
  readonly addr: number;
  readonly sizeBytes: number;
  readonly write: WriteEffect;
  /** Code can be fetched from it. */
  readonly code: boolean;
}

const KIB = 1024;
const MIB = 1024 * KIB;

const RANGES: readonly Range[] = [
  { addr: 0x0000_0000, sizeBytes: 16 * KIB, write: 'ignored', code: true }, // ROM
  { addr: 0x1000_0000, sizeBytes: 16 * MIB, write: 'ignored', code: true }, // flash, cached
  { addr: 0x1100_0000, sizeBytes: 48 * MIB, write: 'fault', code: true }, // flash, other aliases
  { addr: 0x1400_0000, sizeBytes: 16 * KIB, write: 'taken', code: false }, // XIP_CTRL
  { addr: 0x1800_0000, sizeBytes: 16 * KIB, write: 'taken', code: false }, // SSI
  { addr: 0x2000_0000, sizeBytes: 264 * KIB, write: 'taken', code: true }, // SRAM, striped over its banks
  { addr: 0x2100_0000, sizeBytes: 256 * KIB, write: 'taken', code: true }, // SRAM, bank by bank
  { addr: 0x4000_0000, sizeBytes: 448 * KIB, write: 'taken', code: false }, // APB, without 0x40068000
  { addr: 0x5000_0000, sizeBytes: 16 * KIB, write: 'taken', code: false }, // DMA
  { addr: 0x5010_0000, sizeBytes: 128 * KIB, write: 'taken', code: false }, // USB
  { addr: 0x5020_0000, sizeBytes: 16 * KIB, write: 'taken', code: false }, // PIO0
  { addr: 0x5030_0000, sizeBytes: 16 * KIB, write: 'taken', code: false }, // PIO1
  { addr: 0x5040_0000, sizeBytes: 16 * KIB, write: 'taken', code: false }, // XIP_AUX
  { addr: 0xd000_0000, sizeBytes: 4 * KIB, write: 'taken', code: false }, // SIO
  { addr: 0xe000_1000, sizeBytes: 8 * KIB, write: 'taken', code: false }, // DWT, BPU
  { addr: 0xe000_e000, sizeBytes: 4 * KIB, write: 'taken', code: false }, // system control space
  { addr: 0xe00f_f000, sizeBytes: 4 * KIB, write: 'ignored', code: false }, // CoreSight ROM table
];

/** What answers at `addr`; undefined where the bus reports an error. */
export function rangeAt(addr: number): Range | undefined {
  if (addr >>> 14 === 0x4006_8000 >>> 14) return undefined;
  return RANGES.find((range) => addr >= range.addr && addr < range.addr + range.sizeBytes);
}

/** Address of a byte of the bank-by-bank SRAM alias in the striped one: words go round the four banks. */
export function stripedAddr(addr: number): number {
  const offset = addr - 0x2100_0000;
  const bank = offset >>> 16;
  return 0x2000_0000 + (((offset & 0xfffc) << 2) | (bank << 2) | (offset & 3));
}
