// What an input does to the board, all or nothing. From the first byte sent until the batch is known to have gone
// well there is a list of ops that is owed to the board: they write back what the batch overwrites. They are sent
// when the batch fails, or, if the line broke, before anything else is sent.

import type { BatchReply, Op } from '../../protocol/batch.js';
import { debugScope } from '../diag/debug.js';
import type { LinkSession } from '../link/session.js';
import type { AddrRange, StagedLink } from '../link/types.js';
import type { DeviceLink } from '../wire/link.js';
import { destroyOps } from './destructors.js';
import { destroyedBy, planBatch, planSave, type SavedBytes, writeBack } from './plan-batch.js';
import { collectPointers, planSearch } from './pointers.js';
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

/** Brings inputs to the board one at a time. */
export class Transactions {
  #owed: readonly Op[] = [];
  #running = false;
  #lost = false;
  /** Heap in use, in bytes. */
  #heapBytes = 0;

  constructor(
    private readonly link: DeviceLink,
    private readonly linker: LinkSession,
  ) {}

  /** Code may be running. */
  get running(): boolean {
    return this.#running;
  }

  /** The last exchange did not end. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Puts a staged input on the board and runs it. If it fails, what it overwrote is written back.
   *  @param value where the value will stand; it is read last
   *  @returns a reply whose status is not OK when it failed
   *  @throws WIRE_… when the line broke; what is owed then waits for the next exchange */
  async run(staged: StagedLink, value: AddrRange | undefined, runTimeoutMs: number | undefined): Promise<RunOutcome> {
    const saves = planSave(staged);
    const read = saves.length === 0 ? undefined : await this.execute(saves);
    const saved = saves.flatMap(({ addr }, index) => {
      const result = read?.results[index];
      return result?.op === 'READ' ? [{ addr, data: result.data }] : [];
    });
    if (read !== undefined && read.status !== 'OK') return { reply: read, saved, destroyed: [], pointers: undefined };

    const addressOf = (symbol: string): number | undefined => this.linker.addressOf(symbol);
    const search = planSearch(staged, this.#heapBytes);
    const plan = planBatch(staged, { saved, addressOf, flush: staged.addressOf(FLUSH), search, value });
    const { input } = staged;
    const forget = destroyOps(addressOf, { low: input, high: input + 1, by: 'input', forget: true });
    await this.settle();
    this.#owed = [...writeBack(plan.overwritten, []), ...forget];
    const reply = await this.#exchange(plan.ops, runTimeoutMs);
    const destroyed = destroyedBy(plan, reply);
    if (reply.status !== 'OK') {
      this.#owed = [...writeBack(plan.overwritten, destroyed), ...forget];
      await this.settle();
      return { reply, saved, destroyed, pointers: undefined };
    }
    this.#owed = [];
    if (search === undefined) return { reply, saved, destroyed, pointers: undefined };
    const found = await collectPointers(search, plan.ops, reply, plan.searchAt, (ops) => this.execute(ops));
    this.#heapBytes = Math.max(this.#heapBytes, found.heapBytes);
    return { reply, saved, destroyed, pointers: found.words };
  }

  /** Sends ops after those that are owed. */
  async execute(ops: readonly Op[], runTimeoutMs?: number): Promise<BatchReply> {
    await this.settle();
    return this.#exchange(ops, runTimeoutMs);
  }

  /** Sends `ops` as soon as the board can be reached, now if possible. */
  async owe(ops: readonly Op[]): Promise<void> {
    this.#owed = [...this.#owed, ...ops];
    await this.settle();
  }

  /** Sends what is owed. */
  async settle(): Promise<void> {
    if (this.#owed.length === 0) return;
    const { status } = await this.#exchange(this.#owed, undefined);
    this.#owed = [];
    if (status !== 'OK') log?.(`what was owed to the board ended ${status}`);
  }

  async #exchange(ops: readonly Op[], runTimeoutMs: number | undefined): Promise<BatchReply> {
    this.#running = true;
    this.#lost = true;
    try {
      const reply = await this.link.execute(ops, runTimeoutMs === undefined ? {} : { runTimeoutMs });
      this.#lost = false;
      return reply;
    } finally {
      this.#running = false;
    }
  }
}
