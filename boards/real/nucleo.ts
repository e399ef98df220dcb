// ST Nucleo-64 boards, whose ST-LINK is their serial port and a drive.
// Source: reference manuals RM0368 (F401) and RM0390 (F446), memory map and vector tables; ST UM1724; the codes on the drive are mbed's.

import type { BoardRecord } from '../board.js';
import { CORES } from '../cores.js';
import { openocd, probeRs } from './flash-ways.js';

function nucleo(chip: string, sramBytes: number, code: string, lastInterrupt: number): BoardRecord {
  const name = `nucleo-${chip.toLowerCase()}`;
  return {
    name,
    title: `ST Nucleo-${chip}, its ST-LINK's USB port`,
    ...CORES['Cortex-M4F'],
    interrupts: { lines: [0, lastInterrupt], stub: [38], coreTimer: 'clock' },
    image: name,
    regions: [
      { name: 'flash', addr: 0x0800_0000, sizeBytes: 512 * 1024, access: 'rx' },
      { name: 'sram', addr: 0x2000_0000, sizeBytes: sramBytes, access: 'rwx' },
    ],
    heapBytes: 32 * 1024,
    simulator: undefined,
    baud: 115_200,
    uart: { kind: 'stm32-usart', addr: 0x4000_4400, clockHz: 42_000_000, maxBaud: 921_600 },
    flash: [
      { way: 'drive', format: 'bin', marker: 'MBED.HTM', says: `code=${code}`, hint: 'plug its ST-LINK in' },
      openocd('board/st_nucleo_f4.cfg'),
      probeRs(`STM32${chip}Tx`),
    ],
  };
}

export const NUCLEO_F401RE = nucleo('F401RE', 96 * 1024, '0720', 84);
export const NUCLEO_F446RE = nucleo('F446RE', 128 * 1024, '0777', 96);
