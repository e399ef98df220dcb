// What <barewire.h> has to know of a board, as macros: its name, and its interrupts. So a number that does not exist is an error of the
// compiler's, with the user's line, wherever the number is a constant.

import type { BoardRecord } from '../../boards/board.js';
import { coreTimerText, interruptRange, STUBS_INTERRUPT } from '../../boards/interrupts.js';

/** Driver flags. */
export function boardMacros(board: BoardRecord): string[] {
  return [`-D__BW_BOARD=${JSON.stringify(board.name)}`, ...interruptMacros(board)];
}

function interruptMacros(board: BoardRecord): string[] {
  const { interrupts } = board;
  if (interrupts === undefined) return [];
  const { lines, stub, coreTimer } = interrupts;
  const macros = {
    FIRST: lines[0],
    LAST: lines[1],
    STUB: stub.length === 0 ? '-2' : stub.join(','),
    TIMER: Number(coreTimer === 'free'),
    MISSING: JSON.stringify(`there is no such interrupt: ${interruptRange(board.name, interrupts)}`),
    TAKEN: JSON.stringify(`not this interrupt: ${STUBS_INTERRUPT}`),
    NO_TIMER: JSON.stringify(coreTimerText(board.name, interrupts)),
  };
  return Object.entries(macros).map(([name, value]) => `-D__BW_IRQ_${name}=${value}`);
}
