// `npm run fuzz:wire [-- FRAMES [SEED]]`: plays sessions over bad lines until so many frames have been on them.

import { buildNativeBoard } from '../stub/native-board.js';
import { playWire, zeroScore } from './play-wire.js';

const frames = Number(process.argv[2] ?? 10_000_000);
let seed = Number(process.argv[3] ?? 1);
const program = buildNativeBoard(false);
const score = zeroScore();
const began = performance.now();
let shown = 0;
try {
  while (score.frames < frames) {
    await playWire(program, seed++, score);
    if (score.frames - shown < frames / 20) continue;
    shown = score.frames;
    console.log(line());
  }
} finally {
  program.remove();
}
console.log(line());
for (const note of score.notes) console.log(note);
process.exit(score.wrongExecutions + score.wrongValues + score.wrongOutputs + score.outputLost === 0 ? 0 : 1);

function line(): string {
  const {
    frames: sent,
    jobs,
    failed,
    wrongExecutions,
    wrongValues,
    wrongOutputs,
    outputLost,
    resent,
    restarts,
  } = score;
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  return `${sent} frames, ${jobs} jobs in ${seconds} s: ${wrongExecutions} wrong executions, ${wrongValues} wrong values, ${wrongOutputs} wrong outputs, ${outputLost} bytes of output lost; ${failed} jobs failed with a reason, ${resent} batches sent again, ${restarts} boards reset; next seed ${seed}`;
}
