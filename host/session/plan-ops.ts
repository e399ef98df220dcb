// What the linker staged becomes the ops of one batch: neighbouring blocks are written together, each run of
// bytes is checked, callers of replaced functions are patched, then the initialisers run and the value is read.
// A small input stays one frame out and one frame back.
//
//   WRITE+ CHECK+ FILL*  (new memory)   WRITE* (patches)   RUN* (initialisers)   READ? (value slot)

import { crc32 } from '../../protocol/crc32.js';
import type { Op } from '../../protocol/batch.js';
import type { LinkedBlock, StagedLink } from '../link/link-session.js';

/** Bytes of padding that are cheaper to send than a second op. */
const MAX_GAP_BYTES = 8;

interface Extent {
  addr: number;
  parts: Uint8Array[];
  sizeBytes: number;
}

/** Joins the initialised bytes of blocks that lie next to each other. Gaps inside become zeros. */
function joinBlocks(blocks: readonly LinkedBlock[]): { addr: number; data: Uint8Array }[] {
  const sorted = blocks.filter((block) => block.bytes.length > 0).sort((a, b) => a.addr - b.addr);
  const extents: Extent[] = [];
  for (const block of sorted) {
    const last = extents.at(-1);
    const gap = last === undefined ? Number.POSITIVE_INFINITY : block.addr - (last.addr + last.sizeBytes);
    if (last === undefined || gap > MAX_GAP_BYTES) {
      extents.push({ addr: block.addr, parts: [block.bytes], sizeBytes: block.bytes.length });
      continue;
    }
    if (gap > 0) last.parts.push(new Uint8Array(gap));
    last.parts.push(block.bytes);
    last.sizeBytes += gap + block.bytes.length;
  }
  return extents.map(({ addr, parts }) => ({ addr, data: Buffer.concat(parts) }));
}

function zeroFills(blocks: readonly LinkedBlock[]): Op[] {
  const ranges = blocks
    .filter((block) => block.zeroBytes > 0)
    .map((block) => ({ addr: block.addr + block.bytes.length, len: block.zeroBytes }))
    .sort((a, b) => a.addr - b.addr);
  const joined: { addr: number; len: number }[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    const gap = last === undefined ? Number.POSITIVE_INFINITY : range.addr - (last.addr + last.len);
    if (last !== undefined && gap >= 0 && gap < MAX_GAP_BYTES) last.len = range.addr + range.len - last.addr;
    else joined.push({ ...range });
  }
  return joined.map(({ addr, len }) => ({ op: 'FILL', addr, len, value: 0 }));
}

/** Ops that put a staged link on the board and run it.
 *  @param value where the value of the input will stand, when it has one */
export function planOps(staged: StagedLink, value: { readonly addr: number; readonly len: number } | undefined): Op[] {
  const ops: Op[] = [];
  // Fills come first: a gap joined into a fill must not wipe bytes written after it.
  ops.push(...zeroFills(staged.blocks));
  for (const { addr, data } of joinBlocks(staged.blocks)) {
    ops.push({ op: 'WRITE', addr, data }, { op: 'CHECK', addr, len: data.length, crc: crc32(data) });
  }
  for (const { addr, bytes } of staged.patches) ops.push({ op: 'WRITE', addr, data: bytes });
  for (const entry of staged.entries) ops.push({ op: 'RUN', entry });
  if (value !== undefined && value.len > 0) ops.push({ op: 'READ', addr: value.addr, len: value.len });
  return ops;
}
