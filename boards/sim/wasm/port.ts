// The line to the board `wasm`. The memory is this side's: an executor that is reset, or dies, is followed by another
// one that finds all of it.

import { existsSync, readFileSync } from 'node:fs';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { BytePort } from '../../../protocol/byte-port.js';
import { BoardError } from '../errors.js';
import { CONTROL, type ExecutorData } from './executor.js';
import { moduleOfImage } from './image.js';
import { ATTENTION_ADDR, MEMORY_PAGES } from './layout.js';
import { Peripherals } from './peripherals.js';

/** Deaths in a row, none of which came after a sign of life, that are followed by another executor. */
const TRIES = 3;
/** Of a thread's stack, in MiB: what a deep recursion may use. */
const STACK_MIB = 4;

/** Starts an executor with a stub image.
 *  @throws BOARD_IMAGE, BOARD_WASM_MEMORY */
export function startWasm(name: string, imagePath: string, pages = MEMORY_PAGES): WasmPort {
  return new WasmPort(name, moduleOfImage(readFileSync(imagePath), imagePath), makeMemory(pages));
}

/** The executor is started as a file of its own, which exists where the sources are compiled. */
function executorFile(): URL {
  const beside = new URL('./executor.js', import.meta.url);
  return existsSync(beside) ? beside : new URL('../../../dist/boards/sim/wasm/executor.js', import.meta.url);
}

function makeMemory(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    const kib = pages * 64;
    const text = `no memory for the board: it takes ${kib} KiB in one piece (${(cause as Error).message})`;
    throw new BoardError('BOARD_WASM_MEMORY', text, { kib }, { cause });
  }
}

export class WasmPort implements BytePort {
  readonly #image: Uint8Array;
  readonly #memory: WebAssembly.Memory;
  readonly #words: Int32Array;
  readonly #bornAt = process.hrtime.bigint();
  readonly #peripherals: Peripherals;
  #control = new SharedArrayBuffer(4);
  #line: MessagePort;
  #worker: Worker;
  #silentDeaths = 0;
  #closed = false;
  readonly #early: Uint8Array[] = [];
  #dataListener = (bytes: Uint8Array): void => void this.#early.push(bytes);
  #closeListener: (cause?: Error) => void = () => {};
  #end: { readonly cause: Error | undefined } | undefined;

  constructor(
    readonly name: string,
    image: Uint8Array,
    memory: WebAssembly.Memory,
  ) {
    this.#image = image;
    this.#memory = memory;
    this.#words = new Int32Array(memory.buffer);
    [this.#worker, this.#line] = this.#start(false);
    this.#peripherals = new Peripherals(memory.buffer, () => this.#wake());
  }

  write(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#line.postMessage(bytes.slice());
    Atomics.store(this.#words, ATTENTION_ADDR / 4, 1);
    this.#wake();
  }

  /** The executor as it is now. */
  get thread(): Worker {
    return this.#worker;
  }

  panel(words: string): readonly string[] | undefined {
    if (words !== '' && !this.#peripherals.act(words)) return undefined;
    this.#peripherals.tick();
    return this.#peripherals.lines();
  }

  #wake(): void {
    const control = new Int32Array(this.#control);
    Atomics.add(control, CONTROL.posted, 1);
    Atomics.notify(control, CONTROL.posted);
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.#dataListener = listener;
    for (const bytes of this.#early.splice(0)) listener(bytes);
  }

  onClose(listener: (cause?: Error) => void): void {
    this.#closeListener = listener;
    if (this.#end !== undefined) listener(this.#end.cause);
  }

  /** Presses the reset button, whatever the executor does: its memory stays. */
  async reset(): Promise<void> {
    if (this.#closed) return;
    const worker = this.#worker;
    worker.removeAllListeners('exit');
    await worker.terminate();
    this.#startAgain();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#finish(undefined);
    await this.#worker.terminate();
  }

  #startAgain(): void {
    if (this.#closed) return;
    this.#line.close();
    [this.#worker, this.#line] = this.#start(true);
  }

  #start(again: boolean): [Worker, MessagePort] {
    const { port1, port2 } = new MessageChannel();
    this.#control = new SharedArrayBuffer(4);
    Atomics.store(this.#words, ATTENTION_ADDR / 4, 0);
    const workerData: ExecutorData = {
      image: this.#image,
      memory: this.#memory,
      control: this.#control,
      line: port2,
      again,
      bornAt: this.#bornAt,
    };
    const worker = new Worker(executorFile(), {
      workerData,
      transferList: [port2],
      resourceLimits: { stackSizeMb: STACK_MIB },
    });
    port1.on('message', (bytes: Uint8Array) => {
      this.#silentDeaths = 0;
      this.#dataListener(bytes);
    });
    let cause: Error | undefined;
    worker.once('error', (error) => {
      cause = error;
    });
    worker.once('exit', (code) => {
      if (this.#closed) return;
      if (++this.#silentDeaths < TRIES) this.#startAgain();
      else this.#finish(died(this.name, code, cause));
    });
    return [worker, port1];
  }

  #finish(cause: Error | undefined): void {
    this.#closed = true;
    this.#peripherals.close();
    this.#line.close();
    this.#end = { cause };
    this.#closeListener(cause);
  }
}

function died(name: string, code: number, cause: Error | undefined): BoardError {
  const how = cause === undefined ? `exit code ${code}` : cause.message;
  const text = `the executor of ${name} ended ${TRIES} times without a word: ${how}; \`npm run firmware\` builds its image anew`;
  return new BoardError('BOARD_WASM_DIED', text, { code }, { cause });
}
