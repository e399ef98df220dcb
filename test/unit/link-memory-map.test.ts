// The map of the arena under any sequence of allocations and releases.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allocateHigh, allocateLow, emptyMap, freeBytes, largestHole, release } from '../../host/link/memory-map.js';

const BASE = 0x2000_0000;
const SIZE = 4096;

test('takes the lowest place that fits from below, the highest from above', () => {
  const map = emptyMap(BASE, SIZE);
  const low = allocateLow(map, 10, 4)!;
  expect(low.addr).toBe(BASE);
  expect(allocateLow(low.map, 10, 8)!.addr).toBe(BASE + 16);
  expect(allocateHigh(map, 10, 8)!.addr).toBe(BASE + SIZE - 16);
  expect(allocateLow(map, SIZE + 1, 1)).toBeUndefined();
});

test('fills a freed hole before it takes new memory', () => {
  const first = allocateLow(emptyMap(BASE, SIZE), 100, 4)!;
  const second = allocateLow(first.map, 100, 4)!;
  const freed = release(second.map, first.addr, 100);
  expect(allocateLow(freed, 60, 4)!.addr).toBe(BASE);
  expect(allocateLow(freed, 101, 4)!.addr).toBe(second.addr + 100);
});

test('never gives a byte twice, and is whole again when all is released', () => {
  const action = fc.record({
    high: fc.boolean(),
    sizeBytes: fc.integer({ min: 1, max: 600 }),
    align: fc.constantFrom(1, 2, 4, 8, 16),
    drop: fc.option(fc.nat()),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      let map = emptyMap(BASE, SIZE);
      const owned: { addr: number; sizeBytes: number }[] = [];
      for (const { high, sizeBytes, align, drop } of actions) {
        if (drop !== null && owned.length > 0) {
          const [gone] = owned.splice(drop % owned.length, 1);
          map = release(map, gone!.addr, gone!.sizeBytes);
        }
        const got = (high ? allocateHigh : allocateLow)(map, sizeBytes, align);
        if (got === undefined) {
          expect(largestHole(map)).toBeLessThan(sizeBytes + align);
          continue;
        }
        expect(got.addr % align).toBe(0);
        expect(got.addr).toBeGreaterThanOrEqual(BASE);
        expect(got.addr + sizeBytes).toBeLessThanOrEqual(BASE + SIZE);
        for (const other of owned) {
          expect(got.addr + sizeBytes <= other.addr || other.addr + other.sizeBytes <= got.addr).toBe(true);
        }
        owned.push({ addr: got.addr, sizeBytes });
        map = got.map;
        expect(freeBytes(map)).toBe(SIZE - owned.reduce((sum, { sizeBytes: bytes }) => sum + bytes, 0));
      }
      for (const { addr, sizeBytes } of owned) map = release(map, addr, sizeBytes);
      expect(map).toEqual(emptyMap(BASE, SIZE));
    }),
    { seed: 7, numRuns: 300 },
  );
});
