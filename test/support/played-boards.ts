// Boards of silicon that no simulator knows, but whose image runs on the model of a near relative: the same core, the same
// UART at the same address. What that model lacks (clocks, pins) is in test/stub/port-registers.test.ts.

import type { BoardRecord } from '../../boards/board.js';
import { NUCLEO_F401RE, NUCLEO_F446RE } from '../../boards/real/nucleo.js';

/** The STM32F405 of the Netduino Plus 2 has the USART2 of the Nucleo boards. */
export const PLAYED_BOARDS: readonly BoardRecord[] = [NUCLEO_F401RE, NUCLEO_F446RE].map((board) => ({
  ...board,
  simulator: { kind: 'qemu', machine: 'netduinoplus2', serial: 1 },
}));
