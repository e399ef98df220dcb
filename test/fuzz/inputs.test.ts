// A short run of the grammar fuzzer, with a seed of its own each; `npm run fuzz:inputs` runs longer.

import { expect, test } from 'vitest';
import { openSession } from '../../host/session/open.js';
import { playInputs } from './play-inputs.js';

/** A count and not a time: the same inputs on every machine. */
const INPUTS = 80;

test.each([11, 12])(
  'every input of seed %i works or fails cleanly',
  async (seed) => {
    const session = await openSession({ board: 'pico-sim' });
    try {
      const report = await playInputs(session, seed, INPUTS);
      expect(report.complaints).toEqual([]);
      expect(report.worked).toBeGreaterThan(10);
      expect(report.failed).toBeGreaterThan(3);
    } finally {
      await session.close();
    }
  },
  180_000,
);
