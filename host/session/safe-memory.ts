// `:safe on`: an input that does not end well leaves every byte of session memory as it was before it. The host keeps
// the only copy there is. After an input that went well the copy is brought up to date where memory changed; after one
// that did not, memory is made what the copy says there. Both cost what the input touched.
//
//   run ─ OK ──────▶ changed ranges ─pull─▶ copy        (in the background: the value is shown first)
//       └ otherwise ▶ changed ranges ◀─push─ copy
//
// Memory that nobody holds is left alone; what is left of the heap is zeroed once, so that it too is known.

import type { BatchReply, Op, OpResult } from '../../protocol/batch.js';
import { debugScope } from '../diag/debug.js';
import type { LinkSession } from '../link/session.js';
import type { AddrRange, StagedLink } from '../link/types.js';
import { intersect, inWords, normalise, subtract, totalBytes } from './address-ranges.js';
import { ArenaImage } from './arena-image.js';
import type { Moment } from './changes.js';
import { type Execute, pull, push } from './compare-memory.js';
import { HEAP_TOP } from './pointers.js';
import type { TrackedPass, Tracker } from './trackers.js';

const log = debugScope('session');

/** What `:safe` did for an input. */
export interface SafeCost {
  /** Bytes that may have changed, read or written back, and the time that took beside the input's own. */
  readonly suspectBytes: number;
  readonly movedBytes: number;
  readonly ms: number;
  readonly restored: boolean;
}

/** A batch that is on its way. */
interface Pass {
  readonly before: ArenaImage;
  readonly trackOps: readonly Op[];
  /** Session memory before it. */
  readonly held: readonly AddrRange[];
  readonly variables: Moment['variables'];
  sent: readonly Op[];
  /** Where it changed memory, once that is known. */
  changed?: readonly AddrRange[];
}

export class SafeMemory {
  readonly #linker: LinkSession;
  readonly #execute: Execute;
  #tracker: Tracker | undefined;
  #image = new ArenaImage();
  /** As it was before the last input that went well. */
  #previous: Moment | undefined;
  /** Where the copy may be out of date. */
  #stale: readonly AddrRange[] = [];
  #pass: Pass | undefined;
  /** A pass that did not end well and is not mended yet. */
  #broken: Pass | undefined;
  /** Where the copy missed the last changes when the board's memory was lost. */
  #unread: readonly AddrRange[] = [];
  #syncing: Promise<void> | undefined;
  #cost: SafeCost | undefined;

  /** @param execute sends ops without any of this */
  constructor(linker: LinkSession, execute: Execute) {
    this.#linker = linker;
    this.#execute = execute;
  }

  get on(): boolean {
    return this.#tracker !== undefined;
  }

  get means(): string {
    return this.#tracker?.means ?? '';
  }

  get cost(): SafeCost | undefined {
    return this.#cost;
  }

  /** The copy; what it says counts after `sync`. */
  get image(): ArenaImage {
    return this.#image;
  }

  /** Memory and variables before the last input that went well; undefined when there was none. */
  get previous(): Moment | undefined {
    return this.#previous;
  }

  /** Memory of the session in whole words: what somebody holds, less what the support library changes by itself. */
  held(): AddrRange[] {
    return subtract(normalise(inWords(this.#linker.heldRanges())), this.#linker.changingRanges());
  }

  /** Takes a copy of all session memory and keeps it up to date from now on. */
  async start(tracker: Tracker): Promise<void> {
    await this.#knowHeap();
    this.#tracker = tracker;
    this.#previous = undefined;
    this.#stale = this.held();
    await this.sync();
  }

  stop(): void {
    this.#tracker = undefined;
    this.#broken = undefined;
    this.#previous = undefined;
  }

  /** Nothing of the copy is to be trusted: memory was changed without it. */
  forget(): void {
    this.#broken = undefined;
    if (this.on) this.#stale = this.held();
  }

  /** A copy of session memory as it is now, `:safe on` or not. */
  async snapshot(): Promise<ArenaImage> {
    if (!this.on) {
      await this.#knowHeap();
      this.#stale = this.held();
    }
    await this.sync();
    return this.#image.clone();
  }

  /** Makes the board hold what `image` says in `ranges`. */
  async restoreTo(image: ArenaImage, ranges: readonly AddrRange[]): Promise<number> {
    await this.#syncing?.catch(() => undefined);
    this.#stale = [];
    const written = await push(this.#execute, image, ranges);
    this.#image = image.clone();
    this.#previous = undefined;
    return written;
  }

  /** What stands in a range, by the copy. */
  read(range: AddrRange): Uint8Array {
    return this.#image.read(range);
  }

  /** Before a batch that runs code.
   *  @returns ops to put behind the run */
  begin(): readonly Op[] {
    const trackOps = this.#tracker?.ops() ?? [];
    this.#pass = {
      before: this.#image.clone(),
      trackOps,
      held: this.held(),
      variables: this.#linker.variableSections(),
      sent: [],
    };
    return trackOps;
  }

  /** The heap that an input reserves is zeroed, so that its content is known. */
  heapOps(staged: StagedLink): Op[] {
    if (!this.on || staged.heap === undefined || this.#linker.heap !== undefined) return [];
    return [{ op: 'FILL', ...staged.heap, value: 0 }];
  }

  /** A batch is about to be sent. */
  sending(ops: readonly Op[]): void {
    if (this.#pass === undefined) return;
    this.#pass.sent = ops;
    this.#broken = this.#pass;
  }

  /** The host wrote what was done of `ops`. */
  sent(ops: readonly Op[], reply: BatchReply): void {
    this.#image.apply(ops.slice(0, reply.done));
  }

  /** The batch went well.
   *  @param results of the ops that `begin` gave */
  async ran(results: readonly OpResult[]): Promise<void> {
    const pass = this.#pass;
    if (pass === undefined || this.#tracker === undefined) return;
    const changed = await this.#tracker.changed(results, this.#tracked(pass));
    this.#stale = [...this.#stale, ...changed];
    this.#previous = { image: pass.before, held: pass.held, variables: pass.variables };
    this.#pass = undefined;
    this.#broken = undefined;
  }

  /** The linker has taken the input over: its memory is the session's now. Brings the copy up to date meanwhile. */
  committed(): void {
    if (!this.on) return;
    void this.sync().catch((error: unknown) => log?.(`the copy of memory is late: ${String(error)}`));
  }

  /** Something is to be put back before anything else is done. */
  get owes(): boolean {
    return this.#broken !== undefined && this.on;
  }

  /** The board's memory was lost and what was done is done again on it, which need not give the same. */
  boardLost(): void {
    if (!this.on) return;
    this.#broken ??= { before: this.#image.clone(), trackOps: [], held: this.held(), variables: [], sent: [] };
    this.#broken.changed = this.#broken.held;
    // What had not been read yet is as repeating gives it.
    this.#unread = this.#stale;
  }

  /** Puts session memory back to what it was before the batch that did not go well. */
  async mend(): Promise<void> {
    const pass = this.#broken;
    if (pass === undefined || this.#tracker === undefined) return;
    const startMs = performance.now();
    const tracker = this.#tracker;
    if (pass.changed === undefined) {
      // The board tells only once: if its answer is lost, all of memory is looked at.
      pass.changed = pass.held;
      pass.changed = await tracker.changed(undefined, this.#tracked(pass));
    }
    const suspects = subtract(intersect([...pass.changed, ...writesOf(pass.sent)], pass.held), this.#unread);
    const movedBytes = await push(this.#execute, pass.before, suspects);
    this.#unread = [];
    this.#image = pass.before;
    this.#pass = undefined;
    this.#broken = undefined;
    this.#cost = {
      suspectBytes: totalBytes(suspects),
      movedBytes,
      ms: performance.now() - startMs,
      restored: true,
    };
  }

  #tracked(pass: Pass): TrackedPass {
    return { ops: pass.trackOps, written: writesOf(pass.sent), image: this.#image, execute: this.#execute };
  }

  /** Resolves when the copy is up to date. */
  async sync(): Promise<void> {
    await this.#syncing?.catch(() => undefined);
    if (this.#stale.length === 0) return;
    this.#syncing = this.#pullStale();
    try {
      await this.#syncing;
    } finally {
      this.#syncing = undefined;
    }
  }

  async #pullStale(): Promise<void> {
    const startMs = performance.now();
    const suspects = intersect(this.#stale, this.held());
    const movedBytes = await pull(this.#execute, this.#image, suspects);
    this.#stale = [];
    this.#cost = {
      suspectBytes: totalBytes(suspects),
      movedBytes,
      ms: performance.now() - startMs,
      restored: false,
    };
  }

  /** What is left of the heap becomes zero. */
  async #knowHeap(): Promise<void> {
    const { heap } = this.#linker;
    const topAddr = this.#linker.addressOf(HEAP_TOP);
    if (heap === undefined || topAddr === undefined) return;
    const { results } = await this.#execute([{ op: 'READ', addr: topAddr, len: 4 }]);
    const [result] = results;
    if (result?.op !== 'READ') return;
    const top = new DataView(result.data.buffer, result.data.byteOffset, 4).getUint32(0, true);
    const addr = Math.min(Math.max(top, heap.addr), heap.addr + heap.len);
    await this.#execute([{ op: 'FILL', addr, len: heap.addr + heap.len - addr, value: 0 }]);
  }
}

function writesOf(ops: readonly Op[]): AddrRange[] {
  return ops.flatMap((each): AddrRange[] => {
    if (each.op === 'WRITE') return [{ addr: each.addr, len: each.data.length }];
    return each.op === 'FILL' ? [{ addr: each.addr, len: each.len }] : [];
  });
}
