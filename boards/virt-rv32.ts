// QEMU's RISC-V `virt` board with one 32-bit core. It exists nowhere else.
// Source: QEMU docs/system/riscv/virt.rst. DRAM is at 0x80000000; the image takes its first 64 KiB.

import type { BoardRecord } from './board.js';
import { CORES } from './cores.js';

export const VIRT_RV32: BoardRecord = {
  name: 'qemu-virt-rv32',
  title: "QEMU's RISC-V virt board, 32 bits",
  ...CORES.RV32IMAC,
  interrupts: { lines: [1, 95], stub: [10], coreTimer: 'free' },
  image: 'virt-rv32',
  regions: [
    { name: 'code', addr: 0x8000_0000, sizeBytes: 64 * 1024, access: 'rx' },
    { name: 'dram', addr: 0x8001_0000, sizeBytes: 4 * 1024 * 1024 - 64 * 1024, access: 'rwx' },
  ],
  heapBytes: 1024 * 1024,
  simulator: { kind: 'qemu', machine: 'virt', program: 'qemu-system-riscv32', args: ['-bios', 'none'] },
  baud: 115_200,
  flash: [],
};
