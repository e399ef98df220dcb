// What the arena should hold as far as the host knows: the bytes it sent, in order. Code and constants stay as they
// were sent, so that a few checksums tell whether the memory at the other end of the line is still ours; variables
// change behind the host's back, and their bytes here are only what they began with.
//
//   WRITE, FILL that went well ─apply→ pages ─crcOps→ CRC ops ─board→ results ─differing→ ranges that are not ours

import type { Op, OpResult } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import type { AddrRange } from '../link/types.js';

const PAGE_BYTES = 1024;

/** Bytes of the arena, page by page; what nobody wrote reads as zero and takes no memory. */
export class ArenaImage {
  readonly #pages = new Map<number, Uint8Array>();
  /** Pages that no other image shares. */
  readonly #own = new Set<number>();

  /** An image of the same bytes. Both go their own ways; pages are shared until one of them changes. */
  clone(): ArenaImage {
    const copy = new ArenaImage();
    for (const [number, page] of this.#pages) copy.#pages.set(number, page);
    this.#own.clear();
    return copy;
  }

  /** Does the WRITEs and FILLs among `ops`; other ops change nothing here. */
  apply(ops: readonly Op[]): void {
    for (const op of ops) {
      if (op.op === 'WRITE') this.write(op.addr, op.data);
      else if (op.op === 'FILL') this.#fill(op.addr, op.len, op.value);
    }
  }

  /** Notes that memory holds `bytes`. */
  write(addr: number, bytes: Uint8Array): void {
    this.#eachPage(addr, bytes.length, (page, from, to, done) =>
      page.set(bytes.subarray(done, done + to - from), from),
    );
  }

  /** A copy of what a range should hold. */
  read({ addr, len }: AddrRange): Uint8Array {
    const out = new Uint8Array(len);
    for (let done = 0; done < len; ) {
      const at = (addr + done) % PAGE_BYTES;
      const part = Math.min(len - done, PAGE_BYTES - at);
      const page = this.#pages.get(Math.floor((addr + done) / PAGE_BYTES));
      if (page !== undefined) out.set(page.subarray(at, at + part), done);
      done += part;
    }
    return out;
  }

  #fill(addr: number, len: number, value: number): void {
    this.#eachPage(addr, len, (page, from, to) => page.fill(value, from, to));
  }

  #eachPage(
    addr: number,
    len: number,
    change: (page: Uint8Array, from: number, to: number, done: number) => void,
  ): void {
    for (let done = 0; done < len; ) {
      const from = (addr + done) % PAGE_BYTES;
      const to = Math.min(PAGE_BYTES, from + len - done);
      const number = Math.floor((addr + done) / PAGE_BYTES);
      let page = this.#pages.get(number);
      if (page === undefined || !this.#own.has(number)) {
        page = page?.slice() ?? new Uint8Array(PAGE_BYTES);
        this.#pages.set(number, page);
        this.#own.add(number);
      }
      change(page, from, to, done);
      done += to - from;
    }
  }
}

/** Ops that ask the board for the sums of `ranges`, one op a range. */
export function crcOps(ranges: readonly AddrRange[]): Op[] {
  return ranges.map(({ addr, len }) => ({ op: 'CRC', addr, len }));
}

/** The ranges in which the board holds other bytes than `image`.
 *  @param results what the board answered to `crcOps(ranges)`; a range without an answer counts as different */
export function differing(image: ArenaImage, ranges: readonly AddrRange[], results: readonly OpResult[]): AddrRange[] {
  return ranges.filter((range, index) => {
    const result = results[index];
    return result?.op !== 'CRC' || result.crc !== crc32(image.read(range));
  });
}
