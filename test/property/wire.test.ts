// Whatever the line does: replies are right and every RUN happens once, or there is a coded error in bounded time
// and no RUN happened twice.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BarewireError } from '../../host/diag/error.js';
import { DeviceLink } from '../../host/wire/link.js';
import type { BatchReply, Op, OpResult } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import { VECTOR_BOARD } from '../../protocol/generate-vectors.js';
import { doOp, type FakeFunction } from '../support/fake-board.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeSetup, type LineFaults } from '../support/fake-line.js';

const ARENA = VECTOR_BOARD.arenaAddr;
const SIZE = 1024;
/** A function bumps this word and returns it, so that a second execution shows in memory. */
const COUNTER = ARENA + SIZE;
const BOUND_MS = 300_000;

const addr = fc.integer({ min: ARENA, max: ARENA + SIZE - 1 });
const fit = (from: number, len: number) => Math.min(len, ARENA + SIZE - from);
const op: fc.Arbitrary<Op | 'run' | 'check'> = fc.oneof(
  fc.record({ addr, data: fc.uint8Array({ maxLength: 600 }) }).map(({ addr: from, data }): Op => {
    return { op: 'WRITE', addr: from, data: data.subarray(0, fit(from, data.length)) };
  }),
  fc.record({ addr, len: fc.nat(300), value: fc.nat(255) }).map(({ addr: from, len, value }): Op => {
    return { op: 'FILL', addr: from, len: fit(from, len), value };
  }),
  fc
    .record({ addr, len: fc.nat(600) })
    .map(({ addr: from, len }): Op => ({ op: 'READ', addr: from, len: fit(from, len) })),
  fc
    .record({ addr, len: fc.nat(600) })
    .map(({ addr: from, len }): Op => ({ op: 'CRC', addr: from, len: fit(from, len) })),
  fc.record({ addr, len: fc.nat(60), crc: fc.nat() }).map((fields): Op => ({ op: 'CHECK', ...fields })),
  fc.constant('run' as const),
  fc.constant('check' as const),
);

/** What a perfect board answers, with no frames between. */
class Reference {
  readonly memory = new Uint8Array(VECTOR_BOARD.arenaSize);

  execute(ops: readonly Op[]): BatchReply {
    const results: OpResult[] = [];
    for (const one of ops) {
      const outcome = one.op === 'RUN' ? this.run() : doOp(this.memory, ARENA, one);
      if ('status' in outcome) return { ...outcome, done: results.length, results };
      results.push(outcome);
    }
    return { status: 'OK', done: results.length, results, failure: {} };
  }

  private run(): OpResult {
    return { op: 'RUN', value: bump(this.memory), micros: 1 };
  }
}

function bump(memory: Uint8Array): number {
  const view = new DataView(memory.buffer);
  const value = view.getUint32(COUNTER - ARENA, true) + 1;
  view.setUint32(COUNTER - ARENA, value, true);
  return value;
}

const chance = fc.double({ min: 0, max: 0.25, noNaN: true });
const faults: fc.Arbitrary<LineFaults> = fc.record({
  seed: fc.integer(),
  lose: chance,
  corrupt: chance,
  double: chance,
  truncate: chance,
  delayMs: fc.constantFrom(0, 1, 16, 200, 1500),
  split: fc.boolean(),
});

it('replies are right and RUNs happen once, or an error comes in bounded time, whatever the line does', async () => {
  const outcomes = { right: 0, failed: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(op, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 }),
      faults,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 255 }),
      fc.oneof(fc.constant(0), fc.nat(2000)),
      async (lists, line, window, firstSeq, takesMs) => {
        const clock = new FakeClock();
        let entries = 0;
        const started = new Map<number, number>();
        const functions = (entry: number): FakeFunction => {
          return (board) => {
            started.set(entry, (started.get(entry) ?? 0) + 1);
            return { ends: 'return', value: bump(board.memory), micros: 1, takesMs };
          };
        };
        const { port, board } = fakeSetup(clock, { ...VECTOR_BOARD, window }, functions, line);
        const reference = new Reference();
        let link: DeviceLink;
        try {
          link = await clock.run(DeviceLink.connect(port, { clock, firstSeq, helloTimeoutMs: 20_000 }), BOUND_MS);
        } catch (error) {
          expect(error).toBeInstanceOf(BarewireError);
          return;
        }
        for (const list of lists) {
          const shadow = new Reference();
          shadow.memory.set(reference.memory);
          const ops = list.map((one): Op => {
            if (one === 'run') return { op: 'RUN', entry: 0x1000 + 2 * entries++ };
            if (one !== 'check') return one;
            return { op: 'CHECK', addr: ARENA, len: 64, crc: crc32(shadow.memory.subarray(0, 64)) };
          });
          let reply: BatchReply;
          try {
            reply = await clock.run(link.execute(ops), BOUND_MS);
          } catch (error) {
            if (!(error instanceof BarewireError)) throw error;
            expect(error.code).toMatch(/^WIRE_/);
            expect(error.kind).toBe('device');
            outcomes.failed++;
            break;
          }
          outcomes.right++;
          expect(reply).toEqual(reference.execute(ops));
          expect(board.memory).toEqual(reference.memory);
        }
        for (const [entry, times] of started) expect(times, `entry ${entry}`).toBe(1);
      },
    ),
    { numRuns: 150, seed: 20260301 },
  );
  expect(outcomes.right).toBeGreaterThan(100);
}, 120_000);
