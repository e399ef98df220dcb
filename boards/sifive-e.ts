// SiFive FE310 (E31 core, RV32IMAC) as on the HiFive1, as QEMU models it.
// Source: SiFive FE310-G000 manual, 4 memory map; QEMU hw/riscv/sifive_e.c.

import type { BoardRecord } from './board.js';
import { CORES } from './cores.js';

export const SIFIVE_E: BoardRecord = {
  name: 'qemu-sifive-e',
  title: 'SiFive FE310, simulated by QEMU',
  ...CORES.RV32IMAC,
  core: 'E31 (RV32IMAC)',
  interrupts: { lines: [1, 51], stub: [3], coreTimer: 'free' },
  image: 'sifive-e',
  regions: [
    { name: 'flash', addr: 0x2040_0000, sizeBytes: 4 * 1024 * 1024, access: 'rx' },
    { name: 'dtim', addr: 0x8000_0000, sizeBytes: 16 * 1024, access: 'rwx' },
  ],
  heapBytes: 2 * 1024,
  simulator: {
    kind: 'qemu',
    machine: 'sifive_e',
    program: 'qemu-system-riscv32',
    args: ['-bios', 'none'],
    losesOutput: true,
  },
  baud: 115_200,
  uart: { kind: 'sifive', addr: 0x1001_3000, clockHz: 16_000_000, maxBaud: 460_800 },
  flash: [],
};
