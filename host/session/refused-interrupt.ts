// A call of `bw::on_irq` with a number that the board does not have, or has not for the user, in words. Constants are
// seen to by the compiler (host/compile/board-macros.ts); what is known only on the board traps there.

import type { BoardRecord } from '../../boards/board.js';
import { coreTimerText, interruptRange, STUBS_INTERRUPT } from '../../boards/interrupts.js';
import { FAULT_WORDS } from '../../protocol/messages.js';
import type { Places } from './kept-from-writes.js';

/** In `firmware-stub/support/irq-refuse.c`. */
const REFUSE = 'bw_irq_refuse';

/** The cause of a fault that is such a call; undefined for all others.
 *  @param words of the fault record */
export function refusedInterrupt(words: Uint32Array, board: BoardRecord, places: Places): string | undefined {
  const names: readonly string[] = board.arch === 'rv32' ? FAULT_WORDS.rv32 : FAULT_WORDS.cortexm;
  const [pc, number, why] = (board.arch === 'rv32' ? ['mepc', 'a0', 'a1'] : ['pc', 'r0', 'r1']).map(
    (name) => words[names.indexOf(name)] ?? 0,
  );
  const { interrupts } = board;
  if (interrupts === undefined || places.symbolAt(pc!)?.name !== REFUSE) return undefined;
  switch (why) {
    case 0:
      return `there is no interrupt ${number! | 0}: ${interruptRange(board.name, interrupts)}`;
    case 1:
      return `interrupt ${number! | 0}: ${STUBS_INTERRUPT}`;
    default:
      return coreTimerText(board.name, interrupts);
  }
}
