// What a run changed: the list of pages that the MPU gives, and sums where there is none.

import { describe, expect, test } from 'vitest';
import type { LinkSession } from '../../host/link/session.js';
import { ArenaImage } from '../../host/session/arena-image.js';
import type { Guard } from '../../host/session/guard.js';
import { PageTracker, SumTracker } from '../../host/session/trackers.js';
import type { BatchReply, Op, OpResult } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';

const PAGES = 0x2000_0100;
const TAKE = 0x2000_0001;
const TRACKED = { addr: 0x2000_1000, len: 0xe000 };
const HEAP = { addr: 0x2000_8000, len: 0x1000 };
const TOP = 0x2000_7000;

function linkerOf(variables: { addr: number; len: number }[], heap?: typeof HEAP): LinkSession {
  const addresses: Record<string, number> = { bw_track_take: TAKE, bw_track_pages: PAGES, bw_heap_top: TOP };
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
  const variables = [{ addr: 0x2000_4000, len: 600 }];

  test('of all variables and of the heap in use are compared with the copy', async () => {
    const image = new ArenaImage();
    image.write(TOP, words(HEAP.addr + 100));
    image.write(0x2000_4000, new Uint8Array(600).fill(3));
    const tracker = new SumTracker(linkerOf(variables, HEAP), () => image);
    const ops = tracker.ops();
    expect(ops).toEqual([
      { op: 'CRC', addr: 0x2000_4000, len: 256 },
      { op: 'CRC', addr: 0x2000_4100, len: 256 },
      { op: 'CRC', addr: 0x2000_4200, len: 88 },
      { op: 'CRC', addr: HEAP.addr, len: 100 },
      { op: 'READ', addr: TOP, len: 4 },
    ]);
    const sums: OpResult[] = [3, 4, 3].map((value, i) => ({
      op: 'CRC',
      crc: crc32(new Uint8Array(i === 2 ? 88 : 256).fill(value)),
    }));
    sums.push({ op: 'CRC', crc: crc32(new Uint8Array(100)) }, { op: 'READ', data: words(HEAP.addr + 356) });
    const fresh = { addr: 0x2000_3000, len: 8 };
    const pass = { ops, written: [fresh, { addr: 0x2000_4000, len: 4 }, HEAP], image, execute: none };
    expect(await tracker.changed(sums, pass)).toEqual([ops[1], fresh, { addr: HEAP.addr + 100, len: 256 }]);
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
