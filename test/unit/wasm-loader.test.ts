// The executor's function table: records come, go and change, and the table has an end.

import { beforeEach, expect, test } from 'vitest';
import { ARENA, MEMORY_PAGES } from '../../boards/sim/wasm/layout.js';
import { FunctionLoader, TableFull } from '../../boards/sim/wasm/loader.js';
import { RECORD_KINDS, RECORD_MAGIC, REFERENCE_KINDS } from '../../protocol/wasm-function.js';

const I32 = 0x7f;
const I64 = 0x7e;
const MOST_SLOTS = 4;

let memory: WebAssembly.Memory;
let loader: FunctionLoader;
beforeEach(() => {
  memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true });
  const stackPointer = new WebAssembly.Global({ value: 'i32', mutable: true }, 0);
  loader = new FunctionLoader({
    memory,
    pages: MEMORY_PAGES,
    stackPointer,
    attend: () => undefined,
    mostSlots: MOST_SLOTS,
  });
});

function write(addr: number, bytes: Uint8Array): void {
  new Uint8Array(memory.buffer).set(bytes, addr);
  loader.written(addr, bytes.length);
}

/** A function without parameters.
 *  @param calls address of what it calls first */
function put(addr: number, result: number, code: readonly number[], calls?: number): void {
  const call = calls === undefined ? [] : [0x10, 0x80, 0x80, 0x80, 0x80, 0];
  const body = [0, ...call, ...code, 0x0b];
  const types = [1, 0x60, 0, 1, result];
  const references = calls === undefined ? [] : [REFERENCE_KINDS.call, 2, calls];
  const head = [RECORD_MAGIC, RECORD_KINDS.function, addr, body.length, references.length / 3, types.length];
  const words = new Uint8Array(Uint32Array.from([...head, ...references]).buffer);
  write(addr, Buffer.concat([words, Uint8Array.from([...types, ...body])]));
}

const call = (addr: number): unknown => {
  loader.sync();
  return loader.function(addr)?.();
};
const at = (index: number): number => ARENA.addr + 64 * index;
const clear = (addr: number): void => write(addr, new Uint8Array(64));

test('a function is there once it is written, and gone when it is written over', () => {
  put(at(0), I32, [0x41, 5]);
  expect(call(at(0))).toBe(5);
  put(at(0), I32, [0x41, 6]);
  expect(call(at(0))).toBe(6);
  clear(at(0));
  expect(call(at(0))).toBeUndefined();
});

test('callers get an integer of their size when what they call has another one, in whichever order both come', () => {
  put(at(1), I32, [], at(0));
  put(at(0), I64, [0x42, 7]);
  expect(call(at(1))).toBe(7);
  put(at(0), I32, [0x41, 8]);
  expect(call(at(1))).toBe(8);
  put(at(0), I64, [0x42, 9]);
  expect(call(at(1))).toBe(9);
});

test('a table that is full of functions that are gone is begun anew', () => {
  for (let index = 0; index < 5 * MOST_SLOTS; index++) {
    put(at(index), I32, [0x41, index]);
    expect(call(at(index))).toBe(index);
    if (index % 2 === 1) {
      clear(at(index));
      clear(at(index - 1));
    }
  }
});

test('more functions than the table has room for are refused, and fit again when some are gone', () => {
  for (let index = 0; index <= MOST_SLOTS; index++) put(at(index), I32, [0x41, index]);
  expect(() => loader.sync()).toThrow(TableFull);
  clear(at(1));
  expect(call(at(2))).toBe(2);
});

test('a record that was linked for elsewhere is no function, and says why', () => {
  put(at(0), I32, [0x41, 5]);
  const copy = new Uint8Array(memory.buffer).slice(at(0), at(1));
  write(at(3), copy);
  expect(call(at(3))).toBeUndefined();
  expect(loader.flawAt(at(3))).toBe('elsewhere');
  clear(at(3));
  loader.sync();
  expect(loader.flawAt(at(3))).toBeUndefined();
});
