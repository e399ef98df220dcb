// Arduino Due (SAM3X8E). Source: SAM3X data sheet (Atmel 11057), 7 memories, 9 peripheral identifiers.

import type { BoardRecord } from '../board.js';
import { CORES } from '../cores.js';
import { openocd } from './flash-ways.js';

export const ARDUINO_DUE: BoardRecord = {
  name: 'arduino-due',
  title: 'Arduino Due (SAM3X8E), its programming port',
  ...CORES['Cortex-M3'],
  interrupts: { lines: [0, 44], stub: [8], coreTimer: 'clock' },
  image: 'arduino-due',
  regions: [
    { name: 'flash', addr: 0x0008_0000, sizeBytes: 512 * 1024, access: 'rx' },
    { name: 'sram0', addr: 0x2000_0000, sizeBytes: 64 * 1024, access: 'rwx' },
    { name: 'sram1', addr: 0x2008_0000, sizeBytes: 32 * 1024, access: 'rw' },
  ],
  heapBytes: 16 * 1024,
  simulator: undefined,
  baud: 115_200,
  flash: [
    {
      way: 'program',
      program: 'bossac',
      runs: [
        ['--port={port}', '--usb-port=0', '--arduino-erase', '--write', '--verify', '--boot=1', '--reset', '{bin}'],
      ],
    },
    openocd('interface/cmsis-dap.cfg', 'target/at91sam3ax_8x.cfg'),
  ],
};
