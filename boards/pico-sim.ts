// Raspberry Pi Pico (RP2040, Cortex-M0+), simulated in-process by rp2040js.
// Source: RP2040 data sheet, 2.2 address map.

import type { BoardRecord } from './board.js';
import { CORTEX_M0 } from './capabilities.js';

export const PICO_SIM: BoardRecord = {
  name: 'pico-sim',
  title: 'Raspberry Pi Pico, simulated in-process by rp2040js',
  core: 'Cortex-M0+',
  arch: 'armv6-m',
  triple: 'thumbv6m-none-eabi',
  cpu: 'cortex-m0plus',
  floatAbi: 'soft',
  multilib: 'thumb/v6-m/nofp',
  libc: 'newlib',
  capabilities: { ...CORTEX_M0, protection: 'mpu' },
  image: 'pico',
  regions: [
    { name: 'flash', addr: 0x1000_0000, sizeBytes: 2 * 1024 * 1024, access: 'rx' },
    { name: 'sram', addr: 0x2000_0000, sizeBytes: 264 * 1024, access: 'rwx' },
  ],
  heapBytes: 64 * 1024,
  simulator: { kind: 'rp2040js' },
  baud: 115_200,
  flash: 'nothing to flash: the simulator starts the image',
};
