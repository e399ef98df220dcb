// A short run of `npm run fuzz:wire`, with sanitizers: the long one is by hand.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildNativeBoard, type NativeProgram } from '../stub/native-board.js';
import { playWire, zeroScore } from './play-wire.js';

let program: NativeProgram;
beforeAll(() => {
  program = buildNativeBoard(true);
}, 120_000);
afterAll(() => program?.remove());

it('a HELLO that a batch of the new sequence overtakes does not begin that sequence again', async () => {
  const score = zeroScore();
  await playWire(program, 12_840, score);
  expect(score).toMatchObject({ failed: 0, wrongExecutions: 0, wrongValues: 0, wrongOutputs: 0, outputLost: 0 });
});

it('over bad lines nothing is run twice, no value is wrong and no output is lost', async () => {
  const score = zeroScore();
  for (let seed = 1; score.frames < 60_000; seed++) await playWire(program, seed, score);
  const wrong = { wrongExecutions: 0, wrongValues: 0, wrongOutputs: 0, outputLost: 0 };
  expect(score, score.notes.join('\n')).toMatchObject(wrong);
  // The lines must have been bad, and the link must have lived with nearly all of it.
  expect(score.resent).toBeGreaterThan(score.jobs / 10);
  expect(score.failed).toBeLessThan(score.jobs / 100);
}, 300_000);
