// `:safe`, `:checkpoint`, `:rollback` and `:diff`: what the prompt does with copies of memory. A checkpoint is such a
// copy together with all that the host knew at that moment: names, declarations, what can be undone. Going back makes
// memory, names and code what they were; what the program did to the world outside of memory stays done.

import type { BoardRecord } from '../../boards/board.js';
import { BarewireError } from '../diag/error.js';
import type { ObjectFile } from '../elf/object-file.js';
import type { LinkSession } from '../link/session.js';
import type { LinkSnapshot } from '../link/snapshot.js';
import { totalBytes } from './address-ranges.js';
import { listChanges, type Moment, type SymbolAt } from './changes.js';
import type { Guard } from './guard.js';
import type { InterruptTable } from './interrupts.js';
import type { HostStep } from './log.js';
import type { SafeCost } from './safe-memory.js';
import { PageTracker, SUM, SumTracker, TAKE } from './trackers.js';
import type { Transactions } from './transaction.js';

/** Smallest page whose writes are told apart, as a power of two. QEMU looks an access up by its first byte, within
 *  pages of 1 KiB: an unaligned one that crosses a smaller page would be missed. */
const PAGE_LOG2 = { hardware: 7, qemu: 10 } as const;

/** In `firmware-stub/support/track-init.c` and `sum-init.c`: with an MPU and without. */
export const TRACK_INIT = '__bw_track_init';
export const SUM_INIT = '__bw_sum_init';

/** Names of the log's entries. */
export const SAFE_ON = 'safe on';
const SAFE_OFF = 'safe off';

/** What the session beside linker and memory is made of. */
export interface SafeParts<State> {
  readonly board: BoardRecord;
  readonly linker: LinkSession;
  readonly transactions: Transactions;
  readonly guard: Guard | undefined;
  readonly interrupts: InterruptTable;
  /** Brings the table of interrupt handlers along. */
  linkInterrupts(input: number): void;
  /** Object of the support library that brings the tracking along. */
  readonly trackInit: ObjectFile;
  /** Number of the newest input. */
  newestInput(): number;
  /** All else that the host knows of the session; `restore` goes back to it. */
  state(): State;
  restore(state: State): void;
  /** Does something that sends batches, with an entry of its own in the log.
   *  @param host what it does to the host */
  logged<T>(what: string, action: () => Promise<T>, host?: HostStep): Promise<T>;
  readonly symbolAt: SymbolAt;
}

interface Checkpoint<State> extends Moment {
  readonly linker: LinkSnapshot;
  readonly state: State;
  readonly input: number;
  readonly takenAtMs: number;
}

export interface CheckpointInfo {
  readonly name: string;
  /** Newest input in it. */
  readonly input: number;
  readonly bytes: number;
  readonly ageMs: number;
}

export interface SafeStatus {
  readonly on: boolean;
  /** How it is found out what an input touched. */
  readonly means: string;
  readonly cost: SafeCost | undefined;
}

export class SafeMode<State> {
  readonly #parts: SafeParts<State>;
  /** Checkpoints of a recorded log. */
  readonly #marks = new Map<string, { readonly linker: LinkSnapshot; readonly state: State }>();
  readonly #checkpoints = new Map<string, Checkpoint<State>>();

  constructor(parts: SafeParts<State>) {
    this.#parts = parts;
  }

  /** On or off, and what it cost for the last input. */
  async status(): Promise<SafeStatus> {
    const { safe } = this.#parts.transactions;
    if (safe.on) await safe.sync();
    return { on: safe.on, means: safe.means, cost: safe.cost };
  }

  /** From now on inputs that do not end well leave memory as it was. */
  async on(): Promise<void> {
    const { transactions, guard, linker } = this.#parts;
    if (transactions.safe.on) return;
    const host = this.#tracks ? undefined : ({ kind: 'track', input: this.#parts.newestInput() } as const);
    const begin = async (): Promise<void> => {
      await this.#linkTracking();
      if (!guard?.canTrack) {
        await transactions.safe.start(new SumTracker(linker, () => transactions.safe.image));
        return;
      }
      const qemu = this.#parts.board.simulator?.kind === 'qemu';
      await transactions.send(guard.track(PAGE_LOG2[qemu ? 'qemu' : 'hardware']));
      await transactions.protect();
      await transactions.safe.start(new PageTracker(linker, guard));
    };
    await this.#parts.logged(SAFE_ON, begin, host);
  }

  async off(): Promise<void> {
    const { transactions, guard } = this.#parts;
    if (!transactions.safe.on) return;
    await transactions.settle();
    transactions.safe.stop();
    if (!guard?.canTrack) return;
    await this.#parts.logged(SAFE_OFF, async () => {
      await transactions.send(guard.track(undefined));
      await transactions.protect();
    });
  }

  /** Keeps this moment under a name; an older one of that name is gone. */
  async checkpoint(name: string): Promise<CheckpointInfo> {
    const { transactions, linker } = this.#parts;
    const mark = { kind: 'mark', name } as const;
    const image = await this.#parts.logged(`checkpoint ${name}`, () => transactions.safe.snapshot(), mark);
    this.#checkpoints.set(name, {
      ...this.#moment(image),
      linker: linker.snapshot(),
      state: this.#parts.state(),
      input: this.#parts.newestInput(),
      takenAtMs: Date.now(),
    });
    return this.checkpoints().find((each) => each.name === name)!;
  }

  /** What there is to go back to, oldest first. */
  checkpoints(): CheckpointInfo[] {
    return [...this.#checkpoints]
      .map(([name, { input, held, takenAtMs }]) => ({
        name,
        input,
        bytes: totalBytes(held),
        ageMs: Date.now() - takenAtMs,
      }))
      .sort((a, b) => b.ageMs - a.ageMs);
  }

  /** Goes back to a checkpoint; it and all others stay.
   *  @returns bytes that had to be written
   *  @throws SESSION_NO_CHECKPOINT */
  async rollback(name: string): Promise<number> {
    const { transactions, linker, guard, interrupts } = this.#parts;
    const { safe } = transactions;
    const checkpoint = this.#find(name);
    const wasOn = safe.on;
    await transactions.settle();
    await this.off();
    const back = async (): Promise<number> => {
      const stop = interrupts.stopOps();
      if (stop.length > 0) await transactions.send(stop);
      const bytes = await safe.restoreTo(checkpoint.image, checkpoint.held);
      linker.restore(checkpoint.linker);
      const start = interrupts.startOps();
      if (start.length > 0) await transactions.send(start);
      this.#parts.restore(checkpoint.state);
      guard?.forget();
      return bytes;
    };
    const written = await this.#parts.logged(`going back to ${name}`, back, { kind: 'back', name });
    if (wasOn) await this.on();
    return written;
  }

  /** Does to the host what an entry of a recorded log did. A checkpoint of it can be gone back to by the entries behind
   *  it, and not by the user any more: the copy of memory is gone. */
  redo(step: HostStep): void {
    const { linker, trackInit } = this.#parts;
    switch (step.kind) {
      case 'track':
        linker.commit(linker.stage(trackInit, { input: step.input, keep: 'reachable' }));
        return;
      case 'interrupts':
        this.#parts.linkInterrupts(step.input);
        return;
      case 'mark':
        this.#marks.set(step.name, { linker: linker.snapshot(), state: this.#parts.state() });
        return;
      case 'back': {
        const mark = this.#marks.get(step.name)!;
        linker.restore(mark.linker);
        this.#parts.restore(mark.state);
        return;
      }
    }
  }

  /** Variables that changed since a checkpoint, or by the last input, one line each.
   *  @throws SESSION_NO_CHECKPOINT, SESSION_NO_COPY */
  async diff(name?: string): Promise<string[]> {
    const { safe } = this.#parts.transactions;
    const before = name === undefined ? safe.previous : this.#find(name);
    if (before === undefined) {
      throw new BarewireError(
        'SESSION_NO_COPY',
        safe.on
          ? 'no input has run since `:safe on`'
          : 'there is no copy of memory from before the last input: `:safe on` keeps one, `:checkpoint NAME` takes one to compare with by `:diff NAME`',
      );
    }
    return listChanges(before, this.#moment(await safe.snapshot()), this.#parts.symbolAt);
  }

  #moment(image: Moment['image']): Moment {
    const { linker, transactions } = this.#parts;
    return { image, variables: linker.variableSections(), held: transactions.safe.held() };
  }

  #find(name: string): Checkpoint<State> {
    const found = this.#checkpoints.get(name);
    if (found !== undefined) return found;
    const names = [...this.#checkpoints.keys()];
    const hint = names.length === 0 ? '`:checkpoint NAME` makes one' : `there are ${names.join(', ')}`;
    throw new BarewireError('SESSION_NO_CHECKPOINT', `there is no checkpoint ${name}; ${hint}`, { name, names });
  }

  /** What tracks is on the board. */
  get #tracks(): boolean {
    return this.#parts.linker.addressOf(this.#parts.guard?.canTrack ? TAKE : SUM) !== undefined;
  }

  /** The tracking library becomes part of the session like any other that an input needs. */
  async #linkTracking(): Promise<void> {
    const { linker, transactions, trackInit } = this.#parts;
    if (this.#tracks) return;
    const staged = linker.stage(trackInit, { input: this.#parts.newestInput(), keep: 'reachable' });
    await transactions.run(staged, undefined, undefined);
    linker.commit(staged);
  }
}
