// ARM MPS2 with the AN386 FPGA image (Cortex-M4 with floating-point unit), as QEMU models it.
// Source: ARM application note AN386; QEMU docs/system/arm/mps2.rst.

import type { BoardRecord } from './board.js';
import { CORTEX_M4F } from './capabilities.js';

export const MPS2_AN386: BoardRecord = {
  name: 'qemu-mps2-an386',
  title: 'ARM MPS2 AN386, simulated by QEMU',
  core: 'Cortex-M4F',
  arch: 'armv7e-m',
  triple: 'thumbv7em-none-eabihf',
  cpu: 'cortex-m4',
  floatAbi: 'hard',
  multilib: 'thumb/v7e-m+fp/hard',
  libc: 'newlib',
  capabilities: CORTEX_M4F,
  image: 'mps2-an386',
  regions: [
    { name: 'ssram1', addr: 0x0000_0000, sizeBytes: 4 * 1024 * 1024, access: 'rx' },
    { name: 'ssram23', addr: 0x2000_0000, sizeBytes: 4 * 1024 * 1024, access: 'rwx' },
  ],
  heapBytes: 1024 * 1024,
  simulator: { kind: 'qemu', machine: 'mps2-an386' },
  baud: 115_200,
  flash: 'nothing to flash: QEMU starts the image',
};
