// A short soak, seeded; `npm run soak` runs 10,000 steps.

import { expect, test } from 'vitest';
import { playSoak } from './play-soak.js';

test('variables are what a model says after faults, hangs, restarts and power cuts', async () => {
  const report = await playSoak('qemu-mps2-an385', 5, 100);
  expect(report.complaints).toEqual([]);
  expect(report.faults).toBeGreaterThan(2);
  expect(report.hangs).toBeGreaterThan(2);
  expect(report.restarts).toBeGreaterThan(1);
  expect(report.losses).toBeGreaterThan(0);
  expect(report.variables).toBeGreaterThan(10);
}, 120_000);
