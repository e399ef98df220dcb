// A short run of the coverage-guided fuzzer of the stub; `npm run fuzz` does it for minutes.

import { expect, it } from 'vitest';
import { fuzzStub } from './stub-fuzzer.js';

it('whatever comes off the line, the core reads and writes nothing outside, and its state holds together', async () => {
  const report = await fuzzStub(20, 1);
  const culprit = report.culprit === undefined ? '' : Buffer.from(report.culprit).toString('hex');
  expect(report.ok, `${report.words}\n${culprit}`).toBe(true);
  expect(report.runs).toBeGreaterThan(1000);
}, 180_000);
