// `npm run soak -- --seed N --count M [--minutes M] [--board NAME]`: 10,000 steps unless told otherwise.

import { parseArgs } from 'node:util';
import { playSoak } from './play-soak.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '600' },
    count: { type: 'string', default: '10000' },
    board: { type: 'string', default: 'qemu-mps2-an385' },
  },
});
const startMs = performance.now();
const report = await playSoak(
  values.board,
  Number(values.seed),
  Number(values.count),
  (done) => console.log(`${done} steps, ${((performance.now() - startMs) / 1000).toFixed(0)} s`),
  startMs + Number(values.minutes) * 60_000,
);
const { inputs, faults, hangs, restarts, losses, longestMs, variables, complaints } = report;
for (const complaint of complaints) console.log(complaint);
console.log(
  `${inputs} steps in ${((performance.now() - startMs) / 1000).toFixed(0)} s: ${faults} faults, ${hangs} hangs, ${restarts} restarts, ` +
    `${losses} of them with the memory lost, the longest over after ${(longestMs / 1000).toFixed(2)} s`,
);
console.log(
  complaints.length === 0 ? `all ${variables} variables are what the model says` : `${complaints.length} complaints`,
);
process.exit(complaints.length === 0 ? 0 : 1);
