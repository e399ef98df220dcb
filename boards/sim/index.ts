// Starts the simulator a board record names.

import { existsSync } from 'node:fs';
import type { BytePort } from '../../protocol/byte-port.js';
import type { BoardRecord } from '../board.js';
import { BoardError } from './errors.js';
import { startQemu } from './qemu.js';
import { startRp2040 } from './rp2040.js';
import { startWasm } from './wasm/port.js';

export { BoardError } from './errors.js';

/** Starts the board's simulator with a stub image (an ELF file) and hands back the line to it.
 *  `close()` of the port ends the simulator.
 *  @throws BoardError BOARD_NO_SIMULATOR, BOARD_IMAGE, BOARD_QEMU_MISSING, BOARD_QEMU_FAILED */
export async function startSimulator(board: BoardRecord, imagePath: string): Promise<BytePort> {
  const { simulator } = board;
  if (simulator === undefined) {
    throw new BoardError('BOARD_NO_SIMULATOR', `${board.name} has no simulator: give its port with --port`, {});
  }
  if (!existsSync(imagePath)) {
    throw new BoardError('BOARD_IMAGE', `${imagePath}: no such stub image; build it: npm run firmware`, { imagePath });
  }
  switch (simulator.kind) {
    case 'qemu':
      return startQemu(board, simulator, imagePath);
    case 'rp2040js':
      return startRp2040(board, imagePath);
    case 'wasm':
      return startWasm(board.name, imagePath);
  }
}
