// Which boards a suite runs on. `npm test` plays each suite on the boards that its file names, `npm run conformance` all of
// them on every board. What a board lacks is stated in its record; a suite that needs it is skipped there, under a name that
// says what is lacking.

import { describe, test } from 'vitest';
import { type BoardRecord, ramBytes } from '../../boards/board.js';
import { BOARDS } from '../../boards/index.js';
import { environment } from '../../host/diag/environment.js';

/** Something that a suite needs of a board. */
export interface Need {
  /** Fits behind "needs". */
  readonly words: string;
  readonly isMet: (board: BoardRecord) => boolean;
}

export const SIMULATED: readonly BoardRecord[] = BOARDS.filter(({ simulator }) => simulator !== undefined);

const isCortexM = ({ arch }: BoardRecord): boolean => arch.startsWith('armv');

/** What the record says, as needs. */
export const NEEDS = {
  cortexM: { words: 'a Cortex-M', isMet: isCortexM },
  trapCauses: { words: 'faults told by mcause', isMet: ({ capabilities }) => capabilities.faultStatus === 'mcause' },
  vectorTable: {
    words: 'a vector table that can move (VTOR), and SysTick for the user (interrupts: -1)',
    isMet: ({ cpu, arch, interrupts }) =>
      arch.startsWith('armv') && cpu !== 'cortex-m0' && interrupts?.coreTimer === 'free',
  },
  interrupts: { words: 'interrupts', isMet: ({ interrupts }) => interrupts !== undefined },
  mpu: { words: 'protection by an MPU', isMet: ({ capabilities }) => capabilities.protection.startsWith('mpu') },
  noMpu: {
    words: 'memory of the stub that nothing protects',
    isMet: ({ capabilities }) => !capabilities.protection.startsWith('mpu'),
  },
  bus: { words: 'a bus that refuses what is not there', isMet: ({ capabilities }) => !capabilities.silentBus },
  noThreadLocal: { words: 'relocations that refuse thread_local', isMet: isCortexM },
  stub: { words: 'a stub in C', isMet: ({ arch }) => arch !== 'wasm32' },
  qemu: { words: 'a simulator that is a process', isMet: ({ simulator }) => simulator?.kind === 'qemu' },
} as const satisfies Readonly<Record<string, Need>>;

/** So much RAM.
 *  @param kib of 1,024 bytes */
export const ram = (kib: number): Need => ({
  words: `${kib} KiB of RAM`,
  isMet: (board) => ramBytes(board) >= 1024 * kib,
});

/** The boards to run on: those of `usual`, or in a conformance run all that are asked for.
 *  @param usual names of boards, or 'all' */
export function chosenBoards(usual: readonly string[] | 'all'): readonly BoardRecord[] {
  const wanted = environment().boards ?? usual;
  return SIMULATED.filter(({ name }) => wanted === 'all' || wanted.includes(name));
}

/** Declares a suite on each board. */
export function onBoards(
  usual: readonly string[] | 'all',
  needs: readonly Need[],
  declare: (board: BoardRecord) => void,
): void {
  for (const board of chosenBoards(usual)) {
    const lacking = needs.find(({ isMet }) => !isMet(board));
    describe(`on ${board.name}`, () => {
      if (lacking === undefined) declare(board);
      else test.skip(`needs ${lacking.words}`, () => {});
    });
  }
  // A file without a test is an error.
  if (chosenBoards(usual).length === 0) test.skip('needs another board', () => {});
}
