// ARM MPS2 with the AN505 FPGA image (Cortex-M33), as QEMU models it. All is Secure: the stub does not leave that state.
// Source: ARM application note AN505; QEMU docs/system/arm/mps2.rst.

import type { BoardRecord } from './board.js';
import { CORES } from './cores.js';

export const MPS2_AN505: BoardRecord = {
  name: 'qemu-mps2-an505',
  title: 'ARM MPS2 AN505, simulated by QEMU',
  ...CORES['Cortex-M33'],
  interrupts: { lines: [0, 123], stub: [32], coreTimer: 'free' },
  image: 'mps2-an505',
  regions: [
    { name: 'ssram1', addr: 0x1000_0000, sizeBytes: 4 * 1024 * 1024, access: 'rx' },
    { name: 'ssram23', addr: 0x3800_0000, sizeBytes: 4 * 1024 * 1024, access: 'rwx' },
  ],
  heapBytes: 1024 * 1024,
  simulator: { kind: 'qemu', machine: 'mps2-an505' },
  baud: 115_200,
  uart: { kind: 'cmsdk', addr: 0x5020_0000, clockHz: 20_000_000, maxBaud: 460_800 },
  flash: [],
};
