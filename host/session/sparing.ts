// Sends only what changed. A WRITE whose bytes the board holds already is left out, and a CHECK in front of everything
// else says so: the host is never trusted to know what is in the board's memory, it only guesses well. A guess that was
// wrong ends the batch before anything of it was done, and then all of it is sent.
//
//   known    the host wrote these bytes there: nothing is asked before
//   unknown  it wrote nothing there yet, and it is much: the board is asked for sums first, a block of 1 KiB each.
//            So a session that begins where another one ended sends little, and so does one whose board restarted
//
// Who calls this sees the list as it was: results, and how far it got, are those of the whole list.

import type { BatchReply, Op, OpResult } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import type { AddrRange } from '../link/types.js';
import type { ExecuteOptions } from '../wire/link.js';
import { intersect, normalise, subtract, totalBytes } from './address-ranges.js';
import type { ArenaImage } from './arena-image.js';

type Execute = (ops: readonly Op[], options?: ExecuteOptions) => Promise<BatchReply>;
type Write = Extract<Op, { op: 'WRITE' }>;

/** Less is written rather than checked: a CHECK takes some ten bytes itself. */
const LEAST_BYTES = 16;
/** What is asked for by sums, and from how much on: the answer takes a round trip. */
const BLOCK_BYTES = 1024;
const LEAST_ASKED_BYTES = 2048;
/** Whether a list writes so much that it should be given on its own: what stands behind a RUN is never left out. */
export function writesMuch(ops: readonly Op[]): boolean {
  return ops.reduce((sum, op) => sum + (op.op === 'WRITE' ? op.data.length : 0), 0) >= LEAST_ASKED_BYTES;
}

/** Sums asked for in one batch. */
const SUMS = 100;

/** Knows what was written to the board, as long as that keeps its memory. */
export class Sparing {
  #written: readonly AddrRange[] = [];
  /** Bytes that were not sent because they were there. */
  sparedBytes = 0;

  /** @param image bytes that the host wrote, or will have written */
  constructor(private readonly image: ArenaImage) {}

  /** The board's memory is not what was written. */
  forget(): void {
    this.#written = [];
  }

  /** Does `ops` as `execute` would, without sending what is there.
   *  @throws what `execute` throws */
  async execute(execute: Execute, ops: readonly Op[], options: ExecuteOptions = {}): Promise<BatchReply> {
    const writes = sparable(ops);
    const held = [...this.#known(writes), ...(await this.#asked(execute, writes))];
    const plan = held.length === 0 ? undefined : planSparing(ops, writes, normalise(held));
    let reply = plan === undefined ? undefined : plan.wholeReply(await execute(plan.ops, options));
    if (reply !== undefined) this.sparedBytes += totalBytes(normalise(held));
    reply ??= await execute(ops, options);
    this.#note(ops.slice(0, reply.done));
    return reply;
  }

  #note(done: readonly Op[]): void {
    const ranges = done.flatMap((op) => (changes(op) ? [rangeOf(op)] : []));
    if (ranges.length > 0) this.#written = normalise([...this.#written, ...ranges]);
  }

  /** What the host wrote there before. */
  #known(writes: readonly Write[]): AddrRange[] {
    return writes.flatMap((write) => {
      const there = this.image.read(rangeOf(write));
      return intersect(equalRuns(write, there), this.#written);
    });
  }

  /** What stands there though this host never wrote it. */
  async #asked(execute: Execute, writes: readonly Write[]): Promise<AddrRange[]> {
    const unknown = subtract(writes.map(rangeOf), this.#written).filter(({ len }) => len >= BLOCK_BYTES);
    if (totalBytes(unknown) < LEAST_ASKED_BYTES) return [];
    const blocks = unknown.flatMap(blocksOf);
    const held: AddrRange[] = [];
    for (let at = 0; at < blocks.length; at += SUMS) {
      const some = blocks.slice(at, at + SUMS);
      const { results } = await execute(some.map(({ addr, len }) => ({ op: 'CRC', addr, len })));
      held.push(
        ...some.filter((range, index) => {
          const result = results[index];
          return result?.op === 'CRC' && result.crc === crc32(bytesAt(writes, range));
        }),
      );
    }
    return held;
  }
}

interface SparingPlan {
  readonly ops: readonly Op[];
  /** The answer to the whole list; undefined when the board does not hold what it was thought to: nothing was done. */
  wholeReply(reply: BatchReply): BatchReply | undefined;
}

/** The list without what is `held`, which is sorted and joined. */
function planSparing(ops: readonly Op[], writes: readonly Write[], held: readonly AddrRange[]): SparingPlan {
  const checks = held.map(({ addr, len }): Op => {
    return { op: 'CHECK', addr, len, crc: crc32(bytesAt(writes, { addr, len })) };
  });
  const sent: (readonly Op[])[] = [];
  let sparedBefore: AddrRange | undefined;
  for (const op of ops) {
    const isSumOfSpared = op.op === 'CHECK' && op.addr === sparedBefore?.addr && op.len === sparedBefore.len;
    sparedBefore = undefined;
    if (isSumOfSpared) sent.push([]);
    else if (op.op !== 'WRITE' || !writes.includes(op)) sent.push([op]);
    else {
      const rest = subtract([rangeOf(op)], held);
      if (rest.length === 0) sparedBefore = rangeOf(op);
      sent.push(rest.map((range) => ({ op: 'WRITE', addr: range.addr, data: bytesAt([op], range) })));
    }
  }
  return {
    ops: [...checks, ...sent.flat()],
    wholeReply: (reply) => {
      const { status, done } = reply;
      if (status === 'MISMATCH' && done < checks.length) return undefined;
      const rest = reply.results.slice(checks.length);
      // An op that failed stands for the whole of the op that it is a part of.
      const owner = sent.flatMap((parts, index) => parts.map(() => index));
      const doneOfAll = status === 'OK' ? ops.length : (owner[rest.length] ?? ops.length);
      const results = ops.slice(0, doneOfAll).map((op, index): OpResult => {
        const [first] = rest.splice(0, sent[index]!.length);
        return first ?? ({ op: op.op } as OpResult);
      });
      return { ...reply, done: doneOfAll, results };
    },
  };
}

/** The WRITEs that may be left out: nothing before them in the list, code included, changes what they write to. */
function sparable(ops: readonly Op[]): Write[] {
  const found: Write[] = [];
  const changed: AddrRange[] = [];
  for (const op of ops) {
    if (op.op === 'RUN') break;
    if (!changes(op)) continue;
    const range = rangeOf(op);
    const isFirst = !changed.some(({ addr, len }) => addr < range.addr + range.len && range.addr < addr + len);
    if (op.op === 'WRITE' && range.len >= LEAST_BYTES && isFirst) found.push(op);
    changed.push(range);
  }
  return found;
}

const changes = (op: Op): op is Extract<Op, { op: 'WRITE' | 'FILL' }> => op.op === 'WRITE' || op.op === 'FILL';

const rangeOf = (op: Extract<Op, { op: 'WRITE' | 'FILL' }>): AddrRange => ({
  addr: op.addr,
  len: op.op === 'WRITE' ? op.data.length : op.len,
});

/** The parts of a write, long enough to be worth it, where `there` has the same bytes. */
function equalRuns({ addr, data }: Write, there: Uint8Array): AddrRange[] {
  const runs: AddrRange[] = [];
  let from = 0;
  for (let at = 0; at <= data.length; at++) {
    if (at < data.length && data[at] === there[at]) continue;
    if (at - from >= LEAST_BYTES) runs.push({ addr: addr + from, len: at - from });
    from = at + 1;
  }
  return runs;
}

function blocksOf({ addr, len }: AddrRange): AddrRange[] {
  return Array.from({ length: Math.ceil(len / BLOCK_BYTES) }, (_, index) => {
    return { addr: addr + index * BLOCK_BYTES, len: Math.min(BLOCK_BYTES, len - index * BLOCK_BYTES) };
  });
}

/** What `writes` put into a range that they cover; where several touch, from each its part. */
function bytesAt(writes: readonly Write[], { addr, len }: AddrRange): Uint8Array {
  const out = new Uint8Array(len);
  for (const { addr: from, data } of writes) {
    const [start, end] = [Math.max(addr, from), Math.min(addr + len, from + data.length)];
    if (start < end) out.set(data.subarray(start - from, end - from), start - addr);
  }
  return out;
}
