// Stellaris LM3S6965 evaluation board (Cortex-M3), as QEMU models it.
// Source: LM3S6965 data sheet, 2.4 memory map: 256 KiB flash, 64 KiB SRAM.

import type { BoardRecord } from './board.js';
import { CORES } from './cores.js';

export const LM3S6965EVB: BoardRecord = {
  name: 'qemu-lm3s6965evb',
  title: 'Stellaris LM3S6965 evaluation board, simulated by QEMU',
  ...CORES['Cortex-M3'],
  capabilities: { ...CORES['Cortex-M3'].capabilities, silentBus: true },
  interrupts: { lines: [0, 43], stub: [5], coreTimer: 'clock' },
  image: 'lm3s6965evb',
  regions: [
    { name: 'flash', addr: 0x0000_0000, sizeBytes: 256 * 1024, access: 'rx' },
    { name: 'sram', addr: 0x2000_0000, sizeBytes: 64 * 1024, access: 'rwx' },
  ],
  heapBytes: 16 * 1024,
  simulator: { kind: 'qemu', machine: 'lm3s6965evb' },
  baud: 115_200,
  uart: { kind: 'pl011', addr: 0x4000_c000, clockHz: 50_000_000, maxBaud: 921_600 },
  flash: [],
};
