// Which memory did a run change? Two answers, by what the core offers:
//
//   with an MPU   the support library notes the pages that were written to (firmware-stub/support/track.c):
//                 the answer costs what was touched, however much the session holds
//   without       the board sums all memory in use: the answer costs what the session holds

import type { Op, OpResult } from '../../protocol/batch.js';
import type { LinkSession } from '../link/session.js';
import type { AddrRange } from '../link/types.js';
import { normalise, subtract, totalBytes } from './address-ranges.js';
import { type ArenaImage, crcOps, differing } from './arena-image.js';
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

/** Memory in use whose sums differ from the image's. */
export class SumTracker implements Tracker {
  readonly means = 'without an MPU the board sums all memory in use';

  constructor(
    private readonly linker: LinkSession,
    /** The host's copy of memory, as it is before the next run. */
    private readonly image: () => ArenaImage,
  ) {}

  ops(): Op[] {
    const ranges = normalise([...this.linker.variableRanges(), ...this.#heapInUse(this.image())]);
    const topAddr = this.linker.addressOf(HEAP_TOP);
    const pieces = cutAt(ranges, firstStep(totalBytes(ranges)));
    return [...crcOps(pieces), ...(topAddr === undefined ? [] : [{ op: 'READ', addr: topAddr, len: 4 } as const])];
  }

  async changed(
    results: readonly OpResult[] | undefined,
    { ops, written, image }: TrackedPass,
  ): Promise<readonly AddrRange[]> {
    // Code may have been damaged too.
    if (results === undefined) return this.linker.heldRanges();
    const ranges = ops.flatMap((each): AddrRange[] => (each.op === 'CRC' ? [each] : []));
    const { heap } = this.linker;
    // What is new was not summed.
    const fresh = subtract(written, heap === undefined ? ranges : [...ranges, heap]);
    const changed = [...differing(image, ranges, results), ...fresh];
    const [top] = wordsOf(results.at(-1));
    if (top === undefined || heap === undefined) return changed;
    const known = this.#heapInUse(image)[0]?.len ?? 0;
    const len = Math.min(top - heap.addr, heap.len) - known;
    return len > 0 ? [...changed, { addr: heap.addr + known, len }] : changed;
  }

  #heapInUse(image: ArenaImage): AddrRange[] {
    const { heap } = this.linker;
    const topAddr = this.linker.addressOf(HEAP_TOP);
    if (heap === undefined || topAddr === undefined) return [];
    const top = new DataView(image.read({ addr: topAddr, len: 4 }).buffer).getUint32(0, true);
    return top > heap.addr && top <= heap.addr + heap.len ? [{ addr: heap.addr, len: top - heap.addr }] : [];
  }
}
