// Netduino Plus 2 (STM32F405, Cortex-M4 with floating-point unit), as QEMU models it.
// Source: STM32F405 reference manual RM0090, 2.3 memory map; QEMU docs/system/arm/stm32.rst.

import type { BoardRecord } from './board.js';
import { CORES } from './cores.js';

export const NETDUINOPLUS2: BoardRecord = {
  name: 'qemu-netduinoplus2',
  title: 'Netduino Plus 2 (STM32F405), simulated by QEMU',
  ...CORES['Cortex-M4F'],
  interrupts: { lines: [0, 81], stub: [37], coreTimer: 'clock' },
  image: 'netduinoplus2',
  regions: [
    { name: 'flash', addr: 0x0800_0000, sizeBytes: 1024 * 1024, access: 'rx' },
    { name: 'sram', addr: 0x2000_0000, sizeBytes: 128 * 1024, access: 'rwx' },
  ],
  heapBytes: 32 * 1024,
  simulator: { kind: 'qemu', machine: 'netduinoplus2' },
  baud: 115_200,
  uart: { kind: 'stm32-usart', addr: 0x4001_1000, clockHz: 84_000_000, maxBaud: 921_600 },
  flash: [],
};
