// What is said of WebAssembly's traps.

import { expect, test } from 'vitest';
import { describeFault } from '../../host/show/fault.js';
import { FAULT_WORDS, WASM_TRAPS } from '../../protocol/messages.js';

type Trap = keyof typeof WASM_TRAPS;
const I32_LOAD = 0x28;
const I64_STORE = 0x37;
const STACK = { addr: 0x1000, sizeBytes: 0x1f000 };

/** @param opcode of the instruction at pc */
function told(trap: Trap, fields: Readonly<Record<string, number>>, opcode = I32_LOAD) {
  const values: Record<string, number> = { trap: WASM_TRAPS[trap], sp: 0x20000, ...fields };
  const words = Uint32Array.from(FAULT_WORDS.wasm32, (name) => values[name] ?? 0);
  return describeFault(words, {
    arch: 'wasm32',
    stack: STACK,
    halfwordAt: () => opcode,
    symbolAt: (addr) => (addr >= 0x50000 ? 'f(int)' : undefined),
    isCode: (addr) => addr >= 0x50000,
  });
}

test.each<[Trap, Readonly<Record<string, number>>, string, string | undefined]>([
  ['nullAccess', { pc: 0x50020, value: 0 }, 'read of 4 bytes at 0x00000000', 'null pointer'],
  ['nullAccess', { pc: 0x50020, value: 8 }, 'read of 4 bytes at 0x00000008', 'null pointer + 8'],
  ['memory', { pc: 0x50020, value: 0x70000000 }, 'read of 4 bytes at 0x70000000, where no memory is', 'wild pointer'],
  ['memory', { pc: 0x50020 }, 'read of 4 bytes outside of memory', 'wild pointer, or an index far too large'],
  [
    'memory',
    { pc: 0x50020, value: 0xffff0000 },
    'read of 4 bytes at 0xffff0000, where no memory is',
    'a local variable larger than the stack, or null pointer - 65,536',
  ],
  ['nullCall', { pc: 0x50020 }, 'call of 0x00000000', 'null function pointer'],
  ['noFunction', { pc: 0x50020, value: 12 }, 'call of 0x0000000c', 'null pointer + 12'],
  ['noFunction', { pc: 0x50020, value: 0x2000 }, 'call of what is no function: 0x00002000', 'wild function pointer'],
  ['noFunction', { value: 0x2000 }, 'call of what is no function: 0x00002000', undefined],
  [
    'typeMismatch',
    { pc: 0x50020, value: 0x50100 },
    'call of `f(int)` as a function of another type',
    'a function pointer that was cast, or a result of another type since the caller was typed',
  ],
  [
    'badRecord',
    { value: 0x50100 },
    'call of what is no whole function any more: 0x00050100 f(int)',
    'something was written over its code',
  ],
  [
    'strangeRecord',
    { value: 0x50100 },
    'call of a function that was linked for another address: 0x00050100 f(int)',
    'a block of another session, or a copy of code',
  ],
  [
    'tooManyFunctions',
    {},
    'more functions than a board of this kind can have, 65,535',
    'undo what is not needed any more',
  ],
])('%s %o: %s', async (trap, fields, cause, mistake) => {
  expect(await told(trap, fields)).toMatchObject({ cause, mistake });
});

test('an access below the end of the stack is an overflow of it', async () => {
  const { cause } = await told('nullAccess', { pc: 0x50020, value: 0x300, sp: 0x200, calls: 40 });
  expect(cause).toBe('stack overflow in `f(int)`, 40 calls deep');
});

test('what is written is told by its size, and the handler it happened in by its line', async () => {
  const report = await told('nullAccess', { pc: 0x50020, handler: 3 }, I64_STORE);
  expect(report.cause).toBe('write of 8 bytes at 0x00000000');
  expect(report.details[0]).toBe('in the handler of interrupt 2');
});
