// What an input does to the board, all or nothing. From the first byte sent until the batch is known to have gone
// well there is a list of ops that is owed to the board: they write back what the batch overwrites. They are sent
// when the batch fails, or, if the line broke, before anything else is sent.

import type { BatchReply, Op } from '../../protocol/batch.js';
import { debugScope } from '../diag/debug.js';
import type { LinkSession } from '../link/session.js';
import type { AddrRange, StagedLink } from '../link/types.js';
import type { DeviceLink } from '../wire/link.js';
import type { ArenaImage } from './arena-image.js';
import { destroyOps } from './destructors.js';
import { isStop } from './errors.js';
import type { Guard } from './guard.js';
import type { InterruptTable, TablePlan } from './interrupts.js';
import { changesBoard, type InputOutcome, type SessionLog } from './log.js';
import { destroyedBy, planBatch, planSave, type SavedBytes, writeBack } from './plan-batch.js';
import { collectPointers, HEAP_TOP, planSearch } from './pointers.js';
import { COPY } from './replay.js';
import { SafeMemory } from './safe-memory.js';
import { Sparing } from './sparing.js';
import { FLUSH } from './stdio.js';

const log = debugScope('session');

/** What a batch did. */
export interface RunOutcome {
  readonly reply: BatchReply;
  /** Values of the variables that were defined again in place. */
  readonly saved: readonly SavedBytes[];
  /** Variables whose objects were destroyed because a new definition replaced them. */
  readonly destroyed: readonly AddrRange[];
  /** Words on the board that point to what is on trial; undefined when all of it must be kept. */
  readonly pointers: readonly number[] | undefined;
}

/** What the log keeps of it. */
export function outcomeOf({ saved, destroyed, pointers }: RunOutcome, heapBytes: number): InputOutcome {
  return { saved, destroyed, pointers, heapBytes };
}

/** Who brings a batch to the board, and knows what it should hold. */
export interface BoardParts {
  readonly linker: LinkSession;
  readonly log: SessionLog;
  readonly image: ArenaImage;
  /** Of boards with an MPU. */
  readonly guard: Guard | undefined;
  readonly interrupts: InterruptTable;
  /** The link as it is now. */
  link(): DeviceLink;
  /** Resolves when the board holds what it should.
   *  @throws when it cannot be reached */
  ready(): Promise<unknown>;
  /** An exchange failed. */
  failed(error: unknown): void;
}

/** Variables and heap are copied up to this size; reading them takes time on the line. */
const COPIED_BYTES = 16 * 1024;

/** Brings inputs to the board one at a time. */
export class Transactions {
  #owed: readonly Op[] = [];
  /** Owed even if the board starts from nothing. */
  #debt: readonly Op[] = [];
  #running = false;
  #lost = false;
  /** Heap in use, in bytes. */
  #heapBytes = 0;
  /** Code was stopped, or cut off by a restart: what it did cannot be repeated, only copied. */
  #unrepeatable = false;
  #copying: Promise<void> | undefined;

  /** Puts memory back after inputs that do not end well, while it is on. */
  readonly safe: SafeMemory;
  /** Leaves out what the board holds already. */
  readonly sparing: Sparing;

  constructor(private readonly board: BoardParts) {
    const { linker, interrupts } = board;
    this.sparing = new Sparing(board.image);
    this.safe = new SafeMemory(linker, (ops) => this.#exchange(interrupts.inInstants(ops), undefined));
  }

  /** Code may be running. */
  get running(): boolean {
    return this.#running;
  }

  /** The last exchange did not end. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Heap in use, in bytes, as far as the host knows. */
  get heapBytes(): number {
    return this.#heapBytes;
  }

  /** Ops to send before all others, since something was half done. */
  get owed(): readonly Op[] {
    return this.#owed;
  }

  /** What is owed was sent. */
  settled(): void {
    if (this.#debt.length > 0) this.board.log.ended('OK', this.#debt.length);
    this.#debt = [];
    this.#owed = [];
  }

  /** The board begins from nothing: what was half done is not there. */
  startOver(): void {
    this.safe.boardLost();
    this.sparing.forget();
    this.board.guard?.forget();
    this.#owed = this.#debt;
  }

  /** The board holds what it should, whatever became of the last exchange; its MPU may have been reset. */
  found(): void {
    this.#lost = false;
    this.board.guard?.forget();
  }

  /** The variables are to be copied before anything else is done: repeating the log would not give them. */
  unrepeatable(): void {
    this.#unrepeatable = true;
  }

  /** What a session that is taken up again knows.
   *  @param cut something was under way when it ended */
  resume(owed: readonly Op[], heapBytes: number, cut: boolean): void {
    this.#owed = owed;
    this.#heapBytes = heapBytes;
    this.#lost = cut;
  }

  /** Puts a staged input on the board and runs it. If it fails, what it overwrote is written back.
   *  @param value where the value will stand; it is read last
   *  @param examine sees a reply that is not OK before anything is written back, while the stack is as the code left it
   *  @param table what is done to the table of interrupt handlers
   *  @returns a reply whose status is not OK when it failed
   *  @throws WIRE_… when the line broke; what is owed then waits for the next exchange */
  async run(
    staged: StagedLink,
    value: AddrRange | undefined,
    runTimeoutMs: number | undefined,
    examine?: (reply: BatchReply) => Promise<void>,
    table?: TablePlan,
  ): Promise<RunOutcome> {
    const { safe } = this;
    await this.settle();
    await safe.sync();
    const saves = planSave(staged);
    const reads = [...saves, ...(table === undefined ? [] : [table.read])];
    const read = reads.length === 0 ? undefined : await this.#exchange(reads, undefined);
    const saved = saves.flatMap(({ addr }, index): SavedBytes[] => {
      const result = read?.results[index];
      return result?.op === 'READ' ? [{ addr, data: result.data }] : [];
    });
    const handlers: SavedBytes[] = [];
    const before = table === undefined ? undefined : read?.results.at(-1);
    if (before?.op === 'READ') {
      saved.push(...table!.saved(before.data));
      handlers.push(...table!.patches(before.data));
    }
    if (read !== undefined && read.status !== 'OK') return { reply: read, saved, destroyed: [], pointers: undefined };

    const addressOf = (symbol: string): number | undefined => this.board.linker.addressOf(symbol);
    const search = planSearch(staged, this.#heapBytes);
    const flush = staged.addressOf(FLUSH);
    const track = safe.on ? safe.begin() : [];
    const plan = planBatch(staged, { saved, addressOf, flush, search, handlers, track, value });
    const { input } = staged;
    const forget = destroyOps(addressOf, { low: input, high: input + 1, by: 'input', forget: true });
    await this.board.ready();
    await this.protect(staged);
    this.#owed = [...writeBack(plan.overwritten, []), ...forget];
    const ops = [...safe.heapOps(staged), ...plan.ops];
    const ahead = ops.length - plan.ops.length;
    const reply = withoutFirst(ahead, await this.#track(ops, runTimeoutMs));
    if (reply.status !== 'OK') await examine?.(reply);
    if (safe.on && reply.status !== 'OK') {
      await this.#mend();
      return { reply, saved, destroyed: [], pointers: undefined };
    }
    const destroyed = destroyedBy(plan, reply);
    if (reply.status !== 'OK') {
      this.#owed = [...writeBack(plan.overwritten, destroyed), ...forget];
      await this.settle();
      return { reply, saved, destroyed, pointers: undefined };
    }
    this.#owed = [];
    let pointers: readonly number[] | undefined;
    if (search !== undefined) {
      const look = (more: readonly Op[]): Promise<BatchReply> => this.#exchange(more, undefined);
      const found = await collectPointers(search, plan.ops, reply, plan.searchAt, look);
      this.#heapBytes = Math.max(this.#heapBytes, found.heapBytes);
      pointers = found.words;
    }
    await safe.ran(reply.results.slice(plan.trackAt, plan.trackAt + track.length));
    return { reply, saved, destroyed, pointers };
  }

  /** Sends ops after those that are owed. */
  async execute(ops: readonly Op[], runTimeoutMs?: number): Promise<BatchReply> {
    const { safe } = this;
    await this.settle();
    if (!ops.some(({ op }) => op === 'RUN')) return this.#exchange(ops, runTimeoutMs);
    await safe.sync();
    await this.board.ready();
    await this.protect();
    if (!safe.on) return this.#exchange(ops, runTimeoutMs);
    const track = safe.begin();
    const reply = await this.#track([...ops, ...track], runTimeoutMs);
    if (reply.status !== 'OK') await this.#mend();
    else await safe.ran(reply.results.slice(ops.length));
    safe.committed();
    return { ...reply, done: Math.min(reply.done, ops.length), results: reply.results.slice(0, ops.length) };
  }

  /** Sends ops of our own, with the MPU as it is. */
  async send(ops: readonly Op[]): Promise<BatchReply> {
    await this.settle();
    return this.#exchange(ops, undefined);
  }

  /** Has the MPU refuse writes to code, also to that of `staged`. */
  async protect(staged?: StagedLink): Promise<void> {
    const ops = this.board.guard?.ops(staged) ?? [];
    if (ops.length === 0) return;
    try {
      const { status } = await this.#exchange(ops, undefined);
      if (status === 'OK') return;
      log?.(`setting the MPU ended ${status}`);
      this.board.guard?.forget();
    } catch (error) {
      this.board.guard?.forget();
      throw error;
    }
  }

  /** Makes memory what it was before a run that did not go well; nothing else is owed for that run then. */
  async #mend(): Promise<void> {
    if (!this.safe.owes) return;
    await this.safe.mend();
    this.#owed = this.#debt;
  }

  /** Sends a batch that runs code; until it is known to have gone well there is something to mend. */
  async #track(ops: readonly Op[], runTimeoutMs: number | undefined): Promise<BatchReply> {
    if (this.safe.on) this.safe.sending(ops);
    return this.#exchange(ops, runTimeoutMs);
  }

  /** Sends ops that change nothing before those that are owed. */
  peek(ops: readonly Op[]): Promise<BatchReply> {
    return this.#exchange(ops, undefined);
  }

  /** Sends `ops` as soon as the board can be reached, now if possible. */
  async owe(ops: readonly Op[]): Promise<void> {
    this.#owed = [...this.#owed, ...ops];
    this.#debt = this.#owed;
    await this.settle();
  }

  /** Sends what is owed. */
  async settle(): Promise<void> {
    await this.#mend();
    if (this.#owed.length === 0) return;
    const { status } = await this.#exchange(this.#owed, undefined);
    this.#owed = [];
    this.#debt = [];
    if (status !== 'OK') log?.(`what was owed to the board ended ${status}`);
  }

  /** Notes what the variables are in the log, when repeating what is in it would not give them. To be called while no
   *  entry of the log is open; once more while it is under way does no harm. */
  copyVariables(): Promise<void> {
    if (this.#copying === undefined && this.#unrepeatable) {
      this.#copying = this.#copy()
        .catch((error: unknown) => log?.(`variables not copied: ${String(error)}`))
        .finally(() => {
          this.#copying = undefined;
        });
    }
    return this.#copying ?? Promise.resolve();
  }

  async #copy(): Promise<void> {
    const { linker, log } = this.board;
    const ranges = [...linker.variableRanges(), ...(await this.#heapInUse())];
    const reads = ranges.map(({ addr, len }): Op => ({ op: 'READ', addr, len }));
    if (ranges.reduce((sum, { len }) => sum + len, 0) <= COPIED_BYTES) {
      const { status, results } = await this.#exchange(reads, undefined);
      if (status !== 'OK') return;
      const writes = results.map(
        (result, index): Op => ({
          op: 'WRITE',
          addr: ranges[index]!.addr,
          data: result.op === 'READ' ? result.data : new Uint8Array(0),
        }),
      );
      log.note(COPY, writes);
    }
    this.#unrepeatable = false;
  }

  async #heapInUse(): Promise<AddrRange[]> {
    const { linker } = this.board;
    const topAddr = linker.addressOf(HEAP_TOP);
    if (linker.heap === undefined || topAddr === undefined) return [];
    const { results } = await this.#exchange([{ op: 'READ', addr: topAddr, len: 4 }], undefined);
    const [top] = results;
    if (top?.op !== 'READ') return [];
    const end = new DataView(top.data.buffer, top.data.byteOffset, 4).getUint32(0, true);
    const { addr, len } = linker.heap;
    return end > addr && end <= addr + len ? [{ addr, len: end - addr }] : [];
  }

  async #exchange(ops: readonly Op[], runTimeoutMs: number | undefined): Promise<BatchReply> {
    const { log, image } = this.board;
    await this.board.ready();
    const changes = changesBoard(ops);
    if (changes) log.sending(ops, this.#owed);
    this.#running = true;
    this.#lost = true;
    try {
      const link = this.board.link();
      const options = runTimeoutMs === undefined ? {} : { runTimeoutMs };
      const reply = await this.sparing.execute((...batch) => link.execute(...batch), ops, options);
      this.#lost = false;
      this.safe.sent(ops, reply);
      if (reply.failure.bootId !== undefined) this.board.guard?.forget(); // the board restarted, with its memory
      if (changes) {
        log.ended(reply.status, reply.done);
        image.apply(ops.slice(0, reply.done));
        if (isStop(reply.status)) this.#unrepeatable = !this.safe.on;
      }
      return reply;
    } catch (error) {
      this.board.failed(error);
      throw error;
    } finally {
      this.#running = false;
    }
  }
}

/** The answer without its first results. */
function withoutFirst(count: number, reply: BatchReply): BatchReply {
  if (count === 0) return reply;
  return { ...reply, done: Math.max(0, reply.done - count), results: reply.results.slice(count) };
}
