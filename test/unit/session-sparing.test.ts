// What the board holds already is not sent again, and a board that holds something else gets all of it.

import { beforeEach, describe, expect, test } from 'vitest';
import { ArenaImage } from '../../host/session/arena-image.js';
import { Sparing } from '../../host/session/sparing.js';
import type { BatchReply, Op, OpResult } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';

const BASE = 0x2000_0000;
const bytes = (length: number, seed = 1) => Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) + seed) & 0xff);

/** A board's memory, and what it was asked to do. */
class Memory {
  readonly bytes = new Uint8Array(64 * 1024);
  readonly lists: (readonly Op[])[] = [];
  /** Status with which the next RUN ends. */
  runStatus: BatchReply['status'] = 'OK';
  onRun: () => void = () => {};

  readonly execute = async (ops: readonly Op[]): Promise<BatchReply> => {
    this.lists.push(ops);
    const results: OpResult[] = [];
    for (const op of ops) {
      const status = this.#do(op, results);
      if (status !== 'OK') return { status, done: results.length, results, failure: {} };
    }
    return { status: 'OK', done: results.length, results, failure: {} };
  };

  #do(op: Op, results: OpResult[]): BatchReply['status'] {
    if (op.op === 'RUN') {
      if (this.runStatus !== 'OK') return this.runStatus;
      this.onRun();
      results.push({ op: 'RUN', value: 7, micros: 1 });
      return 'OK';
    }
    const at = op.addr - BASE;
    const there = this.bytes.subarray(at, at + ('len' in op ? op.len : 0));
    if (op.op === 'WRITE') this.bytes.set(op.data, at);
    if (op.op === 'FILL') there.fill(op.value);
    if (op.op === 'CHECK' && crc32(there) !== op.crc) return 'MISMATCH';
    if (op.op === 'READ') results.push({ op: 'READ', data: there.slice() });
    else if (op.op === 'CRC') results.push({ op: 'CRC', crc: crc32(there) });
    else results.push({ op: op.op } as OpResult);
    return 'OK';
  }

  /** Bytes that the newest list writes. */
  get written(): number {
    return this.lists.at(-1)!.reduce((sum, op) => sum + (op.op === 'WRITE' ? op.data.length : 0), 0);
  }
}

const put = (addr: number, data: Uint8Array): Op[] => [
  { op: 'WRITE', addr, data },
  { op: 'CHECK', addr, len: data.length, crc: crc32(data) },
];
const RUN: Op = { op: 'RUN', entry: BASE + 1 };
const READ: Op = { op: 'READ', addr: BASE, len: 4 };

describe('sending only what changed', () => {
  let memory: Memory;
  let image: ArenaImage;
  let sparing: Sparing;
  const send = async (ops: readonly Op[]): Promise<BatchReply> => {
    const reply = await sparing.execute(memory.execute, ops);
    image.apply(ops.slice(0, reply.done));
    return reply;
  };

  beforeEach(() => {
    memory = new Memory();
    image = new ArenaImage();
    sparing = new Sparing(image);
  });

  test('leaves out what was written there before, and checks it before anything else', async () => {
    const code = bytes(300);
    await send([...put(BASE, code), RUN]);
    const reply = await send([...put(BASE, code), RUN, READ]);
    expect(memory.lists.at(-1)).toEqual([{ op: 'CHECK', addr: BASE, len: 300, crc: crc32(code) }, RUN, READ]);
    expect(reply).toEqual({
      status: 'OK',
      done: 4,
      results: [
        { op: 'WRITE' },
        { op: 'CHECK' },
        { op: 'RUN', value: 7, micros: 1 },
        { op: 'READ', data: code.slice(0, 4) },
      ],
      failure: {},
    });
    expect(sparing.sparedBytes).toBe(300);
  });

  test('sends only the changed part of a longer write', async () => {
    const before = bytes(1000);
    await send(put(BASE, before));
    const after = before.slice();
    after.set([0xaa, 0xbb], 500);
    const reply = await send([...put(BASE, after), RUN]);
    expect(memory.written).toBe(2);
    expect(memory.bytes.slice(0, 1000)).toEqual(after);
    expect(reply).toMatchObject({ status: 'OK', done: 3 });
    expect(reply.results.map(({ op }) => op)).toEqual(['WRITE', 'CHECK', 'RUN']);
  });

  test('sends all of it when the board holds something else, and nothing was run by then', async () => {
    const code = bytes(300);
    await send(put(BASE, code));
    memory.bytes[123]! ^= 1;
    let runs = 0;
    memory.onRun = () => runs++;
    const reply = await send([...put(BASE, code), RUN]);
    expect(reply).toMatchObject({ status: 'OK', done: 3 });
    expect(memory.written).toBe(300);
    expect(memory.bytes.slice(0, 300)).toEqual(code);
    expect(runs).toBe(1);
  });

  test('asks for sums before it sends much where it wrote nothing yet', async () => {
    const table = bytes(5000);
    memory.bytes.set(table);
    memory.bytes[2100]! ^= 1; // in the third KiB
    const reply = await send([...put(BASE, table), RUN]);
    expect(memory.lists).toHaveLength(2);
    expect(memory.lists[0]).toEqual(
      [0, 1, 2, 3, 4].map((k) => ({ op: 'CRC', addr: BASE + k * 1024, len: k < 4 ? 1024 : 904 })),
    );
    expect(memory.written).toBe(1024);
    expect(memory.bytes.slice(0, 5000)).toEqual(table);
    expect(reply).toMatchObject({ status: 'OK', done: 3 });
  });

  test('asks nothing for little, nor where other bytes are known to stand', async () => {
    await send(put(BASE, bytes(2000)));
    await send(put(BASE + 8192, bytes(6000)));
    memory.lists.length = 0;
    await send(put(BASE + 8192, bytes(6000, 99)));
    await send(put(BASE + 2000, bytes(2000)));
    expect(memory.lists.flat().filter(({ op }) => op === 'CRC')).toEqual([]);
    expect(memory.lists).toHaveLength(2);
  });

  test('asks again when the board has lost its memory', async () => {
    const table = bytes(4096);
    await send(put(BASE, table));
    memory.bytes.fill(0);
    sparing.forget();
    memory.lists.length = 0;
    await send(put(BASE, table));
    expect(memory.lists.map(([first]) => first!.op)).toEqual(['CRC', 'WRITE']);
    expect(memory.bytes.slice(0, 4096)).toEqual(table);
  });

  test('writes what code or a FILL before it in the list may have changed', async () => {
    const value = bytes(64);
    await send(put(BASE, value));
    memory.onRun = () => memory.bytes.fill(0, 0, 64);
    await send([RUN, ...put(BASE, value)]);
    expect(memory.bytes.slice(0, 64)).toEqual(value);
    await send([{ op: 'FILL', addr: BASE + 10, len: 4, value: 0 }, ...put(BASE, value)]);
    expect(memory.bytes.slice(0, 64)).toEqual(value);
  });

  test('says of a list that failed how far all of it got', async () => {
    const code = bytes(300);
    await send(put(BASE, code));
    memory.runStatus = 'FAULT';
    const spared = await send([...put(BASE, code), RUN, READ]);
    expect(memory.written).toBe(0);
    expect(spared).toMatchObject({ status: 'FAULT', done: 2, results: [{ op: 'WRITE' }, { op: 'CHECK' }] });
    const wrong = await send([...put(BASE, code), { op: 'CHECK', addr: BASE, len: 4, crc: 5 }, RUN]);
    expect(wrong).toMatchObject({ status: 'MISMATCH', done: 2 });
  });
});
