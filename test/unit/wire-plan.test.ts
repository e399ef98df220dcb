// Packing operations into frames, and which frames may be out together.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayFollow, mergeReplies, planFrames } from '../../host/wire/plan.js';
import type { BatchReply, Op } from '../../protocol/batch.js';
import { FAULT_WORDS, LIMITS } from '../../protocol/messages.js';

const ARENA = 0x2000_0000;
/** Room for the longest fault record of any architecture. */
const LEAST = LIMITS.minFrame + 8 + 4 * Math.max(...Object.values(FAULT_WORDS).map((words) => words.length));
const limits = { maxFrame: 256, maxReply: 256, arenaAddr: ARENA };
const one = (...ops: Op[]) => {
  const frames = planFrames(ops, limits);
  expect(frames).toHaveLength(1);
  return frames[0]!;
};
const write = (addr: number, size: number): Op => ({ op: 'WRITE', addr, data: new Uint8Array(size) });
const read = (addr: number, len: number): Op => ({ op: 'READ', addr, len });
const run: Op = { op: 'RUN', entry: ARENA + 1 };

describe('planFrames', () => {
  it('leaves nothing of no operations', () => {
    expect(planFrames([], limits)).toEqual([]);
  });

  it('keeps requests and replies within the longest frame, in as few frames as they need', () => {
    const size = fc.nat(3000);
    const addr = fc.integer({ min: ARENA, max: ARENA + 5000 });
    const op = fc.oneof(
      fc.tuple(addr, size).map(([at, len]) => write(at, len)),
      fc.tuple(addr, size).map(([at, len]) => read(at, len)),
      fc.constant(run),
      addr.map((at): Op => ({ op: 'CRC', addr: at, len: 10 })),
    );
    fc.assert(
      fc.property(
        fc.array(op, { maxLength: 12 }),
        fc.integer({ min: LEAST, max: 1024 }),
        fc.integer({ min: LEAST, max: 1024 }),
        (ops, maxFrame, maxReply) => {
          const frames = planFrames(ops, { maxFrame, maxReply, arenaAddr: ARENA });
          for (const frame of frames) {
            expect(frame.body.length + LIMITS.minFrame).toBeLessThanOrEqual(maxFrame);
            expect(frame.replyBytes + LIMITS.minFrame).toBeLessThanOrEqual(maxReply);
          }
          const replies = frames.map((plan) => ({ plan, reply: allRight(plan.ops) }));
          const merged = mergeReplies(replies);
          expect(merged.done).toBe(ops.length);
          merged.results.forEach((result, at) => {
            const sent = ops[at]!;
            expect(result.op).toBe(sent.op);
            if (result.op === 'READ' && sent.op === 'READ') expect(result.data).toHaveLength(sent.len);
          });
        },
      ),
    );
  });

  it('cuts long READs at word boundaries, so that words are read as words', () => {
    const frames = planFrames([read(ARENA + 4, 2000)], limits);
    for (const { ops } of frames.slice(0, -1)) {
      const [op] = ops;
      expect(op?.op === 'READ' ? (op.addr + op.len) % 4 : undefined).toBe(0);
    }
  });
});

function allRight(ops: readonly Op[]): BatchReply {
  const results = ops.map((op): BatchReply['results'][number] => {
    if (op.op === 'READ') return { op: 'READ', data: new Uint8Array(op.len) };
    if (op.op === 'RUN') return { op: 'RUN', value: 0, micros: 0 };
    if (op.op === 'CRC') return { op: 'CRC', crc: 0 };
    if (op.op === 'FIND') return { op: 'FIND', next: op.addr + op.len, words: new Uint8Array() };
    return { op: op.op };
  });
  return { status: 'OK', done: ops.length, results, failure: {} };
}

describe('mayFollow', () => {
  it.each([
    ['a WRITE after a WRITE', [write(ARENA, 4)], [write(ARENA, 4)], true],
    ['a READ after a WRITE', [write(ARENA, 4)], [read(ARENA, 4)], true],
    ['a WRITE elsewhere after a READ', [read(ARENA, 4)], [write(ARENA + 4, 4)], true],
    ['a WRITE over what an unanswered READ reads', [read(ARENA, 4)], [write(ARENA + 3, 4)], false],
    [
      'a FILL over what an unanswered CRC sums',
      [{ op: 'CRC', addr: ARENA, len: 9 }],
      [{ op: 'FILL', addr: ARENA + 8, len: 1, value: 0 }],
      false,
    ],
    ['a RUN after a WRITE', [write(ARENA, 4)], [run], true],
    ['a RUN after an unanswered READ', [read(ARENA, 4)], [run], false],
    ['anything after a RUN', [run], [read(ARENA, 4)], false],
    ['anything after a frame that overwrites what it read', [read(ARENA, 4), write(ARENA, 1)], [read(ARENA, 4)], false],
  ] as [string, Op[], Op[], boolean][])('%s', (_, before, next, allowed) => {
    expect(mayFollow(one(...next), [one(...before)])).toBe(allowed);
  });
});
