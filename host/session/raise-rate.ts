// Raises the rate of the line once board and host know each other, and brings it down again when they part. The stub has
// no word for it: code that is linked like an input sets the UART (firmware-stub/support/line-rate.c) and sets it back
// unless it is stopped by a BREAK that comes in at the new rate. So a rate that one of the ends, the adapter or the cable
// cannot do is left again by both ends, each by itself.
//
//   for each rate, the fastest first:  try it ─heard─▶ blocks both ways ─none or one damaged─▶ stay
//                                           └not heard─▶ next      └more damaged─▶ back, next
//
// A restart of the board brings it back to the rate that its image sets; the link finds it there (host/wire/line-rate.ts).

import { rateTable, type Uart } from '../../boards/uart.js';
import type { Op } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import { debugScope } from '../diag/debug.js';
import { BarewireError } from '../diag/error.js';
import type { ObjectFile } from '../elf/object-file.js';
import type { LinkSession } from '../link/session.js';
import type { AddrRange } from '../link/types.js';
import type { LinkCounters } from '../wire/counters.js';
import type { DeviceLink } from '../wire/link.js';
import { subtract } from './address-ranges.js';

const log = debugScope('session');

/** In `firmware-stub/support/line-rate.c`. */
export const RATE_TABLE = '__bw_line_rate';

/** Rates above the one that boards start with, the fastest first: what USB adapters commonly do. */
export const RATES: readonly number[] = [921_600, 460_800, 230_400];

/** The board goes back by itself after this time. */
const PATIENCE_MS = 300;
/** A new rate is tried with so many blocks each way, a frame each. */
const BLOCKS = 8;
const BLOCK_BYTES = 200;
/** One may be damaged by chance. */
const MOST_DAMAGED = 1;
/** Of the newest batches so many were sent again: the rate is too much for the line by now. */
const WATCHED_FRAMES = 24;
const MOST_RESENT = 6;

export interface RateParts {
  /** Of the stub; undefined where its rate stays as it is. */
  readonly uart: Uart | undefined;
  /** Rate of a board that has just started. */
  readonly baseBaud: number;
  readonly linker: LinkSession;
  /** Object of the support library that tries a rate, and is gone then. */
  readonly setter: ObjectFile;
  /** The link as it is now. */
  link(): DeviceLink;
  /** Rate that is not gone beyond. */
  readonly ceiling: number;
}

export class LineRate {
  readonly #parts: RateParts;
  /** Rates that did not do. */
  readonly #failed = new Set<number>();
  #watched: Pick<LinkCounters, 'sent' | 'resent'> = { sent: 0, resent: 0 };

  constructor(parts: RateParts) {
    this.#parts = parts;
  }

  /** Raises the rate as far as board, host and line can. A line on which that fails is left as it was.
   *  @throws WIRE_… when the board no longer answers at any rate */
  async raise(): Promise<void> {
    const { uart, ceiling } = this.#parts;
    const link = this.#parts.link();
    if (uart === undefined || !link.canSetBaud || link.baud === undefined) return;
    const most = Math.min(ceiling, uart.maxBaud);
    if (link.baud > most || this.#failed.has(link.baud)) await this.lower();
    const rates = [...new Set([ceiling, ...RATES])].sort((a, b) => b - a);
    for (const baud of rates.filter((each) => each <= most && !this.#failed.has(each))) {
      if (baud <= link.baud) return;
      if ((await this.#try(baud)) && (await this.#isGood())) {
        this.#watch();
        return;
      }
      log?.(`${baud} baud does not do`);
      this.#failed.add(baud);
      await this.lower();
    }
  }

  /** Brings both ends back to the rate that the board starts with. */
  async lower(): Promise<void> {
    const link = this.#parts.link();
    if (link.baud !== undefined && link.canSetBaud && link.baud !== this.#parts.baseBaud)
      await this.#try(this.#parts.baseBaud);
  }

  /** Leaves a rate at which much has to be sent again, for one that is less fast. To be called now and then. */
  async check(): Promise<void> {
    const link = this.#parts.link();
    const { baud } = link;
    if (baud === undefined || baud <= this.#parts.baseBaud) return;
    const { sent, resent } = link.counters;
    if (sent < this.#watched.sent) this.#watch(); // another link
    if (sent - this.#watched.sent < WATCHED_FRAMES) return;
    const again = resent - this.#watched.resent;
    this.#watch();
    if (again <= MOST_RESENT) return;
    log?.(`${again} frames were sent again at ${baud} baud`);
    this.#failed.add(baud);
    await this.lower();
    await this.raise();
  }

  /** The line failed at the rate that it has. */
  distrust(): void {
    const { baud } = this.#parts.link();
    if (baud !== undefined && baud !== this.#parts.baseBaud) this.#failed.add(baud);
  }

  #watch(): void {
    this.#watched = { ...this.#parts.link().counters };
  }

  /** @returns whether both ends have the rate now */
  async #try(baud: number): Promise<boolean> {
    const { linker, setter, uart } = this.#parts;
    const link = this.#parts.link();
    try {
      const { blocks, entries, addressOf } = linker.stage(setter, { input: 0, keep: 'reachable' });
      const table = rateTable(uart!, link.baud!, baud, PATIENCE_MS);
      const ops: Op[] = [
        ...blocks.map(({ addr, bytes }): Op => ({ op: 'WRITE', addr, data: bytes })),
        { op: 'WRITE', addr: addressOf(RATE_TABLE)!, data: new Uint8Array(table.buffer) },
      ];
      await link.execute(ops);
      await link.execute(
        entries.map((entry): Op => ({ op: 'RUN', entry })),
        { trialBaud: baud },
      );
    } catch (error) {
      if (!(error instanceof BarewireError)) throw error;
      log?.(`${baud} baud: ${error.message}`);
      if (error.code === 'LINK_ARENA_FULL') return false;
      await link.execute([]); // where are we?
    }
    return link.baud === baud;
  }

  /** Sends some blocks there and back. */
  async #isGood(): Promise<boolean> {
    const link = this.#parts.link();
    const free = this.#freeMemory();
    try {
      const before = await damaged(link);
      for (let block = 0; block < BLOCKS; block++) {
        const data = pattern(Math.min(BLOCK_BYTES, free.len), block);
        const at = { addr: free.addr, len: data.length };
        const reply = await link.execute([
          { op: 'WRITE', addr: at.addr, data },
          { op: 'CHECK', ...at, crc: crc32(data) },
          { op: 'READ', ...at },
        ]);
        if (reply.status !== 'OK') return false;
      }
      return (await damaged(link)) - before <= MOST_DAMAGED;
    } catch (error) {
      if (!(error instanceof BarewireError)) throw error;
      log?.(`${link.baud} baud: ${error.message}`);
      await link.execute([]);
      return false;
    }
  }

  /** The largest part of the arena that nobody holds. */
  #freeMemory(): AddrRange {
    const { linker } = this.#parts;
    const { arenaAddr, arenaSize } = this.#parts.link().hello;
    const free = subtract([{ addr: arenaAddr, len: arenaSize }], linker.heldRanges());
    return free.reduce((best, range) => (range.len > best.len ? range : best), { addr: arenaAddr, len: 0 });
  }
}

/** Frames that came in damaged so far, at either end; NaN when the board does not say. */
async function damaged(link: DeviceLink): Promise<number> {
  const board = await link.askBoard();
  return link.counters.badCrc + link.counters.badLength + (board === undefined ? NaN : board.badCrc + board.badLength);
}

/** Bytes of all kinds, others for each block. */
function pattern(length: number, block: number): Uint8Array {
  let state = 0x9e37_79b9 + block;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state >>> 24;
  });
}
