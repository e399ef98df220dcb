// The host's picture of the arena, and how it tells whether the board still holds it.

import { describe, expect, test } from 'vitest';
import { ArenaImage, crcOps, differing } from '../../host/session/arena-image.js';
import type { OpResult } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';

const BASE = 0x2000_03f0;

describe('the image of an arena', () => {
  test('holds what was written and filled, in order, across the ends of pages', () => {
    const image = new ArenaImage();
    const bytes = Uint8Array.from({ length: 3000 }, (_, index) => index * 7);
    image.apply([
      { op: 'WRITE', addr: BASE, data: bytes },
      { op: 'FILL', addr: BASE + 1000, len: 1100, value: 9 },
      { op: 'RUN', entry: BASE + 1 },
      { op: 'WRITE', addr: BASE + 1500, data: Uint8Array.of(1, 2) },
    ]);
    const expected = bytes.slice();
    expected.fill(9, 1000, 2100);
    expected.set([1, 2], 1500);
    expect(image.read({ addr: BASE, len: 3000 })).toEqual(expected);
    expect(image.read({ addr: BASE + 1500, len: 2 })).toEqual(Uint8Array.of(1, 2));
  });

  test('is zero where nothing was written, and hands out copies', () => {
    const image = new ArenaImage();
    image.write(BASE, Uint8Array.of(5));
    const copy = image.read({ addr: BASE - 2, len: 4 });
    expect(copy).toEqual(Uint8Array.of(0, 0, 5, 0));
    copy.fill(1);
    expect(image.read({ addr: BASE, len: 1 })).toEqual(Uint8Array.of(5));
  });

  test('names the ranges whose sums on the board are others, and those without an answer', () => {
    const image = new ArenaImage();
    image.write(BASE, Uint8Array.of(1, 2, 3, 4, 5, 6));
    const ranges = [
      { addr: BASE, len: 2 },
      { addr: BASE + 2, len: 2 },
      { addr: BASE + 4, len: 2 },
    ];
    expect(crcOps(ranges)[1]).toEqual({ op: 'CRC', addr: BASE + 2, len: 2 });
    const results: OpResult[] = [
      { op: 'CRC', crc: crc32(Uint8Array.of(1, 2)) },
      { op: 'CRC', crc: 77 },
    ];
    expect(differing(image, ranges, results)).toEqual(ranges.slice(1));
  });
});
