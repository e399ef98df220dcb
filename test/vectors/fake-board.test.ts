// The model that the link is tested against is held to the golden sessions, like the stub itself.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../host/diag/package-root.js';
import { VECTOR_BOARD, VECTOR_FUNCTIONS, type VectorSession } from '../../protocol/generate-vectors.js';
import { fromHex, toHex } from '../../protocol/hello.js';
import { FAULT_WORDS } from '../../protocol/messages.js';
import { FakeBoard, type FakeRun } from '../support/fake-board.js';
import { FakeClock } from '../support/fake-clock.js';

function fakeRun(row: (typeof VECTOR_FUNCTIONS)[number]): FakeRun {
  if (row.does === 'return') return { ends: 'return', value: row.value, micros: row.micros };
  if (row.does === 'exit') return { ends: 'exit', value: row.value };
  const words = Uint32Array.from({ length: FAULT_WORDS.cortexm.length }, (_, i) => row.firstWord + i * row.wordStep);
  return { ends: 'fault', record: new Uint8Array(words.buffer) };
}

const FUNCTIONS = new Map(VECTOR_FUNCTIONS.map((row) => [row.entry as number, () => fakeRun(row)]));

const { sessions }: { sessions: VectorSession[] } = JSON.parse(
  readFileSync(join(packageRoot(), 'protocol/vectors/sessions.json'), 'utf8'),
);

describe.each(sessions)('the fake board: $name', ({ steps }) => {
  it('answers as the golden session says', () => {
    const answers: string[] = [];
    const board = new FakeBoard(VECTOR_BOARD, FUNCTIONS, new FakeClock(), (bytes) => answers.push(toHex(bytes)));
    for (const step of steps) {
      board.receive(fromHex(step.send));
      expect(answers.splice(0), step.name).toEqual(step.expect);
    }
  });
});
