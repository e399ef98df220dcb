// Handlers that `bw::on_irq` installed, as far as the host has a hand in them. A handler's address stands in a word of a
// table on the board (firmware-stub/support/irq.h) and in no relocation, so that nothing here knows who handles what;
// the table is read when that matters:
//
//   a function is typed again          words that hold its old address get the new one, in the batch that brings it
//   an input that may install fails,   the table as it was before the input
//     or is taken back
//   undo frees a function              words that still lead there lead to nobody
//
// A word is written as one instant (the stub's write of 16 bytes or less), so an interrupt meets the old handler or
// the new one. The table comes onto the board in a step of its own, before the first input that wants it: no failure of
// that input leaves the processor with a table that is gone.

import type { BoardRecord } from '../../boards/board.js';
import type { BatchReply, Op } from '../../protocol/batch.js';
import type { ObjectFile } from '../elf/object-file.js';
import type { LinkSession } from '../link/session.js';
import type { AddrRange, Companion, StagedLink } from '../link/types.js';
import type { SavedBytes } from './plan-batch.js';

/** In `firmware-stub/support/irq-init.c`: by it the host finds that file. */
export const IRQ_INIT = '__bw_irq_init';
const SET = 'bw_irq_set';
const UNSET = 'bw_irq_unset';
const STOP = 'bw_irq_stop';
const START = 'bw_irq_start';

/** Words of the tables in `firmware-stub/support/irq-table-*.c`. */
const TABLE_WORDS = [48, 64, 128, 256] as const;
/** Exceptions of a Cortex-M before its interrupts. */
const CORE_VECTORS = 16;
/** The stub writes so much as one instant. */
const INSTANT_BYTES = 16;

/** What is done to the table along with an input. */
export interface TablePlan {
  /** Reads the table before. */
  readonly read: Op & { readonly op: 'READ' };
  /** The table as it is, in pieces that are written back each as one instant. */
  saved(table: Uint8Array): SavedBytes[];
  /** Words for functions that were typed again. */
  patches(table: Uint8Array): SavedBytes[];
}

export class InterruptTable {
  readonly #linker: LinkSession;
  readonly #name: string | undefined;
  readonly #len: number;

  constructor(board: BoardRecord, linker: LinkSession) {
    this.#linker = linker;
    const wanted = wordsFor(board);
    const words = TABLE_WORDS.find((each) => wanted !== undefined && each >= wanted);
    this.#name = words === undefined ? undefined : `__bw_irq_table_${words}`;
    this.#len = 4 * (words ?? 0);
  }

  /** Where it stands; undefined until something wanted it. */
  get place(): AddrRange | undefined {
    const addr = this.#name === undefined ? undefined : this.#linker.addressOf(this.#name);
    return addr === undefined ? undefined : { addr, len: this.#len };
  }

  /** The table goes with what installs handlers. */
  get companions(): Companion[] {
    return this.#name === undefined ? [] : [{ when: SET, also: this.#name }];
  }

  /** Whether an input installs handlers and there is no table yet. */
  isWanted(object: ObjectFile): boolean {
    return this.#name !== undefined && this.place === undefined && installs(object);
  }

  /** What to do about the table along with `staged`; undefined if nothing. */
  planFor(staged: StagedLink, object: ObjectFile | undefined): TablePlan | undefined {
    const { place } = this;
    if (place === undefined || (staged.moved.length === 0 && !(object !== undefined && installs(object)))) {
      return undefined;
    }
    return {
      read: { op: 'READ', ...place },
      saved: (table) =>
        Array.from({ length: Math.ceil(table.length / INSTANT_BYTES) }, (_, index) => ({
          addr: place.addr + INSTANT_BYTES * index,
          data: table.subarray(INSTANT_BYTES * index, INSTANT_BYTES * (index + 1)),
        })),
      patches: (table) =>
        wordsOf(table).flatMap((word, index) => {
          const moved = staged.moved.find(({ from }) => from === word);
          return moved === undefined ? [] : [{ addr: place.addr + 4 * index, data: bytesOf(moved.to) }];
        }),
    };
  }

  /** Reads the table as it is now, for `dangling`. */
  readOps(): Op[] {
    return this.place === undefined ? [] : [{ op: 'READ', ...this.place }];
  }

  /** Ops for the words that lead to code which is gone.
   *  @param reply of `readOps`
   *  @param restore what is written to the board before these */
  dangling(reply: BatchReply | undefined, restore: readonly Op[]): Op[] {
    const [result] = reply?.results ?? [];
    const unset = this.#linker.addressOf(UNSET);
    const { place } = this;
    if (place === undefined || unset === undefined || result?.op !== 'READ') return [];
    const table = result.data.slice();
    for (const op of restore) {
      if (op.op === 'WRITE' && op.addr >= place.addr && op.addr + op.data.length <= place.addr + place.len)
        table.set(op.data, op.addr - place.addr);
    }
    const { arena } = this.#linker;
    return wordsOf(table).flatMap((word, index): Op[] => {
      const isStubs = word < arena.addr || word >= arena.addr + arena.len;
      if (isStubs || this.#linker.symbolAt((word & ~1) >>> 0) !== undefined) return [];
      return [{ op: 'WRITE', addr: place.addr + 4 * index, data: bytesOf(unset) }];
    });
  }

  /** Ops that keep the user's interrupts out, while memory is put to another state. */
  stopOps(): Op[] {
    return this.#runOps(STOP);
  }

  /** Ops that let them in as the table says now. */
  startOps(): Op[] {
    return this.#runOps(START);
  }

  #runOps(name: string): Op[] {
    const entry = this.place === undefined ? undefined : this.#linker.addressOf(name);
    return entry === undefined ? [] : [{ op: 'RUN', entry }];
  }

  /** The same ops, with each write to the table cut into pieces that are instants. */
  inInstants(ops: readonly Op[]): readonly Op[] {
    const { place } = this;
    if (place === undefined || !ops.some((op) => touches(op, place))) return ops;
    return ops.flatMap((op): Op[] => {
      if (op.op !== 'WRITE' || !touches(op, place)) return [op];
      const pieces: Op[] = [];
      for (let at = 0; at < op.data.length; ) {
        const end = at + INSTANT_BYTES - ((op.addr + at) % INSTANT_BYTES);
        pieces.push({ op: 'WRITE', addr: op.addr + at, data: op.data.subarray(at, end) });
        at = end;
      }
      return pieces;
    });
  }
}

/** Words of a table for all of a board's interrupts; undefined where nothing is known of them. */
function wordsFor({ interrupts, arch }: BoardRecord): number | undefined {
  if (interrupts === undefined) return undefined;
  return interrupts.lines[1] + 1 + (arch === 'rv32' ? 0 : CORE_VECTORS);
}

const installs = ({ symbols }: ObjectFile): boolean =>
  symbols.some(({ name, section }) => name === SET && section === 'undefined');

const touches = (op: Op, { addr, len }: AddrRange): boolean =>
  op.op === 'WRITE' && op.addr < addr + len && op.addr + op.data.length > addr;

function wordsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength >> 2 }, (_, index) => view.getUint32(4 * index, true));
}

const bytesOf = (word: number): Uint8Array => new Uint8Array(Uint32Array.of(word).buffer);
