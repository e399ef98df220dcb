// Netduino Plus 2 (STM32F405, Cortex-M4 with floating-point unit), as QEMU models it.
// Source: STM32F405 reference manual RM0090, 2.3 memory map; QEMU docs/system/arm/stm32.rst.

import type { BoardRecord } from './board.js';
import { CORTEX_M4F } from './capabilities.js';

export const NETDUINOPLUS2: BoardRecord = {
  name: 'qemu-netduinoplus2',
  title: 'Netduino Plus 2 (STM32F405), simulated by QEMU',
  core: 'Cortex-M4F',
  arch: 'armv7e-m',
  triple: 'thumbv7em-none-eabihf',
  cpu: 'cortex-m4',
  floatAbi: 'hard',
  multilib: 'thumb/v7e-m+fp/hard',
  libc: 'newlib',
  capabilities: CORTEX_M4F,
  image: 'netduinoplus2',
  regions: [
    { name: 'flash', addr: 0x0800_0000, sizeBytes: 1024 * 1024, access: 'rx' },
    { name: 'sram', addr: 0x2000_0000, sizeBytes: 128 * 1024, access: 'rwx' },
  ],
  heapBytes: 32 * 1024,
  simulator: { kind: 'qemu', machine: 'netduinoplus2' },
  baud: 115_200,
  flash:
    'openocd -f interface/stlink.cfg -f target/stm32f4x.cfg -c "program firmware-stub/build/netduinoplus2.elf verify reset exit"',
};
