// What it costs on the board `wasm` that every loop asks a word of memory whether something is to be done: the
// functions of a session, made into modules with and without the question, in copies of the board's memory.

import { readFileSync } from 'node:fs';
import { findBoard } from '../boards/index.js';
import { moduleOfImage } from '../boards/sim/wasm/image.js';
import { ARENA, ATTENTION_ADDR, MEMORY_PAGES, USER_STACK } from '../boards/sim/wasm/layout.js';
import { FunctionLoader } from '../boards/sim/wasm/loader.js';
import { WasmPort } from '../boards/sim/wasm/port.js';
import { imageOf } from '../host/session/board.js';
import { openSession } from '../host/session/open.js';
import { ENTRY, sourceOf, WORK } from './examples.js';
import { figure, ratio } from './report.js';

const BOARD = 'wasm';
/** Both kinds in turn; the best of each. */
const ROUNDS = 200;

const memory = (): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true });

/** A function of a board's memory that runs in this thread, on a copy. */
function functionOf(board: WebAssembly.Memory, addr: number, deaf: boolean): () => unknown {
  const copy = memory();
  new Uint8Array(copy.buffer).set(new Uint8Array(board.buffer));
  new Uint32Array(copy.buffer)[ATTENTION_ADDR / 4] = 0;
  const stackPointer = new WebAssembly.Global({ value: 'i32', mutable: true }, USER_STACK.addr + USER_STACK.sizeBytes);
  const loader = new FunctionLoader({ memory: copy, pages: MEMORY_PAGES, stackPointer, attend: () => {}, deaf });
  loader.written(ARENA.addr, ARENA.sizeBytes);
  loader.sync();
  return loader.function(addr)!;
}

/** Prints each example's time with the question over that without. */
export async function loops(): Promise<void> {
  const board = findBoard(BOARD)!;
  const image = moduleOfImage(readFileSync(imageOf(board)), imageOf(board));
  for (const name of Object.keys(WORK)) {
    const ours = memory();
    const line = { what: BOARD, open: async () => new WasmPort(BOARD, image, ours), startsBoard: true };
    const session = await openSession({ board: BOARD, line });
    try {
      await session.evaluate(sourceOf(name));
      const addr = session.linker.addressOf(ENTRY)!;
      const kinds = [false, true].map((deaf) => ({
        call: functionOf(ours, addr, deaf),
        micros: Number.POSITIVE_INFINITY,
      }));
      const values = new Set<unknown>();
      for (let round = 0; round < ROUNDS; round++) {
        for (const kind of kinds) {
          const start = performance.now();
          values.add(kind.call());
          kind.micros = Math.min(kind.micros, (performance.now() - start) * 1000);
        }
      }
      if (values.size !== 1) throw new Error(`${name}: ${[...values].join(', ')}`);
      const [asks, deaf] = kinds.map(({ micros }) => micros) as [number, number];
      figure(
        `loops that ask, ${name}`,
        `${asks.toFixed(0)} µs`,
        `${deaf.toFixed(0)} µs without, ratio ${ratio(asks / deaf)}`,
      );
    } finally {
      await session.close();
    }
  }
}
