// ESP32-C3, with the stub in RAM: it is loaded by the boot ROM after each reset, and flash is left as it is.
// Source: ESP32-C3 Technical Reference Manual, 3.3 address mapping.

import type { BoardRecord } from '../board.js';
import { CORES } from '../cores.js';

export const ESP32_C3: BoardRecord = {
  name: 'esp32-c3',
  title: 'ESP32-C3 from RAM (8 KiB of it for code and data), UART0',
  ...CORES.RV32IMC,
  image: 'esp32-c3',
  regions: [
    { name: 'iram', addr: 0x4038_a000, sizeBytes: 8 * 1024, access: 'rx' },
    { name: 'dram', addr: 0x3fc8_0000, sizeBytes: 40 * 1024, access: 'rw' },
    { name: 'rtc', addr: 0x5000_0000, sizeBytes: 8 * 1024, access: 'rwx' },
  ],
  heapBytes: 1024,
  simulator: undefined,
  baud: 115_200,
  flash: [
    {
      way: 'program',
      program: 'esptool',
      runs: [['--chip', 'esp32c3', '--port', '{port}', '--no-stub', 'load_ram', '{esp}']],
    },
  ],
};
