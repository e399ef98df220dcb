// Raspberry Pi Pico (RP2040, Cortex-M0+), simulated in-process by rp2040js.
// Source: RP2040 data sheet, 2.2 address map.

import type { BoardRecord } from './board.js';
import { CORES } from './cores.js';

export const PICO_SIM: BoardRecord = {
  name: 'pico-sim',
  title: 'Raspberry Pi Pico, simulated in-process by rp2040js',
  ...CORES['Cortex-M0+'],
  interrupts: { lines: [0, 25], stub: [0, 20], coreTimer: 'free' },
  image: 'pico',
  regions: [
    { name: 'flash', addr: 0x1000_0000, sizeBytes: 2 * 1024 * 1024, access: 'rx' },
    { name: 'sram', addr: 0x2000_0000, sizeBytes: 264 * 1024, access: 'rwx' },
  ],
  heapBytes: 64 * 1024,
  simulator: { kind: 'rp2040js' },
  baud: 115_200,
  uart: { kind: 'pl011', addr: 0x4003_4000, clockHz: 125_000_000, maxBaud: 921_600 },
  flash: [],
};
