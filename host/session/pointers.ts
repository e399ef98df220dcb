// After a run: who on the board points to what is on trial? The searches ride in the input's own batch; only what
// they could not foresee (a heap that grew, more hits than one answer holds) is asked for again.

import type { BatchReply, Op } from '../../protocol/batch.js';
import type { AddrRange, StagedLink, Trial } from '../link/types.js';

/** How far malloc's heap is in use; in `firmware-stub/support/sbrk.c`. */
export const HEAP_TOP = 'bw_heap_top';
/** malloc mostly grows the heap by a page at a time. */
const HEAP_STEP = 4096;
/** Searches asked for again before everything is kept instead. */
const MAX_ROUNDS = 8;

type Find = Op & { readonly op: 'FIND' };

/** Searches at the end of a batch. */
export interface SearchPlan {
  readonly ops: readonly Op[];
  readonly trial: Trial;
  /** The heap, and how much of it `ops` search. */
  readonly heap: { readonly range: AddrRange; readonly searchedBytes: number } | undefined;
}

const find = (trial: Trial, { addr, len }: AddrRange): Find => ({
  op: 'FIND',
  addr,
  len: len & ~3,
  low: trial.low,
  span: trial.high - trial.low,
});

/** The searches for an input; undefined when nothing of it is on trial.
 *  @param heapBytes heap in use before it ran */
export function planSearch(staged: StagedLink, heapBytes: number): SearchPlan | undefined {
  const { trial, heap } = staged;
  if (trial === undefined) return undefined;
  const topAddr = staged.addressOf(HEAP_TOP);
  const ops: Op[] = trial.ranges.map((range) => find(trial, range));
  if (heap === undefined || topAddr === undefined) return { ops, trial, heap: undefined };
  const searchedBytes = Math.min(heap.len, heapBytes + HEAP_STEP);
  ops.push(find(trial, { addr: heap.addr, len: searchedBytes }), { op: 'READ', addr: topAddr, len: 4 });
  return { ops, trial, heap: { range: heap, searchedBytes } };
}

/** The words found, and the heap in use.
 *  @param at index of the first search in the batch
 *  @returns `words` undefined when there were too many to list: then everything must be kept */
export async function collectPointers(
  plan: SearchPlan,
  batch: readonly Op[],
  reply: BatchReply,
  at: number,
  execute: (ops: readonly Op[]) => Promise<BatchReply>,
): Promise<{ words: number[] | undefined; heapBytes: number }> {
  const words: number[] = [];
  let heapBytes = 0;
  let left: Find[] = [];
  const take = (ops: readonly Op[], results: BatchReply['results']): void => {
    for (const [index, op] of ops.entries()) {
      const result = results[index];
      if (op.op !== 'FIND' || result?.op !== 'FIND') continue;
      const view = new DataView(result.words.buffer, result.words.byteOffset, result.words.byteLength);
      for (let offset = 0; offset < view.byteLength; offset += 4) words.push(view.getUint32(offset, true));
      const done = result.next - op.addr;
      if (done < op.len) left.push({ ...op, addr: result.next, len: op.len - done });
    }
  };
  const count = plan.ops.length;
  const results = reply.results.slice(at, at + count);
  take(batch.slice(at, at + count), results);
  const top = results.at(-1);
  if (plan.heap !== undefined && top?.op === 'READ') {
    const { range, searchedBytes } = plan.heap;
    const topAddr = new DataView(top.data.buffer, top.data.byteOffset, 4).getUint32(0, true);
    heapBytes = topAddr === 0 ? 0 : topAddr - range.addr;
    if (heapBytes > searchedBytes) {
      left.push(find(plan.trial, { addr: range.addr + searchedBytes, len: heapBytes - searchedBytes }));
    }
  }
  for (let round = 0; left.length > 0; round++) {
    if (round === MAX_ROUNDS) return { words: undefined, heapBytes };
    const asked = left;
    left = [];
    const again = await execute(asked);
    if (again.status !== 'OK') return { words: undefined, heapBytes };
    take(asked, again.results);
  }
  return { words, heapBytes };
}
