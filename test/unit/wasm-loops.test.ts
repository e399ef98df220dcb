// Loops of WebAssembly functions, rewritten so that they ask whether something is to be done, and left as they are.
import { describe, expect, test } from 'vitest';
import { ARENA, ATTENTION_ADDR, MEMORY_PAGES } from '../../boards/sim/wasm/layout.js';
import { FunctionLoader } from '../../boards/sim/wasm/loader.js';
import { FUNCTION_HEADER_BYTES, RECORD_KINDS, RECORD_MAGIC } from '../../protocol/wasm-function.js';

const I32 = 0x7f;
const [BLOCK, LOOP, IF, END, BR, BR_IF, BR_TABLE] = [0x02, 0x03, 0x04, 0x0b, 0x0c, 0x0d, 0x0e];
const [GET, SET, CONST, EQZ, ADD, SUBTRACT, AND, REMAINDER] = [0x20, 0x21, 0x41, 0x45, 0x6a, 0x6b, 0x71, 0x70];
const NOTHING = 0x40;
/** Parameter, count of turns. */
const [N, TURNS] = [0, 1];
const more = [GET, TURNS, CONST, 1, ADD, SET, TURNS];
const less = [GET, N, CONST, 1, SUBTRACT, SET, N];

type Counted = (n: number) => number;

/** A function of one number and a local, in a memory of its own, with what its loops find when they ask. */
function loaded(code: readonly number[], deaf: boolean): { run: Counted; words: Int32Array; asked: () => number } {
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true });
  const bytes = new Uint8Array(memory.buffer);
  const words = new Int32Array(memory.buffer);
  const body = [1, 1, I32, ...code, END];
  const types = [1, 0x60, 1, I32, 1, I32];
  words.set([RECORD_MAGIC, RECORD_KINDS.function, ARENA.addr, body.length, 0, types.length], ARENA.addr / 4);
  bytes.set([...types, ...body], ARENA.addr + FUNCTION_HEADER_BYTES);
  let asked = 0;
  const stackPointer = new WebAssembly.Global({ value: 'i32', mutable: true }, 0);
  const attend = (): void => {
    asked++;
    words[ATTENTION_ADDR / 4] = 0;
  };
  const loader = new FunctionLoader({ memory, pages: MEMORY_PAGES, stackPointer, attend, deaf });
  loader.written(ARENA.addr, 4096);
  loader.sync();
  const run = loader.function(ARENA.addr) as unknown as Counted | undefined;
  return { run: run ?? expect.fail('no function'), words, asked: () => asked };
}

const LOOPS: Readonly<Record<string, readonly number[]>> = {
  'one in another, left through both': [
    ...[BLOCK, NOTHING, LOOP, NOTHING, LOOP, NOTHING],
    ...[GET, N, EQZ, BR_IF, 2, ...less, ...more],
    ...[GET, N, CONST, 3, AND, BR_IF, 0, BR, 1, END, END, END, GET, TURNS],
  ],
  'that branches by a table': [
    ...[BLOCK, NOTHING, LOOP, NOTHING, BLOCK, NOTHING, LOOP, NOTHING],
    ...[...more, GET, N, EQZ, BR_IF, 3, ...less, GET, N, CONST, 3, REMAINDER, BR_TABLE, 2, 0, 1, 2, END, END],
    ...[...more, BR, 0, END, END, GET, TURNS],
  ],
  'that leaves a value': [...[LOOP, I32, ...more, GET, N, EQZ, IF, I32, GET, TURNS, 0x05, ...less, BR, 1, END, END]],
  'that returns from within': [
    ...[LOOP, NOTHING, ...more, GET, N, EQZ, IF, NOTHING, GET, TURNS, 0x0f, END],
    ...less,
    BR,
    0,
    END,
    0x00,
  ],
};

describe('a loop', () => {
  test.each(Object.entries(LOOPS))('%s takes the turns that it took', (_, code) => {
    const [plain, asking] = [loaded(code, true), loaded(code, false)];
    for (let n = 0; n < 40; n++) expect(asking.run(n)).toBe(plain.run(n));
    expect(asking.asked()).toBe(0);
    expect(plain.run(30)).toBeGreaterThan(15);
  });

  test.each(Object.entries(LOOPS))('%s calls when there is something to do, and goes on', (_, code) => {
    const { run, words, asked } = loaded(code, false);
    const expected = run(20);
    words[ATTENTION_ADDR / 4] = 1;
    expect(run(20)).toBe(expected);
    expect(asked()).toBe(1);
  });
});
