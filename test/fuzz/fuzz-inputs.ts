// `npm run fuzz:inputs -- --seed N --count M [--board NAME]`: a longer run of the grammar fuzzer.

import { parseArgs } from 'node:util';
import { openSession } from '../../host/session/open.js';
import { playInputs } from './play-inputs.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '500' },
    board: { type: 'string', default: 'pico-sim' },
  },
});
const session = await openSession({ board: values.board });
const { worked, failed, complaints } = await playInputs(session, Number(values.seed), Number(values.count));
for (const complaint of complaints) console.log(complaint);
console.log(`${worked} inputs worked, ${failed} failed cleanly, ${complaints.length} complaints`);
await session.close();
process.exit(complaints.length === 0 ? 0 : 1);
