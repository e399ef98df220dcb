// Finding and mending differences between a board's memory and a copy of it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { intersect, normalise, subtract, totalBytes } from '../../host/session/address-ranges.js';
import { ArenaImage } from '../../host/session/arena-image.js';
import { findDifferences, firstStep, pull, push } from '../../host/session/compare-memory.js';
import type { BatchReply, Op, OpResult } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';

const BASE = 0x2000_0000;
const SIZE = 8192;

/** A board that does CRC, READ and WRITE, and counts what passes. */
class Memory {
  readonly bytes = new Uint8Array(SIZE);
  readonly seen: Op[] = [];

  readonly execute = async (ops: readonly Op[]): Promise<BatchReply> => {
    this.seen.push(...ops);
    const results = ops.map((each): OpResult => {
      if (each.op === 'WRITE') {
        this.bytes.set(each.data, each.addr - BASE);
        return { op: 'WRITE' };
      }
      if (each.op !== 'CRC' && each.op !== 'READ') throw new Error(`no ${each.op} here`);
      const data = this.bytes.slice(each.addr - BASE, each.addr - BASE + each.len);
      return each.op === 'CRC' ? { op: 'CRC', crc: crc32(data) } : { op: 'READ', data };
    });
    return { status: 'OK', done: ops.length, results, failure: {} };
  };

  moved(op: 'READ' | 'WRITE'): number {
    return this.seen.reduce((sum, each) => {
      if (each.op !== op) return sum;
      return sum + (each.op === 'READ' ? each.len : each.op === 'WRITE' ? each.data.length : 0);
    }, 0);
  }
}

const ALL = [{ addr: BASE, len: SIZE }];

describe('a comparison', () => {
  test('finds every byte that differs, and names little else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(SIZE - 1), { maxLength: 12 }), async (places) => {
        const memory = new Memory();
        for (const at of places) memory.bytes[at] = 1 + (at % 250);
        const found = await findDifferences(memory.execute, new ArenaImage(), ALL);
        for (const at of places)
          expect(found.some(({ addr, len }) => BASE + at >= addr && BASE + at < addr + len)).toBe(true);
        expect(totalBytes(found)).toBeLessThanOrEqual(64 * places.length);
      }),
      { numRuns: 60 },
    );
  });

  test('keeps to the ranges it is given', async () => {
    const memory = new Memory();
    memory.bytes.fill(7);
    const ranges = [
      { addr: BASE + 10, len: 300 },
      { addr: BASE + 4000, len: 1 },
    ];
    const found = await findDifferences(memory.execute, new ArenaImage(), ranges);
    expect(normalise(found)).toEqual(ranges);
  });

  test('of equal memory costs sums alone, about as many however much it is', async () => {
    const memory = new Memory();
    expect(await pull(memory.execute, new ArenaImage(), ALL)).toBe(0);
    expect(memory.seen.every(({ op }) => op === 'CRC')).toBe(true);
    expect(memory.seen.length).toBeLessThanOrEqual(33);
    expect(firstStep(1 << 20)).toBe(32_768);
    expect(firstStep(100)).toBe(256);
  });

  test('a few bytes are read without being summed first', async () => {
    const memory = new Memory();
    memory.bytes[100] = 9;
    const image = new ArenaImage();
    expect(await pull(memory.execute, image, [{ addr: BASE + 90, len: 128 }])).toBe(128);
    expect(memory.seen.map(({ op }) => op)).toEqual(['READ']);
    expect(image.read({ addr: BASE + 100, len: 1 })).toEqual(Uint8Array.of(9));
  });
});

test('what is pulled into a copy can be pushed back over whatever came later', async () => {
  const memory = new Memory();
  memory.bytes.forEach((_, i) => {
    memory.bytes[i] = i * 7;
  });
  const image = new ArenaImage();
  await pull(memory.execute, image, ALL);
  const before = memory.bytes.slice();
  memory.bytes.fill(0, 1000, 1100);
  memory.bytes[8000] = 3;
  const bytes = await push(memory.execute, image, ALL);
  expect(memory.bytes).toEqual(before);
  expect(bytes).toBeLessThanOrEqual(4 * 64);
  expect(memory.moved('WRITE')).toBe(bytes);
});

test('a board that refuses to be compared is a bug, and says which operation it was', async () => {
  const refuse = async (): Promise<BatchReply> => ({ status: 'REFUSED', done: 0, results: [], failure: {} });
  await expect(pull(refuse, new ArenaImage(), ALL)).rejects.toMatchObject({
    code: 'SESSION_BAD_BATCH',
    message: expect.stringContaining('the board answered REFUSED to operation 1 of a comparison'),
  });
});

test('copies share pages and go their own ways', () => {
  const image = new ArenaImage();
  image.write(BASE, Uint8Array.of(1, 2, 3));
  const copy = image.clone();
  const third = copy.clone();
  image.write(BASE + 1, Uint8Array.of(9));
  copy.write(BASE + 2, Uint8Array.of(8));
  const read = (each: ArenaImage): number[] => [...each.read({ addr: BASE, len: 3 })];
  expect([image, copy, third].map(read)).toEqual([
    [1, 9, 3],
    [1, 2, 8],
    [1, 2, 3],
  ]);
});

test('ranges are sets of addresses', () => {
  const range = fc.record({ addr: fc.nat(60), len: fc.nat(12) });
  const members = (ranges: readonly { addr: number; len: number }[]): number[] => {
    const all = new Set(ranges.flatMap(({ addr, len }) => Array.from({ length: len }, (_, i) => addr + i)));
    return [...all].sort((a, b) => a - b);
  };
  fc.assert(
    fc.property(fc.array(range, { maxLength: 6 }), fc.array(range, { maxLength: 6 }), (a, b) => {
      const [left, right] = [members(a), members(b)];
      expect(members(normalise(a))).toEqual(left);
      expect(totalBytes(normalise(a))).toBe(left.length);
      expect(members(intersect(a, b))).toEqual(left.filter((each) => right.includes(each)));
      expect(members(subtract(a, b))).toEqual(left.filter((each) => !right.includes(each)));
      expect(totalBytes(subtract(a, b))).toBe(members(subtract(a, b)).length);
    }),
  );
});
