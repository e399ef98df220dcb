// The table that exceptions are looked up in: what it says after each input, and what is written to keep it so.

import { describe, expect, test } from 'vitest';
import type { StagedLink } from '../../host/link/types.js';
import { UNWIND_TABLE } from '../../host/link/unwind.js';
import { ARENA, errorOf, TestBoard } from './link-support.js';

const CANT_UNWIND = 1;
/** Refers to the table, as the support library does. */
const ANCHOR = `extern "C" { extern unsigned ${UNWIND_TABLE}[]; unsigned *table() { return ${UNWIND_TABLE}; }
  void __gxx_personality_v0() {} void __cxa_end_cleanup() {} }`;
/** A function with a destructor to run on the way. */
const frame = (name: string): string => `
  struct Held_${name} { ~Held_${name}(); }; void outside_${name}(int) __attribute__((weak));
  Held_${name}::~Held_${name}() { asm volatile(""); }
  void ${name}() { Held_${name} held; outside_${name}(1); asm volatile("" ::: "r4"); }`;

const even = (addr: number | undefined): number => (addr! & ~1) >>> 0;

class UnwindBoard extends TestBoard {
  private readonly table: number;

  constructor(sizeBytes = ARENA.sizeBytes) {
    super({ exceptions: true, arena: { addr: ARENA.addr, sizeBytes } });
    const [patch] = this.type(ANCHOR).patches;
    this.table = patch!.addr;
  }

  type(source: string): StagedLink {
    return this.add(source, { flags: ['-Os', '-fexceptions'] });
  }

  /** Bytes of the table that an input writes. */
  written({ patches }: StagedLink): number {
    return patches.reduce((sum, { addr, bytes }) => sum + (addr >= this.table ? bytes.length : 0), 0);
  }

  /** Starts of code, and second words; a reference as the address that it leads to. */
  rows(): { addr: number; word: number }[] {
    const absolute = (place: number): number => (place + ((this.word(place) << 1) >> 1)) >>> 0;
    return Array.from({ length: this.word(this.table) }, (_, i) => {
      const place = this.table + 4 + 8 * i;
      const word = this.word(place + 4);
      return { addr: absolute(place), word: word === CANT_UNWIND || word >= 2 ** 31 ? word : absolute(place + 4) };
    });
  }

  /** The row that the unwinder finds for an address. */
  rowOf(addr: number): { addr: number; word: number } | undefined {
    return this.rows().findLast((row) => row.addr <= addr);
  }
}

describe('the table of functions to unwind', () => {
  test('is sorted, has a row that leads to the constants of each function with something to clean up, and ends', () => {
    const board = new UnwindBoard();
    board.type(frame('one'));
    board.type(frame('two'));
    const addrs = board.rows().map(({ addr }) => addr);
    expect(addrs).toEqual([...addrs].sort((a, b) => a - b));
    for (const name of ['one', 'two']) {
      const addr = even(board.link.addressOf(`_Z3${name}v`));
      const row = board.rowOf(addr + 4)!;
      expect(row.addr).toBe(addr);
      expect(board.link.symbolAt(row.word)?.name).toBe(`.ARM.extab.text._Z3${name}v`);
    }
    expect(board.rows().at(-1)!.word).toBe(CANT_UNWIND);
  });

  test('has nothing for addresses below and above the code', () => {
    const board = new UnwindBoard();
    board.type(frame('one'));
    expect(board.rowOf(ARENA.addr - 0x1000)).toBeUndefined();
    expect(board.rowOf(ARENA.addr + ARENA.sizeBytes)?.word).toBe(CANT_UNWIND);
  });

  test('is written from the first row that differs on, and the bytes before are those that stood there', () => {
    const board = new UnwindBoard();
    board.type(Array.from({ length: 30 }, (_, i) => frame(`f${i}`)).join(''));
    const rowsBefore = board.rows().length;
    const small = board.type(frame('last'));
    expect(rowsBefore).toBeGreaterThan(30);
    expect(board.written(small)).toBeLessThan(rowsBefore * 2);
    const [count] = small.patches;
    expect(new DataView(count!.previous.buffer).getUint32(0, true)).toBe(rowsBefore);
  });

  test('forgets a function that was replaced, and knows it again once that is taken back', () => {
    const board = new UnwindBoard();
    board.type(frame('one'));
    const before = board.rows();
    const input = board.type('void one() { asm volatile(""); }').input;
    expect(board.rows()).not.toEqual(before);
    for (const { addr, bytes } of board.link.undoWrites(input)) board.memory.set(bytes, addr - ARENA.addr);
    board.link.undo(input);
    expect(board.rows()).toEqual(before);
    const next = board.type('int variable;');
    expect(board.written(next)).toBe(0);
  });

  test('goes back with a snapshot', () => {
    const board = new UnwindBoard();
    const snapshot = board.link.snapshot();
    const memory = board.memory.slice();
    board.type(frame('one'));
    const after = board.rows();
    board.link.restore(snapshot);
    board.memory.set(memory);
    board.type(frame('one'));
    expect(board.rows()).toEqual(after);
  });

  test('that is full is an error that says how many rows there are', () => {
    const board = new UnwindBoard(16 * 1024);
    const source = Array.from({ length: 90 }, (_, i) => frame(`f${i}`)).join('');
    const error = errorOf(() => board.stage(source, { flags: ['-Os', '-fexceptions'] }));
    expect(error.code).toBe('LINK_UNWIND_FULL');
    expect(error.message).toMatch(
      /^the table that exceptions are looked up in has 85 rows, .* need \d+\nTake inputs back/,
    );
  });

  test('is not there without the option', () => {
    const board = new TestBoard();
    const error = errorOf(() =>
      board.add('extern "C" void __gnu_Unwind_Find_exidx(); void f() { __gnu_Unwind_Find_exidx(); }'),
    );
    expect(error.code).toBe('LINK_UNDEFINED');
    const staged = board.add('int f(int a) { return a; }', { flags: ['-Os', '-fexceptions'] });
    expect(staged.patches).toEqual([]);
    expect(staged.blocks.flatMap(({ sections }) => sections.map(({ name }) => name))).toEqual(['.text._Z1fi']);
  });
});
