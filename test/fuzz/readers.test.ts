// Twenty seconds of damage for each reader of the host; `npm run fuzz` gives each five minutes.

import { expect, it } from 'vitest';
import { fuzzReader, READERS } from './readers.js';

const RUN_MS = 20_000;

it.each(Object.keys(READERS))(
  '%s: damaged input is read or refused with a code, quickly',
  (name) => {
    const report = fuzzReader(READERS[name]!, RUN_MS, 1);
    expect(report.complaints, report.complaints.join('\n')).toEqual([]);
    expect(report.inputs).toBeGreaterThan(500);
    if (name !== 'frame') expect(report.refused).toBeGreaterThan(report.inputs / 100);
  },
  60_000,
);
