// Twenty seconds of damage for each reader of the host, side by side; `npm run fuzz` gives each five minutes.

import { beforeAll, expect, it } from 'vitest';
import { fuzzReaders } from './reader-threads.js';
import { READERS, type ReaderReport } from './readers.js';

const RUN_MS = 20_000;

let reports: ReadonlyMap<string, ReaderReport>;
beforeAll(async () => {
  reports = await fuzzReaders(RUN_MS, 1);
}, 3 * RUN_MS);

it.each(Object.keys(READERS))('%s: damaged input is read or refused with a code, quickly', (name) => {
  const report = reports.get(name)!;
  expect(report.complaints, report.complaints.join('\n')).toEqual([]);
  expect(report.inputs).toBeGreaterThan(500);
  if (name !== 'frame') expect(report.refused).toBeGreaterThan(report.inputs / 100);
});
