// Functions and constants that are typed again as they are keep their places; what differs in a byte, or calls something
// that differs, does not.

import { describe, expect, test } from 'vitest';
import { TestBoard } from './link-support.js';

const PAIR = (odd: number): string => `int odd(int n);
__attribute__((noinline)) int even(int n) { return n == 0 ? 1 : odd(n - 1); }
__attribute__((noinline)) int odd(int n) { return n == 0 ? ${odd} : even(n - 1); }`;

describe.each(['v6-m', 'v7-m', 'rv32'] as const)('what is typed again on %s', (core) => {
  test('stands where it stood, byte for byte', () => {
    const board = new TestBoard({ core });
    board.add('int n = 3; int f(int a) { return a * n + 1234567; }');
    board.add('int f(int); int g() { return f(2); }');
    const [addr, memory, usage] = [board.link.addressOf('_Z1fi'), board.memory.slice(), board.link.usage()];
    const again = board.add('extern int n; int f(int a) { return a * n + 1234567; }');
    expect(again.blocks.map(({ unchanged, inPlace }) => [unchanged, inPlace])).toEqual([[true, true]]);
    expect(again.patches).toEqual([]);
    expect(board.link.addressOf('_Z1fi')).toBe(addr);
    expect(board.memory).toEqual(memory);
    expect(board.link.usage().usedBytes).toBe(usage.usedBytes);
  });

  test('can be taken back, and typed again after that', () => {
    const board = new TestBoard({ core });
    const text = 'int f(int a) { return a * 1234567; }';
    board.add(text);
    const [addr, usage] = [board.link.addressOf('_Z1fi'), board.link.usage()];
    board.add(text);
    board.add(text);
    board.link.undo(2);
    expect(board.link.addressOf('_Z1fi')).toBe(addr);
    expect(board.link.usage()).toEqual(usage);
    expect(board.add(text).blocks.every(({ unchanged }) => unchanged)).toBe(true);
  });

  test('is the same only if what it calls is', () => {
    const board = new TestBoard({ core });
    board.add(PAIR(0));
    const [even, odd] = [board.link.addressOf('_Z4eveni'), board.link.addressOf('_Z3oddi')];
    expect(board.add(PAIR(0)).blocks.every(({ unchanged }) => unchanged)).toBe(true);
    expect([board.link.addressOf('_Z4eveni'), board.link.addressOf('_Z3oddi')]).toEqual([even, odd]);
    expect(board.add(PAIR(7)).blocks.some(({ unchanged }) => unchanged)).toBe(false);
    expect(board.link.addressOf('_Z4eveni')).not.toBe(even);
    expect(board.link.addressOf('_Z3oddi')).not.toBe(odd);
  });

  test('is another function when a byte of it is', () => {
    const board = new TestBoard({ core });
    board.add('int f(int a) { return a * 1234567; }');
    const addr = board.link.addressOf('_Z1fi');
    const other = board.add('int f(int a) { return a * 1234568; }');
    expect(other.blocks.map(({ unchanged }) => unchanged)).toEqual([false]);
    expect(board.link.addressOf('_Z1fi')).not.toBe(addr);
  });
});
