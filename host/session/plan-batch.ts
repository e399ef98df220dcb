// What the linker staged becomes the ops of one batch: neighbouring blocks are written together, each run of
// bytes is checked, callers of replaced functions are patched, then the initialisers run and the value is read.
// A small input stays one frame out and one frame back.
//
//   READ* (what will be overwritten)  FILL* (WRITE CHECK)* (new memory)  WRITE* (patches)
//   RUN* (initialisers)  RUN? (flush stdout)  READ? (value slot)

import type { BatchReply, Op } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import type { LinkedBlock, StagedLink } from '../link/types.js';

/** Joins the initialised bytes of blocks that touch. */
function joinBlocks(blocks: readonly LinkedBlock[]): { addr: number; data: Uint8Array }[] {
  const joined: { addr: number; end: number; parts: Uint8Array[] }[] = [];
  for (const { addr, bytes } of blocks.filter((block) => block.bytes.length > 0).sort((a, b) => a.addr - b.addr)) {
    const last = joined.at(-1);
    if (last?.end === addr) {
      last.parts.push(bytes);
      last.end += bytes.length;
    } else joined.push({ addr, end: addr + bytes.length, parts: [bytes] });
  }
  return joined.map(({ addr, parts }) => ({ addr, data: Buffer.concat(parts) }));
}

function zeroFills(blocks: readonly LinkedBlock[]): Op[] {
  return blocks
    .filter((block) => block.zeroBytes > 0)
    .map((block) => ({ op: 'FILL', addr: block.addr + block.bytes.length, len: block.zeroBytes, value: 0 }));
}

/** A batch, and what to do if it fails. */
export interface BatchPlan {
  readonly ops: readonly Op[];
  /** Bytes that the batch overwrites and the host knows. */
  readonly known: readonly { readonly addr: number; readonly previous: Uint8Array }[];
  /** Variables that the batch overwrites, whose values only the board knows: its first ops read them, in this order. */
  readonly savedAddrs: readonly number[];
}

/** The batch that puts a staged link on the board and runs it.
 *  @param flush function to call when the initialisers have run
 *  @param value where the value of the input will stand, when it has one */
export function planBatch(
  staged: StagedLink,
  flush: number | undefined,
  value: { readonly addr: number; readonly len: number } | undefined,
): BatchPlan {
  const inPlace = staged.blocks.filter((block) => block.inPlace);
  const saved = inPlace.map(({ addr, bytes, zeroBytes }): Op => ({ op: 'READ', addr, len: bytes.length + zeroBytes }));
  const ops: Op[] = [...saved, ...zeroFills(staged.blocks)];
  for (const { addr, data } of joinBlocks(staged.blocks)) {
    ops.push({ op: 'WRITE', addr, data }, { op: 'CHECK', addr, len: data.length, crc: crc32(data) });
  }
  for (const { addr, bytes } of staged.patches) ops.push({ op: 'WRITE', addr, data: bytes });
  for (const entry of staged.entries) ops.push({ op: 'RUN', entry });
  if (flush !== undefined && staged.entries.length > 0) ops.push({ op: 'RUN', entry: flush });
  if (value !== undefined && value.len > 0) ops.push({ op: 'READ', addr: value.addr, len: value.len });
  return { ops, known: staged.patches, savedAddrs: inPlace.map(({ addr }) => addr) };
}

/** Ops that write back what a batch overwrote before it failed. */
export function planTakeBack(plan: BatchPlan, reply: BatchReply): Op[] {
  const saved = plan.savedAddrs.flatMap((addr, index): Op[] => {
    const result = reply.results[index];
    return result?.op === 'READ' ? [{ op: 'WRITE', addr, data: result.data }] : [];
  });
  return [...saved, ...plan.known.map(({ addr, previous }): Op => ({ op: 'WRITE', addr, data: previous }))];
}
