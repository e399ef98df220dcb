// Taking commits back, and sections on trial.

import { describe, expect, test } from 'vitest';
import { HISTORY_LENGTH } from '../../host/link/history.js';
import { ARENA, compile, TestBoard } from './link-support.js';

const even = (addr: number | undefined): number => (addr! & ~1) >>> 0;
const NOINLINE = '__attribute__((noinline))';

describe('undo', () => {
  test('frees what an input defined and forgets its names', () => {
    const board = new TestBoard();
    board.add('int f() { return 1; }');
    const before = board.link.usage();
    board.add('int n = 5; int table[20]; int g() { return n + table[3]; }');
    board.link.undo(2);
    expect(board.link.usage()).toEqual(before);
    expect(board.link.addressOf('n')).toBeUndefined();
    expect(board.link.addressOf('_Z1fv')).toBeGreaterThan(0);
  });

  test('gives callers their old instructions, and the name its old function', () => {
    const board = new TestBoard();
    board.add('int f() { return 1; }');
    board.add('int f(); int g() { return f() + 1; }');
    const [old, caller] = [board.link.addressOf('_Z1fv'), even(board.link.addressOf('_Z1gv'))];
    const code = board.memory.slice(caller - ARENA.addr, caller - ARENA.addr + 12);
    board.add('int f() { return 2; }');
    expect(board.calls(caller, 16)).not.toEqual([even(old)]);
    expect(board.link.usage().undoBytes).toBeGreaterThan(0);

    for (const { addr, bytes } of board.link.undoWrites(3)) board.memory.set(bytes, addr - ARENA.addr);
    board.link.undo(3);
    expect(board.memory.slice(caller - ARENA.addr, caller - ARENA.addr + 12)).toEqual(code);
    expect(board.link.addressOf('_Z1fv')).toBe(old);
    expect(board.link.usage().undoBytes).toBe(0);
    // The next link meets the old function again.
    const next = board.add('int f(); int h() { return f() * 2; }');
    expect(board.calls(even(next.addressOf('_Z1hv')), 12)).toEqual([even(old)]);
  });

  test('gives a variable that took over a place its predecessor back', () => {
    const board = new TestBoard();
    board.add('int n = 1;');
    const addr = board.link.addressOf('n');
    const before = board.link.usage();
    board.add('int n = 2;');
    board.link.undo(2);
    expect(board.link.addressOf('n')).toBe(addr);
    expect(board.link.usage()).toEqual(before);
    board.link.undo(1);
    expect(board.link.usage().usedBytes).toBe(0);
  });

  test('of a function typed again and again leaves nothing behind', () => {
    const board = new TestBoard();
    board.add('int f() { return 0; }');
    const before = board.link.usage();
    for (let i = 1; i < 20; i++) board.add(`int f() { return ${i}; } int only${i} = ${i};`);
    board.link.undo(2);
    expect(board.link.usage()).toEqual(before);
  });

  test(`goes back ${HISTORY_LENGTH} commits and no further`, () => {
    const board = new TestBoard();
    const object = compile('int f() { return 1; }', 1);
    for (let input = 1; input <= HISTORY_LENGTH + 5; input++) {
      board.commit(board.link.stage(object, { input }));
    }
    expect(board.link.oldestUndo).toBe(6);
  });

  test('gives way to a new input that needs the memory', () => {
    const board = new TestBoard({ arena: { addr: ARENA.addr, sizeBytes: 2048 } });
    board.add('char used[200];');
    board.add('int used[5];');
    expect(board.link.oldestUndo).toBe(1);
    board.add('char more[1700], again[150];');
    expect(board.link.usage().undoBytes).toBe(0);
    expect(board.link.oldestUndo).toBe(3);
  });
});

describe('what transient code only points to', () => {
  const SOURCE = `extern "C" const char *kept; const char *kept; ${NOINLINE} void use(const char *s) { asm volatile("" :: "r"(s)); }
    kept = "stays"; use("goes");`;

  test('stays exactly where a pointer to it was found', () => {
    const board = new TestBoard();
    const staged = board.stage(SOURCE, { keep: 'trial' });
    expect(staged.trial).toBeDefined();
    const block = staged.blocks.find(({ lifetime }) => lifetime === 'trial')!;
    expect(block.sections).toHaveLength(2);
    const text = (addr: number): string =>
      Buffer.from(block.bytes.subarray(addr - block.addr, addr - block.addr + 5)).toString();
    const stays = block.sections.find(({ addr }) => text(addr) === 'stays')!;
    const goes = block.sections.find((section) => section !== stays)!;
    board.link.commit(staged, [stays.addr]);
    expect(board.link.symbolAt(stays.addr)).toBeDefined();
    const held = board.link.heldRanges();
    const isHeld = (at: number): boolean => held.some(({ addr, len }) => at >= addr && at < addr + len);
    expect([isHeld(stays.addr), isHeld(goes.addr)]).toEqual([true, false]);
  });

  test('all goes when nothing points there, all stays when nobody asked', () => {
    for (const [pointers, expected] of [
      [[], 0],
      [undefined, 11],
    ] as const) {
      const board = new TestBoard();
      board.add('extern "C" const char *kept; const char *kept;');
      const before = board.link.usage().usedBytes;
      const source = 'extern "C" const char *kept; kept = "0123456789";';
      board.link.commit(board.stage(source, { keep: 'trial' }), pointers);
      expect(board.link.usage().usedBytes - before).toBe(expected);
    }
  });

  test('is asked about again when a later input brings something, and freed then', () => {
    const board = new TestBoard();
    board.add('extern "C" const char *kept; const char *kept;');
    const empty = board.link.usage().usedBytes;
    const assign = (text: string): string => `extern "C" const char *kept; kept = "${text}";`;
    const first = board.stage(assign('one'), { keep: 'trial' });
    board.link.commit(first, [first.trial!.low]);
    const second = board.stage(assign('other'), { keep: 'trial' });
    const addr = second.blocks.find(({ lifetime }) => lifetime === 'trial')!.addr;
    expect(second.trial!.low).toBe(addr);
    expect(second.trial!.ranges).toEqual([{ addr: board.link.addressOf('kept'), len: 4 }]);
    board.link.commit(second, [addr]);
    expect(board.link.usage().usedBytes - empty).toBe(6);
  });

  test('stays for good once a definition uses it too', () => {
    const board = new TestBoard();
    board.add('extern "C" const char *kept; const char *kept;');
    const first = board.stage('extern "C" const char *kept; kept = "shared";', { keep: 'trial' });
    board.link.commit(first, [first.trial!.low]);
    board.add('const char *get() { return "shared"; }');
    const later = board.stage('extern "C" const char *kept; kept = "another";', { keep: 'trial' });
    board.link.commit(later, []);
    expect(board.link.symbolAt(first.trial!.low)).toBeDefined();
  });
});
