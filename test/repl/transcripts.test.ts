// Every transcript, on every simulated board.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BOARDS } from '../../boards/index.js';
import { openSession } from '../../host/session/open.js';
import { isFit, parseTranscript, playTranscript } from '../support/transcript.js';

const FOLDER = join(import.meta.dirname, 'transcripts');

/** A transcript is dozens of inputs, each with a compiler process of its own: a busy machine takes its time. */
const TIMEOUT_MS = 240_000;

const TRANSCRIPTS = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.txt'))
  .map((file) => [file, readFileSync(join(FOLDER, file), 'utf8')] as const);

describe.each(BOARDS.filter((board) => board.simulator !== undefined))('on $name', (board) => {
  test.each(TRANSCRIPTS.filter(([, text]) => isFit(board, text)))(
    '%s',
    async (_, text) => {
      const steps = parseTranscript(text);
      expect(steps.length).toBeGreaterThan(0);
      const session = await openSession({ board: board.name });
      try {
        expect(await playTranscript(session, steps)).toEqual(steps);
      } finally {
        await session.close();
      }
    },
    TIMEOUT_MS,
  );
});
