// What it takes to take an input back: what was declared before it, and the values of the variables it overwrote.

import type { Op } from '../../protocol/batch.js';
import { BarewireError } from '../diag/error.js';
import type { LinkSession } from '../link/session.js';
import type { AddrRange, Trial } from '../link/types.js';
import type { DeclarationStore } from '../unit/declarations.js';
import { destroyOps } from './destructors.js';
import type { InputRecord } from './input-record.js';
import { type SavedBytes, writeBack } from './plan-batch.js';

/** An input that went well. */
export interface HistoryEntry {
  readonly input: number;
  readonly text: string;
  /** What was declared before it. */
  readonly declarations: DeclarationStore;
  /** Earlier inputs that were compiled again for it, as they were. */
  readonly replaced: readonly InputRecord[];
  /** Values of the variables that it defined again in place. */
  readonly saved: readonly SavedBytes[];
  /** Variables whose objects were destroyed since a new definition replaced them. */
  readonly destroyed: readonly AddrRange[];
}

/** An input that was taken back. */
export interface TakenBack {
  readonly input: number;
  readonly text: string;
}

/** Splits off the last `count` inputs, the last one first.
 *  @throws SESSION_NOTHING_TO_UNDO */
export function takeLast(
  history: readonly HistoryEntry[],
  count: number,
): { undone: HistoryEntry[]; left: readonly HistoryEntry[] } {
  if (count < 1 || count > history.length) {
    const what =
      history.length === 0
        ? 'there is no input to take back'
        : `${count} inputs cannot be taken back, but 1 to ${history.length} can`;
    throw new BarewireError('SESSION_NOTHING_TO_UNDO', what, { count, available: history.length });
  }
  return { undone: history.slice(-count).reverse(), left: history.slice(0, -count) };
}

/** What undoing does on the board: first destructors run, while all is still in place, then memory is restored.
 *  @param undone the last input first */
export function planUndo(
  linker: LinkSession,
  undone: readonly HistoryEntry[],
  flush: number | undefined,
): { destroy: Op[]; restore: Op[] } {
  const from = undone.at(-1)!.input;
  const destroy = destroyOps((symbol) => linker.addressOf(symbol), { low: from, high: 0xffff_ffff, by: 'input' });
  if (destroy.length > 0 && flush !== undefined) destroy.push({ op: 'RUN', entry: flush });
  const patches = linker.undoWrites(from);
  const restore = undone.flatMap(({ input, saved, destroyed }) => [
    ...patches
      .filter((patch) => patch.input === input)
      .map(({ addr, bytes }): Op => ({ op: 'WRITE', addr, data: bytes })),
    ...writeBack(saved, destroyed),
  ]);
  return { destroy, restore };
}

/** Words in saved values that point to what is on trial: undoing would bring them back. */
export function pointersInSaved(history: readonly HistoryEntry[], { low, high }: Trial): number[] {
  const words: number[] = [];
  for (const { saved } of history) {
    for (const { addr, data } of saved) {
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      for (let at = -addr & 3; at + 4 <= data.length; at += 4) {
        const word = view.getUint32(at, true);
        if (word >= low && word <= high) words.push(word);
      }
    }
  }
  return words;
}
