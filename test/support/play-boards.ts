// Every transcript on some boards. One test file a group of boards, so that groups run side by side.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BoardRecord } from '../../boards/board.js';
import { openSession } from '../../host/session/open.js';
import { lackOf, needsExceptions, parseTranscript, playTranscript } from './transcript.js';

const REPL = join(import.meta.dirname, '../repl');

/** A transcript is dozens of inputs, each with a compiler process of its own: a busy machine takes its time. */
const TIMEOUT_MS = 240_000;

/** Declares the tests.
 *  @param folder of transcripts, in `test/repl`
 *  @param only names of transcripts, if not all are to be played */
export function playOn(boards: readonly BoardRecord[], only?: readonly string[], folder = 'transcripts'): void {
  const wanted = readdirSync(join(REPL, folder))
    .filter((file) => file.endsWith('.txt') && (only?.includes(file) ?? true))
    .map((file) => [file, readFileSync(join(REPL, folder, file), 'utf8')] as const);
  const declare = (board: BoardRecord): void => {
    for (const [file, text] of wanted) {
      const need = lackOf(board, text);
      if (need !== undefined) test.skip(`${file} needs ${need}`, () => {});
    }
    test.each(wanted.filter(([, text]) => lackOf(board, text) === undefined))(
      '%s',
      async (_, text) => {
        const steps = parseTranscript(text, board);
        expect(steps.length).toBeGreaterThan(0);
        const session = await openSession({ board: board.name, compile: { exceptions: needsExceptions(text) } });
        try {
          expect(await playTranscript(session, steps)).toEqual(steps);
        } finally {
          await session.close();
        }
      },
      TIMEOUT_MS,
    );
  };
  // By its bare name, which is what a run for one board asks for.
  for (const board of boards.filter(({ simulator }) => simulator !== undefined))
    describe(`on ${board.name}`, () => declare(board));
}
