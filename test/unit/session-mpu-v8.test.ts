// Regions of the MPU of Armv8-M as a board would see them: never two at one address, and what may be written to.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MpuTarget } from '../../host/session/mpu.js';
import { chooseBoundaryV8, codeRegionsV8, guardedArenaV8, type WordsV8 } from '../../host/session/mpu-v8.js';

const RAM = { addr: 0x3800_0000, len: 0x40_0000 };
const OPEN = 0x3801_1400;
const ARENA = guardedArenaV8({ addr: 0x3801_1710, len: 0x3e_e8f0 });
const TARGET: MpuTarget = { ram: RAM, arena: ARENA, trialAddr: ARENA.addr + ARENA.len - 0x1_0000 };
const END = ARENA.addr + ARENA.len;

/** Access to an address by the registers; Armv8-M manual, B8: more than one region is a fault. */
function accessAt(words: readonly WordsV8[], addr: number): 'read-only' | 'writable' | 'none' {
  const hits = words.filter(([, base, limit]) => {
    const isOn = (limit & 1) === 1;
    return isOn && addr >= (base & ~31) >>> 0 && addr <= (limit | 31) >>> 0;
  });
  expect(hits.length).toBeLessThanOrEqual(1);
  const [hit] = hits;
  return hit === undefined ? 'none' : ((hit[1] >> 1) & 3) === 2 ? 'read-only' : 'writable';
}

test('code and constants of statements are read-only, the rest is writable, to the byte', () => {
  fc.assert(
    fc.property(
      fc.nat(TARGET.trialAddr - ARENA.addr),
      fc.nat(TARGET.trialAddr - ARENA.addr),
      fc.boolean(),
      (a, b, trials) => {
        const [codeEnd, writableAddr] = [ARENA.addr + Math.min(a, b), ARENA.addr + Math.max(a, b)];
        const boundary = chooseBoundaryV8(TARGET, codeEnd, writableAddr);
        expect(boundary).toBeLessThanOrEqual(writableAddr);
        expect(boundary).toBeGreaterThan(codeEnd - 32);
        const words = codeRegionsV8(TARGET, OPEN, boundary, trials);
        expect(new Set(words.map(([number]) => number))).toEqual(new Set([2, 4, 5, 6, 7]));
        const at = (addr: number): string => accessAt(words, addr);
        expect(at(OPEN)).toBe('writable');
        expect(at(ARENA.addr - 1)).toBe('writable');
        if (boundary > ARENA.addr) {
          expect(at(ARENA.addr)).toBe('read-only');
          expect(at(boundary - 1)).toBe('read-only');
        }
        if (boundary < TARGET.trialAddr) {
          expect(at(boundary)).toBe('writable');
          expect(at(TARGET.trialAddr - 1)).toBe('writable');
        }
        expect(at(TARGET.trialAddr)).toBe(trials ? 'read-only' : 'writable');
        expect(at(END - 1)).toBe(trials ? 'read-only' : 'writable');
        expect(at(END)).toBe('writable');
        expect(at(0x3fff_ffff)).toBe('writable');
        expect(at(OPEN - 1)).toBe('none');
      },
    ),
  );
});

test('the arena begins where a region can', () => {
  expect(ARENA).toEqual({ addr: 0x3801_1720, len: 0x3e_e8e0 });
});
