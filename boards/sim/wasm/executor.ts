// The board `wasm`, in a thread of its own: the stub's core as WebAssembly, user code beside it in the same memory, and
// this loop around both.
//
//   line ─port─▶ receive ─▶ core ── run(entry) ──▶ throws RunSignal  ─▶ the entry is called from here
//                                                   its end ─▶ ran / abandon ─▶ core goes on with the batch
//
// Nothing here waits for the event loop of the thread, which is never reached: messages are taken off the port by
// hand, and sleep is Atomics.wait. What core and user code throw to get away (run, stop, reset) are signals, not errors.

import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { STATUSES, WASM_TRAPS } from '../../../protocol/messages.js';
import { constantsOf, mendConstants } from './constants.js';
import { ARENA, ATTENTION_ADDR, MEMORY_PAGES, NULL_ZONE, SERVICES, STUB_MEMORY, USER_STACK } from './layout.js';
import { FunctionLoader } from './loader.js';
import { keepOut, keptRecordAddr, resetRegisters, takeInterrupt } from './peripherals.js';
import { judgeTrap, recordOf, trapOf, trapOfCall } from './traps.js';

/** What the thread is started with. */
export interface ExecutorData {
  readonly image: Uint8Array;
  readonly memory: WebAssembly.Memory;
  /** Words that both threads use: see `CONTROL`. */
  readonly control: SharedArrayBuffer;
  readonly line: MessagePort;
  /** The memory holds what another executor left there. */
  readonly again: boolean;
  /** Nanoseconds at which the board's clock began, of process.hrtime. */
  readonly bornAt: bigint;
}

/** Words of `control`. */
export const CONTROL = {
  /** Counts what was put on the line; the executor sleeps on it. */
  posted: 0,
} as const;

/** What is on the stack of calls when something ends it. */
const TRACED_CALLS = 1000;
/** How long a wait for the host sleeps before it looks at the clock again, in milliseconds. */
const NAP_MS = 2;

class RunSignal {
  constructor(readonly entry: number) {}
}
class StopSignal extends Error {
  constructor(readonly status: number) {
    super('stopped');
  }
}
class ResetSignal {}

interface Core {
  readonly __stack_pointer: WebAssembly.Global;
  bw_micros(): number;
  bw_output(bytes: number, count: number): void;
  bw_exit(code: number): void;
  inbox(): number;
  inbox_size(): number;
  record(): number;
  start(): void;
  receive(count: number): void;
  poll(): number;
  ran(value: number): void;
  damaged(): void;
  abandon(status: number): void;
}

class Executor {
  readonly #memory: WebAssembly.Memory;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #control: Int32Array;
  readonly #line: MessagePort;
  readonly #bornAt: bigint;
  readonly #loader: FunctionLoader;
  readonly #userStack = new WebAssembly.Global({ value: 'i32', mutable: true }, 0);
  readonly #core: Core;
  readonly #coreStackEnd: number;
  readonly #constants: ReturnType<typeof constantsOf>;
  readonly #waiting: Uint8Array[] = [];
  /** Line whose handler runs. */
  #handling: number | undefined;

  constructor({ image, memory, control, line, again, bornAt }: ExecutorData) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    this.#control = new Int32Array(control);
    this.#line = line;
    this.#bornAt = bornAt;
    this.#loader = new FunctionLoader({
      memory,
      pages: MEMORY_PAGES,
      stackPointer: this.#userStack,
      attend: () => this.#attend(),
    });
    const module = new WebAssembly.Module(image);
    this.#constants = constantsOf(image, (scratch) => this.#instantiate(module, scratch));
    this.#core = this.#startCore(module, again);
    this.#coreStackEnd = this.#core.__stack_pointer.value as number;
    for (const [name, addr] of Object.entries(SERVICES))
      this.#loader.offer(addr, this.#core[name as keyof typeof SERVICES]);
    this.#loader.written(ARENA.addr, ARENA.sizeBytes);
  }

  /** Instances write their variables' first values to memory; what stands there is kept if it is another's. */
  #startCore(module: WebAssembly.Module, again: boolean): Core {
    const { addr, sizeBytes } = STUB_MEMORY;
    const before = again ? this.#bytes.slice(addr, addr + sizeBytes) : undefined;
    const core = this.#instantiate(module, this.#memory);
    if (before !== undefined) this.#bytes.set(before, addr);
    mendConstants(this.#bytes, this.#constants);
    return core;
  }

  #instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Core {
    const { exports } = new WebAssembly.Instance(module, {
      env: { memory },
      board: {
        write: (from: number, count: number) => this.#send(from, count),
        run: (entry: number) => {
          throw new RunSignal(entry >>> 0);
        },
        stop: (status: number) => {
          throw new StopSignal(status);
        },
        reset: () => {
          throw new ResetSignal();
        },
        micros: () => this.#micros(),
        attend: () => this.#listen(),
        written: (from: number, count: number) => this.#loader.written(from >>> 0, count >>> 0),
      },
    });
    return exports as unknown as Core;
  }

  /** Does not return. */
  main(): void {
    this.#do(() => this.#start());
    for (;;) {
      const seen = Atomics.load(this.#control, CONTROL.posted);
      const failed = this.#idleInterrupts();
      if (failed !== undefined) this.#do(failed);
      if (this.#take()) {
        this.#do(() => this.#receive());
        while (this.#do(() => this.#core.poll()));
      } else Atomics.wait(this.#control, CONTROL.posted, seen);
    }
  }

  #start(): void {
    resetRegisters(this.#words);
    this.#core.start();
  }

  /** Lets the core do something, and user code if that comes of it. */
  #do(act: () => unknown): unknown {
    let next: () => unknown = act;
    for (;;) {
      this.#core.__stack_pointer.value = this.#coreStackEnd;
      try {
        return next();
      } catch (signal) {
        next = this.#after(signal);
      }
    }
  }

  /** What follows from what the core threw. */
  #after(signal: unknown): () => unknown {
    if (signal instanceof RunSignal) return this.#run(signal.entry);
    if (signal instanceof ResetSignal) return () => this.#start();
    if (signal instanceof StopSignal) return this.#abandon(signal.status, WASM_TRAPS.stopped, signal.stack);
    // A READ of what is not there, in the core itself.
    return this.#abandon(STATUSES.FAULT.code, trapOf(signal), '');
  }

  #run(entry: number): () => unknown {
    const { code: FAULT } = STATUSES.FAULT;
    try {
      this.#loader.sync();
    } catch (error) {
      return this.#abandon(FAULT, trapOf(error));
    }
    const call = this.#loader.function(entry);
    if (call === undefined) return this.#abandon(FAULT, WASM_TRAPS[trapOfCall(entry, this.#loader)], '', entry);
    this.#userStack.value = USER_STACK.addr + USER_STACK.sizeBytes;
    try {
      const result = call();
      if (mendConstants(this.#bytes, this.#constants)) return () => this.#core.damaged();
      if (this.#nullZoneWritten()) return this.#abandon(FAULT, WASM_TRAPS.nullWrite, '');
      return () => this.#core.ran(typeof result === 'number' ? result | 0 : 0);
    } catch (error) {
      if (error instanceof ResetSignal) return () => this.#start();
      if (error instanceof StopSignal) return this.#abandon(error.status, WASM_TRAPS.stopped, error.stack);
      return this.#fault(error);
    }
  }

  #fault(error: unknown, isIdle = false): () => unknown {
    const { trap, value } = judgeTrap(error, this.#loader);
    return this.#abandon(STATUSES.FAULT.code, trap, (error as Error).stack, value, isIdle);
  }

  /** @param isIdle nobody waits for an answer: the board restarts, and the record is kept for whoever asks then */
  #abandon(status: number, trap: number, stack = '', value = 0, isIdle = false): () => unknown {
    const handler = this.#handling === undefined ? 0 : this.#handling + 1;
    if (this.#handling !== undefined) keepOut(this.#words, this.#handling);
    this.#handling = undefined;
    this.#nullZoneWritten();
    if (mendConstants(this.#bytes, this.#constants)) return () => this.#core.damaged();
    const stackPointer = this.#userStack.value as number;
    const what = { trap, value, stackPointer, restart: isIdle ? 1 : 0, handler };
    const words = new Uint8Array(recordOf(what, stack, this.#loader).buffer);
    this.#bytes.set(words, this.#core.record());
    const kept = isIdle ? keptRecordAddr(this.#words) : undefined;
    if (kept !== undefined) this.#bytes.set(words, kept);
    return () => this.#core.abandon(status);
  }

  /** Clears the memory that null pointers lead to. */
  #nullZoneWritten(): boolean {
    const zone = this.#bytes.subarray(NULL_ZONE.addr, NULL_ZONE.addr + NULL_ZONE.sizeBytes);
    if (zone.every((byte) => byte === 0)) return false;
    zone.fill(0);
    return true;
  }

  /** User code asks what there is to be done. */
  #attend(): void {
    Atomics.store(this.#words, ATTENTION_ADDR / 4, 0);
    if (this.#take()) this.#receive();
    this.#handleInterrupts();
  }

  /** Calls the handlers that are due, unless one runs already. */
  #handleInterrupts(): void {
    while (this.#handling === undefined) {
      const due = takeInterrupt(this.#words);
      if (due === undefined) return;
      this.#handling = due.line;
      this.#loader.function(due.handler)?.();
      this.#handling = undefined;
    }
  }

  /** The same between two inputs. A fault restarts the board: nobody waits for an answer. */
  #idleInterrupts(): (() => unknown) | undefined {
    this.#userStack.value = USER_STACK.addr + USER_STACK.sizeBytes;
    try {
      this.#handleInterrupts();
      return undefined;
    } catch (error) {
      if (error instanceof ResetSignal) return () => this.#start();
      if (error instanceof StopSignal) return this.#abandon(error.status, WASM_TRAPS.stopped, error.stack);
      return this.#fault(error, true);
    }
  }

  /** A wait within the core lets the host be heard. */
  #listen(): void {
    const seen = Atomics.load(this.#control, CONTROL.posted);
    if (!this.#take()) Atomics.wait(this.#control, CONTROL.posted, seen, NAP_MS);
    if (this.#take()) this.#receive();
  }

  /** Takes what has come off the line; false if nothing waits. */
  #take(): boolean {
    for (;;) {
      const message = receiveMessageOnPort(this.#line);
      if (message === undefined) return this.#waiting.length > 0;
      this.#waiting.push(message.message as Uint8Array);
    }
  }

  #receive(): void {
    const room = this.#core.inbox_size();
    for (let bytes = this.#waiting.shift(); bytes !== undefined; bytes = this.#waiting.shift()) {
      if (bytes.length > room) {
        this.#waiting.unshift(bytes.subarray(room));
        bytes = bytes.subarray(0, room);
      }
      this.#bytes.set(bytes, this.#core.inbox());
      this.#core.receive(bytes.length);
    }
  }

  #send(from: number, count: number): void {
    this.#line.postMessage(this.#bytes.slice(from, from + count));
  }

  #micros(): number {
    return Number((process.hrtime.bigint() - this.#bornAt) / 1000n) | 0;
  }
}

if (parentPort !== null) {
  Error.stackTraceLimit = TRACED_CALLS;
  new Executor(workerData as ExecutorData).main();
}
