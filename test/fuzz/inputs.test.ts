// A short run of the grammar fuzzer, with a seed of its own each; `npm run fuzz:inputs` runs longer.

import { expect, test } from 'vitest';
import { openSession } from '../../host/session/open.js';
import { playInputs } from './play-inputs.js';

const LIMIT_MS = 8000;

test.each([11, 12])('every input of seed %i works or fails cleanly', async (seed) => {
  const session = await openSession({ board: 'pico-sim' });
  try {
    const report = await playInputs(session, seed, 400, performance.now() + LIMIT_MS);
    expect(report.complaints).toEqual([]);
    expect(report.worked).toBeGreaterThan(10);
    expect(report.failed).toBeGreaterThan(3);
  } finally {
    await session.close();
  }
});
