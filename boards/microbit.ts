// BBC micro:bit (nRF51822, Cortex-M0), as QEMU models it.
// Source: nRF51822 product specification 3.3, memory: 256 KiB flash, 16 KiB RAM; QEMU docs/system/arm/nrf.rst.

import type { BoardRecord } from './board.js';
import { CORES } from './cores.js';

export const MICROBIT: BoardRecord = {
  name: 'qemu-microbit',
  title: 'BBC micro:bit, simulated by QEMU',
  ...CORES['Cortex-M0'],
  interrupts: { lines: [0, 31], stub: [2], coreTimer: 'none' },
  image: 'microbit',
  regions: [
    { name: 'flash', addr: 0x0000_0000, sizeBytes: 256 * 1024, access: 'rx' },
    { name: 'ram', addr: 0x2000_0000, sizeBytes: 16 * 1024, access: 'rwx' },
  ],
  heapBytes: 2 * 1024,
  simulator: { kind: 'qemu', machine: 'microbit' },
  baud: 115_200,
  flash: [],
};
