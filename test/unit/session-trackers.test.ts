// What a run changed: the list of pages that the MPU gives, and sums where there is none.

import { describe, expect, test } from 'vitest';
import type { LinkSession } from '../../host/link/session.js';
import { intersect, totalBytes } from '../../host/session/address-ranges.js';
import { ArenaImage } from '../../host/session/arena-image.js';
import type { Guard } from '../../host/session/guard.js';
import { PageTracker, SumTracker, sumOf } from '../../host/session/trackers.js';
import type { BatchReply, Op, OpResult } from '../../protocol/batch.js';

const PAGES = 0x2000_0100;
const TAKE = 0x2000_0001;
const TRACKED = { addr: 0x2000_1000, len: 0xe000 };
const HEAP = { addr: 0x2000_8000, len: 0x1000 };
const TOP = 0x2000_7000;
const SUM = { entry: 0x2000_0201, pieces: 0x2000_0300, seed: 0x2000_0500, sums: 0x2000_0504 };

function linkerOf(variables: { addr: number; len: number }[], heap?: typeof HEAP): LinkSession {
  const addresses: Record<string, number> = {
    bw_track_take: TAKE,
    bw_track_pages: PAGES,
    bw_heap_top: TOP,
    bw_sum: SUM.entry,
    bw_sum_pieces: SUM.pieces,
    bw_sum_seed: SUM.seed,
    bw_sums: SUM.sums,
  };
  return {
    heap,
    addressOf: (symbol: string) => (symbol === 'bw_heap_top' && heap === undefined ? undefined : addresses[symbol]),
    variableRanges: () => variables,
    heldRanges: () => [...variables, { addr: 0x2000_0000, len: 16 }],
  } as unknown as LinkSession;
}

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const reply = (results: OpResult[]): BatchReply => ({ status: 'OK', done: results.length, results, failure: {} });
const none = async (): Promise<BatchReply> => {
  throw new Error('nothing is to be asked');
};

describe('pages', () => {
  const tracker = new PageTracker(linkerOf([]), { tracked: TRACKED } as Guard);
  const pass = (execute: (ops: readonly Op[]) => Promise<BatchReply>) => ({
    ops: tracker.ops(),
    written: [],
    image: new ArenaImage(),
    execute,
  });
  const results = (...list: number[]): OpResult[] => [
    { op: 'RUN', value: list[0]!, micros: 1 },
    { op: 'READ', data: words(...list) },
  ];

  test('come with the batch when they are few', async () => {
    expect(tracker.ops()).toEqual([
      { op: 'RUN', entry: TAKE },
      { op: 'READ', addr: PAGES, len: 32 },
    ]);
    const changed = await tracker.changed(results(2, 7, 0x2000_1080, 0x2000_1000, 0, 0, 0, 0), pass(none));
    expect(changed).toEqual([{ addr: 0x2000_1000, len: 256 }]);
    expect(await tracker.changed(results(0, 7, 1, 2, 3, 4, 5, 6), pass(none))).toEqual([]);
  });

  test('are asked for once more when they are many', async () => {
    const pages = Array.from({ length: 9 }, (_, i) => 0x2000_2000 + 512 * i);
    const asked: Op[] = [];
    const changed = await tracker.changed(
      results(9, 8, ...pages.slice(0, 6)),
      pass(async (ops) => {
        asked.push(...ops);
        return reply([{ op: 'READ', data: words(...pages.slice(6)) }]);
      }),
    );
    expect(asked).toEqual([{ op: 'READ', addr: PAGES + 32, len: 12 }]);
    expect(changed).toEqual(pages.map((addr) => ({ addr, len: 256 })));
  });

  test('are asked for when the run did not get there', async () => {
    const asked: Op[] = [];
    const changed = await tracker.changed(
      undefined,
      pass(async (ops) => {
        asked.push(...ops);
        return reply(results(1, 7, 0x2000_1000, 0, 0, 0, 0, 0));
      }),
    );
    expect(asked).toEqual(tracker.ops());
    expect(changed).toEqual([{ addr: 0x2000_1000, len: 128 }]);
  });

  test('of a list that cannot be are all there are', async () => {
    for (const list of [
      [33, 7, 0, 0, 0, 0, 0, 0],
      [1, 0, 0, 0, 0, 0, 0, 0],
      [0xffff_ffff, 0xffff_ffff, 0, 0, 0, 0, 0, 0],
    ]) {
      expect(await tracker.changed(results(...list), pass(none))).toEqual([TRACKED]);
    }
  });
});

describe('sums', () => {
  const variables = [{ addr: 0x2000_4001, len: 600 }];

  test('change with every word, and with the order of words', () => {
    const sum = (...list: number[]): number => sumOf(words(...list), 5);
    const all = [sum(1, 2), sum(2, 1), sum(0, 0), sum(0x8000_0000, 0x8000_0000), sum(1, 2, 0), sum(-1, -1)];
    expect(new Set(all).size).toBe(all.length);
    expect(sumOf(words(1, 2), 6)).not.toBe(sum(1, 2));
  });

  test('of all variables and of the heap in use are compared with the copy', async () => {
    const image = new ArenaImage();
    image.write(TOP, words(HEAP.addr + 100));
    image.write(0x2000_4000, new Uint8Array(604).fill(3));
    const tracker = new SumTracker(linkerOf(variables, HEAP), () => image);
    const ops = tracker.ops();
    const pieces = [
      { addr: 0x2000_4000, len: 256 },
      { addr: 0x2000_4100, len: 256 },
      { addr: 0x2000_4200, len: 92 },
      { addr: HEAP.addr, len: 100 },
    ];
    const [table, seed, ...rest] = ops;
    expect(table).toEqual({
      op: 'WRITE',
      addr: SUM.pieces,
      data: words(4, ...pieces.flatMap(({ addr, len }) => [addr, addr + len])),
    });
    expect(rest).toEqual([
      { op: 'RUN', entry: SUM.entry },
      { op: 'READ', addr: SUM.sums, len: 16 },
      { op: 'READ', addr: TOP, len: 4 },
    ]);
    const start = new DataView((seed as Op & { op: 'WRITE' }).data.buffer).getUint32(0, true);
    const sums = [3, 4, 3, 0].map((value, i) => sumOf(new Uint8Array(pieces[i]!.len).fill(value), start));
    const results: OpResult[] = [
      { op: 'WRITE' },
      { op: 'WRITE' },
      { op: 'RUN', value: 4, micros: 9 },
      { op: 'READ', data: words(...sums) },
      { op: 'READ', data: words(HEAP.addr + 356) },
    ];
    const fresh = { addr: 0x2000_3000, len: 8 };
    const pass = { ops, written: [fresh, { addr: 0x2000_4000, len: 4 }, HEAP], image, execute: none };
    expect(await tracker.changed(results, pass)).toEqual([pieces[1], fresh, { addr: HEAP.addr + 100, len: 256 }]);
  });

  test('of an earlier run are not taken for these', async () => {
    const image = new ArenaImage();
    const tracker = new SumTracker(linkerOf(variables), () => image);
    const old = sumOf(new Uint8Array(256), 1);
    const ops = tracker.ops();
    const results: OpResult[] = [
      ...ops.slice(0, 2).map((): OpResult => ({ op: 'WRITE' })),
      { op: 'RUN', value: 0, micros: 0 },
      { op: 'READ', data: words(old, old, old) },
    ];
    const changed = await tracker.changed(results, { ops, written: [], image, execute: none });
    expect(totalBytes(changed)).toBe(604);
  });

  test('are never more than there is room for', () => {
    const many = Array.from({ length: 90 }, (_, i) => ({ addr: 0x2000_1000 + 64 * i, len: i === 40 ? 20 : 4 }));
    const [table] = new SumTracker(linkerOf(many), () => new ArenaImage()).ops();
    const view = new DataView((table as Op & { op: 'WRITE' }).data.buffer);
    const count = view.getUint32(0, true);
    expect(count).toBeLessThanOrEqual(40);
    const pieces = Array.from({ length: count }, (_, i) => {
      const addr = view.getUint32(4 + 8 * i, true);
      return { addr, len: view.getUint32(8 + 8 * i, true) - addr };
    });
    expect(totalBytes(intersect(many, pieces))).toBe(totalBytes(many));
  });

  test('tell nothing of a run that did not end: all of memory may have changed', async () => {
    const image = new ArenaImage();
    const linker = linkerOf(variables);
    const tracker = new SumTracker(linker, () => image);
    expect(await tracker.changed(undefined, { ops: [], written: [], image, execute: none })).toEqual(
      linker.heldRanges(),
    );
  });
});
