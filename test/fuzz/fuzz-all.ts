// `npm run fuzz [-- --seconds N --seed N --corpus]`: five minutes for the stub's core and for each reader of the host.
// `--corpus` adds what the stub's fuzzer found to the corpus in the repository, made as small as it can be.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzzReader, READERS } from './readers.js';
import { fuzzStub, mergeCorpus } from './stub-fuzzer.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    corpus: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
let failed = false;

const keep = mkdtempSync(join(tmpdir(), 'barewire-corpus-'));
try {
  const stub = await fuzzStub(seconds, seed, keep);
  console.log(`stub: ${stub.runs} inputs, ${stub.ok ? 'no complaint' : 'FAILED'}`);
  if (!stub.ok) {
    failed = true;
    console.log(stub.words);
    if (stub.culprit !== undefined) console.log(`input: ${Buffer.from(stub.culprit).toString('hex')}`);
  }
  if (values.corpus && stub.ok) mergeCorpus(keep);
} finally {
  rmSync(keep, { recursive: true, force: true });
}
for (const [name, target] of Object.entries(READERS)) {
  const { inputs, refused, slowestMs, complaints } = await fuzzReader(target, seconds * 1000, seed);
  console.log(
    `${name}: ${inputs} inputs, ${refused} refused with a code, slowest ${slowestMs.toFixed(1)} ms, ${complaints.length} complaints`,
  );
  for (const complaint of complaints) console.log(complaint);
  failed ||= complaints.length > 0;
}
process.exit(failed ? 1 : 0);
