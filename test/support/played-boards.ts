// Boards of silicon that no simulator knows, whose image runs here all the same: on the model of a near relative (the same
// core, the same UART at the same address), or on a model of our own. What those lack (clocks, pins) is in
// test/stub/port-registers.test.ts.

import type { BoardRecord } from '../../boards/board.js';
import { ESP32_C3 } from '../../boards/real/esp32-c3.js';
import { NUCLEO_F401RE } from '../../boards/real/nucleo.js';
import { startSimulator } from '../../boards/sim/index.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { Esp32c3 } from './esp32c3.js';

/** The STM32F405 of the Netduino Plus 2 has the USART2 of the Nucleo boards. */
const ON_NETDUINO: BoardRecord = {
  ...NUCLEO_F401RE,
  simulator: { kind: 'qemu', machine: 'netduinoplus2', serial: 1 },
};

export const PLAYED_BOARDS: readonly BoardRecord[] = [ON_NETDUINO, ESP32_C3];

/** Starts a board with its image, simulated or played. */
export async function startPlayed(board: BoardRecord, imagePath: string): Promise<BytePort> {
  return board.name === ESP32_C3.name ? new Esp32c3(imagePath) : startSimulator(board, imagePath);
}
