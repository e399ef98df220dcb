// A call of `bw::on_irq` with a number that the board does not have, or has not for the user, in words. Constants are
// seen to by the compiler (host/compile/board-macros.ts); what is known only on the board traps there.

import type { BoardRecord } from '../../boards/board.js';
import { coreTimerText, interruptRange, STUBS_INTERRUPT } from '../../boards/interrupts.js';
import { FAULT_WORDS } from '../../protocol/messages.js';
import type { Places } from './kept-from-writes.js';

/** In `firmware-stub/support/irq-refuse.c`. */
const REFUSE = 'bw_irq_refuse';

/** On WebAssembly, in `firmware-stub/support/wasm/irq.c`: the number and the reason. */
export const REFUSED = 'bw_irq_refused';

/** Words that tell where the code was, and the two arguments of the call. */
const ARGUMENTS = {
  rv32: ['mepc', 'a0', 'a1'],
  cortexm: ['pc', 'r0', 'r1'],
  wasm32: ['pc'],
} as const;

/** The cause of a fault that is such a call; undefined for all others.
 *  @param words of the fault record
 *  @param kept the number and the reason, where the record has no registers */
export function refusedInterrupt(
  words: Uint32Array,
  board: BoardRecord,
  places: Places,
  kept: Uint32Array | undefined,
): string | undefined {
  const kind = board.arch === 'rv32' || board.arch === 'wasm32' ? board.arch : 'cortexm';
  const names: readonly string[] = FAULT_WORDS[kind];
  const told = ARGUMENTS[kind].map((name) => words[names.indexOf(name)] ?? 0);
  const [pc, number, why] = [...told, ...(kept ?? [])];
  const { interrupts } = board;
  if (interrupts === undefined || number === undefined || places.symbolAt(pc!)?.name !== REFUSE) return undefined;
  switch (why) {
    case 0:
      return `there is no interrupt ${number | 0}: ${interruptRange(board.name, interrupts)}`;
    case 1:
      return `interrupt ${number | 0}: ${STUBS_INTERRUPT}`;
    default:
      return coreTimerText(board.name, interrupts);
  }
}
