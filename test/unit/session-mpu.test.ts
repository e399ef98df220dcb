// Regions of the MPU as a board would see them: what may be written to, address by address.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseBoundary,
  codeRegions,
  guardedArena,
  type MpuTarget,
  piecesOf,
  trackingRegions,
  WINDOW_REGIONS,
  type WordsV7,
} from '../../host/session/mpu.js';

const LM3S = { ram: { addr: 0x2000_0000, len: 0x1_0000 }, arena: { addr: 0x2000_3710, len: 0xc8f0 } };
const MPS2 = { ram: { addr: 0x2000_0000, len: 0x40_0000 }, arena: { addr: 0x2001_1710, len: 0x3e_e8f0 } };

/** Access to an address by the registers: of the regions that cover it the one with the highest number counts.
 *  Armv7-M manual, B3.5.3. */
function accessAt(words: readonly WordsV7[], addr: number): 'read-only' | 'writable' | 'default' {
  let access: 'read-only' | 'writable' | 'default' = 'default';
  const byNumber = [...words].sort(([a], [b]) => (a & 15) - (b & 15));
  for (const [rbar, rasr] of byNumber) {
    if ((rasr & 1) === 0) continue;
    const size = 2 ** (((rasr >>> 1) & 31) + 1);
    const base = (rbar & ~31) >>> 0;
    expect(base % size).toBe(0);
    if (addr < base || addr >= base + size) continue;
    if (size >= 256 && ((rasr >>> (8 + Math.floor((addr - base) / (size / 8)))) & 1) === 1) continue;
    access = ((rasr >>> 24) & 7) === 6 ? 'read-only' : 'writable';
  }
  return access;
}

function targetOf({ ram, arena }: typeof LM3S): MpuTarget {
  const guarded = guardedArena(ram, arena)!;
  return { ram, arena: guarded, trialAddr: guarded.addr + guarded.len - ram.len / 64 };
}

describe.each([
  ['lm3s6965evb', LM3S],
  ['mps2-an385', MPS2],
])('on %s', (_name, board) => {
  const target = targetOf(board);
  const { ram, arena, trialAddr } = target;
  const end = ram.addr + ram.len;

  test('the guarded arena leaves little out, and ends where it did', () => {
    expect(arena.addr - board.arena.addr).toBeLessThan(ram.len / 64);
    expect(arena.addr + arena.len).toBe(end);
  });

  test('code and constants of statements are read-only, the rest is writable, to the byte', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map(
          (part) => arena.addr + Math.floor((part / 10_000) * (trialAddr - arena.addr)),
        ) as [number, number];
        const boundary = chooseBoundary(target, low, high);
        expect(boundary).toBeLessThanOrEqual(Math.max(high, arena.addr));
        const words = codeRegions(target, boundary, true);
        expect(words.length).toBeLessThanOrEqual(8);
        const at = (addr: number): string => accessAt(words, addr);
        expect(at(ram.addr)).not.toBe('read-only');
        expect(at(arena.addr - 1)).not.toBe('read-only');
        if (boundary > arena.addr) {
          expect(at(arena.addr)).toBe('read-only');
          expect(at(boundary - 1)).toBe('read-only');
        }
        if (boundary < trialAddr) {
          expect(at(boundary)).not.toBe('read-only');
          expect(at(trialAddr - 1)).not.toBe('read-only');
        }
        expect(at(trialAddr)).toBe('read-only');
        expect(at(end - 1)).toBe('read-only');
      }),
    );
  });

  test('all code is covered wherever there is room for a boundary', () => {
    const codeEnd = arena.addr + 5000;
    expect(chooseBoundary(target, codeEnd, trialAddr)).toBeGreaterThanOrEqual(codeEnd);
    const tight = chooseBoundary(target, codeEnd, codeEnd + 1024);
    expect(tight).toBeLessThanOrEqual(codeEnd + 1024);
    expect(tight).toBeGreaterThan(arena.addr);
  });

  test('constants of statements that lie elsewhere are not protected', () => {
    const words = codeRegions(target, arena.addr, false);
    expect(accessAt(words, trialAddr)).toBe('default');
  });

  test('tracking makes the whole arena read-only and leaves windows closed', () => {
    const words = trackingRegions(target);
    for (const addr of [arena.addr, trialAddr, end - 1, arena.addr + (arena.len >> 1)]) {
      expect(accessAt(words, addr)).toBe('read-only');
    }
    expect(accessAt(words, arena.addr - 1)).toBe('writable');
    expect(accessAt(words, ram.addr)).toBe('writable');
    for (const number of WINDOW_REGIONS) expect(words).toContainEqual([16 | number, 0]);
  });
});

test('pieces make up exactly what they are asked for, or nothing', () => {
  fc.assert(
    fc.property(fc.nat(2000), fc.nat(2000), fc.integer({ min: 1, max: 4 }), (a, b, most) => {
      const [from, to] = [32 * Math.min(a, b), 32 * Math.max(a, b)];
      const pieces = piecesOf(from, to, most);
      if (pieces === undefined) return;
      expect(pieces.length).toBeLessThanOrEqual(most);
      const covered = pieces.flatMap(({ addr, log2, leftOut }) =>
        Array.from({ length: 8 }, (_, i) => i)
          .filter((i) => ((leftOut >> i) & 1) === 0)
          .map((i) => [addr + (i * 2 ** log2) / 8, 2 ** log2 / 8] as const),
      );
      let at = from;
      for (const [addr, size] of covered) {
        expect(addr).toBe(at);
        at += size;
      }
      expect(at).toBe(to);
    }),
  );
});

test('RAM at a place that one region cannot cover has no guard', () => {
  expect(guardedArena({ addr: 0x2000_8000, len: 0x1_0000 }, { addr: 0x2000_9000, len: 0x8000 })).toBeUndefined();
});
