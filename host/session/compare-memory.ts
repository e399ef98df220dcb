// Where does the board hold other bytes than an image says? Checksums of large pieces first, then of eighths of those
// that differ, down to pieces that are read or written as they are: what is equal costs a few bytes on the line, what
// differs little more than itself.

import type { BatchReply, Op } from '../../protocol/batch.js';
import { bug } from '../diag/error.js';
import type { AddrRange } from '../link/types.js';
import { normalise, totalBytes } from './address-ranges.js';
import { type ArenaImage, crcOps, differing } from './arena-image.js';

/** Sends ops to the board. */
export type Execute = (ops: readonly Op[]) => Promise<BatchReply>;

/** Pieces are not cut smaller than this: a sum costs ten bytes on the line, and their time. */
const LEAST_BYTES = 64;
/** So much is read at once rather than summed first. */
const READ_BYTES = 256;
/** Pieces of the first round. */
const FIRST_PIECES = 32;
const PARTS = 8;

/** Sums in one batch; a list of any length is possible, but its answers would be kept all at once. */
const SUMS = 256;

/** Cuts ranges at multiples of `step`. */
export function cutAt(ranges: readonly AddrRange[], step: number): AddrRange[] {
  const pieces: AddrRange[] = [];
  for (const { addr, len } of ranges) {
    for (let at = addr; at < addr + len; ) {
      const end = Math.min(addr + len, (Math.floor(at / step) + 1) * step);
      pieces.push({ addr: at, len: end - at });
      at = end;
    }
  }
  return pieces;
}

/** Size of the pieces that `bytes` are summed in at first. */
export function firstStep(bytes: number): number {
  return 2 ** Math.max(Math.ceil(Math.log2(Math.max(bytes, 1) / FIRST_PIECES)), Math.log2(READ_BYTES));
}

/** The pieces of `ranges` in which the board differs from `image`, of 64 bytes or less. */
export async function findDifferences(
  execute: Execute,
  image: ArenaImage,
  ranges: readonly AddrRange[],
): Promise<AddrRange[]> {
  let step = firstStep(totalBytes(ranges));
  let suspects = cutAt(normalise(ranges), step);
  for (;;) {
    const wrong: AddrRange[] = [];
    for (let at = 0; at < suspects.length; at += SUMS) {
      const some = suspects.slice(at, at + SUMS);
      wrong.push(...differing(image, some, (await expectOk(execute, crcOps(some))).results));
    }
    if (step <= LEAST_BYTES || wrong.length === 0) return wrong;
    step = Math.max(LEAST_BYTES, step / PARTS);
    suspects = cutAt(wrong, step);
  }
}

/** Brings the image up to what the board holds in `ranges`.
 *  @returns bytes that were read
 *  @throws SESSION_BAD_BATCH, WIRE_… */
export async function pull(execute: Execute, image: ArenaImage, ranges: readonly AddrRange[]): Promise<number> {
  const wanted = normalise(ranges);
  if (wanted.length === 0) return 0;
  const pieces = totalBytes(wanted) <= READ_BYTES ? wanted : normalise(await findDifferences(execute, image, wanted));
  if (pieces.length === 0) return 0;
  const { results } = await expectOk(
    execute,
    pieces.map(({ addr, len }): Op => ({ op: 'READ', addr, len })),
  );
  for (const [index, result] of results.entries()) {
    if (result.op === 'READ') image.write(pieces[index]!.addr, result.data);
  }
  return totalBytes(pieces);
}

/** Makes the board hold what the image says in `ranges`.
 *  @returns bytes that were written
 *  @throws SESSION_BAD_BATCH, WIRE_… */
export async function push(execute: Execute, image: ArenaImage, ranges: readonly AddrRange[]): Promise<number> {
  const pieces = normalise(await findDifferences(execute, image, ranges));
  if (pieces.length === 0) return 0;
  await expectOk(
    execute,
    pieces.map((piece): Op => ({ op: 'WRITE', addr: piece.addr, data: image.read(piece) })),
  );
  return totalBytes(pieces);
}

async function expectOk(execute: Execute, ops: readonly Op[]): Promise<BatchReply> {
  const reply = await execute(ops);
  if (reply.status === 'OK') return reply;
  throw bug('SESSION_BAD_BATCH', `the board answered ${reply.status} to operation ${reply.done + 1} of a comparison`, {
    status: reply.status,
    done: reply.done,
  });
}
