// Which memory did a run change? Two answers, by what the core offers:
//
//   with an MPU   the support library notes the pages that were written to (firmware-stub/support/track.c):
//                 the answer costs what was touched, however much the session holds
//   without       the board sums all memory in use: the answer costs what the session holds

import type { Op, OpResult } from '../../protocol/batch.js';
import type { LinkSession } from '../link/session.js';
import type { AddrRange } from '../link/types.js';
import { inWords, normalise, subtract, totalBytes } from './address-ranges.js';
import type { ArenaImage } from './arena-image.js';
import { cutAt, type Execute, firstStep } from './compare-memory.js';
import type { Guard } from './guard.js';
import { HEAP_TOP } from './pointers.js';

export interface Tracker {
  /** In words, for people. */
  readonly means: string;
  /** Ops to put behind a run; their results go to `changed`. */
  ops(): readonly Op[];
  /** Where memory may differ from `image`.
   *  @param results of `ops`; undefined when the run did not get to them */
  changed(results: readonly OpResult[] | undefined, pass: TrackedPass): Promise<readonly AddrRange[]>;
}

/** A batch that ran code. */
export interface TrackedPass {
  /** What the tracker's `ops` were. */
  readonly ops: readonly Op[];
  /** All that the host wrote in it. */
  readonly written: readonly AddrRange[];
  /** The host's copy, with what it wrote. */
  readonly image: ArenaImage;
  readonly execute: Execute;
}

/** In `firmware-stub/support/track.c`. */
export const TAKE = 'bw_track_take';
const PAGES = 'bw_track_pages';
const MOST_PAGES = 32;
/** Pages asked for along with the run; few inputs write to more. */
const FIRST_PAGES = 6;
const HEAD_WORDS = 2;

const wordsOf = (result: OpResult | undefined): number[] => {
  if (result?.op !== 'READ') return [];
  const view = new DataView(result.data.buffer, result.data.byteOffset, result.data.byteLength);
  return Array.from({ length: view.byteLength >> 2 }, (_, index) => view.getUint32(4 * index, true));
};

/** Pages that the MPU saw being written to. */
export class PageTracker implements Tracker {
  readonly means = 'the MPU notes the pages that are written to';

  constructor(
    private readonly linker: LinkSession,
    private readonly guard: Guard,
  ) {}

  ops(): Op[] {
    return [{ op: 'RUN', entry: this.#address(TAKE) }, this.#read(0, HEAD_WORDS + FIRST_PAGES)];
  }

  async changed(results: readonly OpResult[] | undefined, { execute }: TrackedPass): Promise<readonly AddrRange[]> {
    const got = results ?? (await execute(this.ops())).results;
    const [count = MOST_PAGES + 1, log2 = 0, ...pages] = wordsOf(got[1]);
    if (count > FIRST_PAGES && count <= MOST_PAGES) {
      const more = await execute([this.#read(HEAD_WORDS + FIRST_PAGES, count - FIRST_PAGES)]);
      pages.push(...wordsOf(more.results[0]));
    }
    const found = pages.slice(0, count).map((addr) => ({ addr, len: 2 ** log2 }));
    const { addr, len } = this.guard.tracked;
    const plausible = log2 >= 5 && log2 <= 31 && found.length === count;
    // A list that cannot be: look at everything rather than miss anything.
    return plausible ? normalise(found) : [{ addr, len }];
  }

  #read(firstWord: number, words: number): Op {
    return { op: 'READ', addr: this.#address(PAGES) + 4 * firstWord, len: 4 * words };
  }

  #address(symbol: string): number {
    return this.linker.addressOf(symbol)!;
  }
}

/** In `firmware-stub/support/sum.c`. */
export const SUM = 'bw_sum';
const SUM_PIECES = 'bw_sum_pieces';
const SUM_SEED = 'bw_sum_seed';
const SUMS = 'bw_sums';
const MOST_PIECES = 40;

/** The sum of whole words, as `bw_sum` makes it. */
export function sumOf(bytes: Uint8Array, seed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = seed;
  for (let at = 0; at + 4 <= view.byteLength; at += 4) {
    sum = Math.imul(sum ^ view.getUint32(at, true), 0x9e37_79b1);
    sum ^= sum >>> 15;
  }
  return sum >>> 0;
}

/** Memory in use whose sums differ from the image's. */
export class SumTracker implements Tracker {
  readonly means = 'the board sums all memory in use';
  #pieces: readonly AddrRange[] = [];
  #seed = 0;

  constructor(
    private readonly linker: LinkSession,
    /** The host's copy of memory, as it is before the next run. */
    private readonly image: () => ArenaImage,
  ) {}

  ops(): Op[] {
    const ranges = normalise(inWords([...this.linker.variableRanges(), ...this.#heapInUse(this.image())]));
    this.#pieces = piecesOf(ranges);
    this.#seed = Math.floor(Math.random() * 2 ** 32);
    const table = [this.#pieces.length, ...this.#pieces.flatMap(({ addr, len }) => [addr, addr + len])];
    const topAddr = this.linker.addressOf(HEAP_TOP);
    return [
      { op: 'WRITE', addr: this.#address(SUM_PIECES), data: bytesOf(table) },
      { op: 'WRITE', addr: this.#address(SUM_SEED), data: bytesOf([this.#seed]) },
      { op: 'RUN', entry: this.#address(SUM) },
      { op: 'READ', addr: this.#address(SUMS), len: 4 * this.#pieces.length },
      ...(topAddr === undefined ? [] : [{ op: 'READ', addr: topAddr, len: 4 } as const]),
    ];
  }

  async changed(
    results: readonly OpResult[] | undefined,
    { written, image }: TrackedPass,
  ): Promise<readonly AddrRange[]> {
    // Code may have been damaged too.
    if (results === undefined) return this.linker.heldRanges();
    const { heap } = this.linker;
    const pieces = this.#pieces;
    // What is new was not summed.
    const fresh = subtract(written, heap === undefined ? pieces : [...pieces, heap]);
    const sums = wordsOf(results[3]);
    const differing = pieces.filter((piece, index) => sums[index] !== sumOf(image.read(piece), this.#seed));
    const changed = [...differing, ...fresh];
    const [top] = wordsOf(results[4]);
    if (top === undefined || heap === undefined) return changed;
    const known = this.#heapInUse(image)[0]?.len ?? 0;
    const len = Math.min(top - heap.addr, heap.len) - known;
    return len > 0 ? [...changed, { addr: heap.addr + known, len }] : changed;
  }

  #address(symbol: string): number {
    return this.linker.addressOf(symbol)!;
  }

  #heapInUse(image: ArenaImage): AddrRange[] {
    const { heap } = this.linker;
    const topAddr = this.linker.addressOf(HEAP_TOP);
    if (heap === undefined || topAddr === undefined) return [];
    const top = new DataView(image.read({ addr: topAddr, len: 4 }).buffer).getUint32(0, true);
    return top > heap.addr && top <= heap.addr + heap.len ? [{ addr: heap.addr, len: top - heap.addr }] : [];
  }
}

const bytesOf = (values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

/** As many pieces of about one size as there are sums. */
function piecesOf(ranges: readonly AddrRange[]): AddrRange[] {
  for (let step = firstStep(totalBytes(ranges)); ; step *= 2) {
    const pieces = cutAt(ranges, step);
    if (pieces.length <= MOST_PIECES) return pieces;
    if (step >= 2 ** 31) return joinTo(ranges, MOST_PIECES);
  }
}

/** Ranges with the smallest gaps between them filled, until there are no more than `most`. */
function joinTo(ranges: readonly AddrRange[], most: number): AddrRange[] {
  const gaps = ranges.slice(1).map(({ addr }, i) => addr - ranges[i]!.addr - ranges[i]!.len);
  const widest = [...gaps].sort((a, b) => b - a)[most - 1] ?? 0;
  const joined: { addr: number; len: number }[] = [];
  for (const [i, { addr, len }] of ranges.entries()) {
    const last = joined.at(-1);
    if (last !== undefined && gaps[i - 1]! <= widest) last.len = addr + len - last.addr;
    else joined.push({ addr, len });
  }
  return joined;
}
