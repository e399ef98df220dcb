// ARM MPS2 with the AN500 FPGA image (Cortex-M7 with double precision), as QEMU models it.
// Source: ARM application note AN500; QEMU docs/system/arm/mps2.rst.

import type { BoardRecord } from './board.js';
import { CORES } from './cores.js';

export const MPS2_AN500: BoardRecord = {
  name: 'qemu-mps2-an500',
  title: 'ARM MPS2 AN500, simulated by QEMU',
  ...CORES['Cortex-M7'],
  interrupts: { lines: [0, 31], stub: [0], coreTimer: 'free' },
  image: 'mps2-an500',
  regions: [
    { name: 'ssram1', addr: 0x0000_0000, sizeBytes: 4 * 1024 * 1024, access: 'rx' },
    { name: 'ssram23', addr: 0x2000_0000, sizeBytes: 4 * 1024 * 1024, access: 'rwx' },
  ],
  heapBytes: 1024 * 1024,
  simulator: { kind: 'qemu', machine: 'mps2-an500' },
  baud: 115_200,
  uart: { kind: 'cmsdk', addr: 0x4000_4000, clockHz: 25_000_000, maxBaud: 460_800 },
  flash: [],
};
