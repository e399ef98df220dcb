// What the linker makes is run, instruction by instruction, on a simulated Cortex-M0+.

import { RP2040 } from 'rp2040js';
import { describe, expect, test } from 'vitest';
import type { StagedLink } from '../../host/link/types.js';
import { ARENA, altered, archive, compile, TestBoard } from './link-support.js';

const RETURN = 0x2003_f000;
const STACK = 0x2003_e000;
const FLASH = 0x1000_0100;

/** A board with a core that executes its memory. */
class RunningBoard extends TestBoard {
  private readonly mcu = new RP2040();

  override commit(staged: StagedLink): StagedLink {
    for (const block of staged.blocks) {
      const at = block.addr - ARENA.addr;
      this.mcu.sram.set(block.bytes, at);
      this.mcu.sram.fill(0, at + block.bytes.length, at + block.bytes.length + block.zeroBytes);
    }
    for (const patch of staged.patches) this.mcu.sram.set(patch.bytes, patch.addr - ARENA.addr);
    for (const entry of staged.entries) this.callAddr(entry);
    return super.commit(staged);
  }

  flash(bytes: Uint8Array, addr: number): void {
    this.mcu.flash.set(bytes, addr - 0x1000_0000);
  }

  call(symbol: string, ...args: number[]): number {
    const addr = this.link.addressOf(symbol);
    if (addr === undefined) throw new Error(`no ${symbol}`);
    return this.callAddr(addr, ...args);
  }

  callAddr(addr: number, ...args: number[]): number {
    const { core } = this.mcu;
    expect(addr & 1, 'Thumb bit').toBe(1);
    for (let i = 0; i < 13; i++) core.registers[i] = args[i] ?? 0x1111_0000 + i;
    core.registers[13] = STACK;
    core.registers[14] = RETURN | 1;
    core.PC = addr & ~1;
    for (let steps = 0; core.PC !== RETURN; steps++) {
      if (steps > 1_000_000) throw new Error(`still at 0x${core.PC.toString(16)}`);
      core.executeInstruction();
    }
    expect(core.registers[13], 'sp').toBe(STACK);
    for (let i = 4; i < 12; i++) expect(core.registers[i], `r${i}`).toBe((args[i] ?? 0x1111_0000 + i) >>> 0);
    return core.registers[0]! | 0;
  }
}

test('initialisers, libgcc, statics and strings work together', () => {
  const board = new RunningBoard({ archives: [archive('libgcc.a', 'v6-m')] });
  board.add('volatile int n = 100; int divide(int a, int b) { return a / b; } n = divide(n, 7);');
  board.add(
    'extern volatile int n; int get() { static int calls = 0; return n * 10 + ++calls; } const char *text = "abc"; int first() { return text[2]; }',
  );
  expect(board.call('_Z3getv')).toBe(141);
  expect(board.call('_Z3getv')).toBe(142);
  expect(board.call('_Z5firstv')).toBe(99);
});

test('callers call the new function, stored pointers the old one', () => {
  const board = new RunningBoard();
  board.add('int f(int a) { return a + 1; }');
  board.add(
    'int f(int); int g(int a) { return f(a) * 10; } int (*volatile stored)(int); stored = f; int viaPointer(int a) { return stored(a); }',
  );
  expect(board.call('_Z1gi', 4)).toBe(50);
  board.add('int f(int a) { return a - 1; }');
  expect(board.call('_Z1gi', 4)).toBe(30);
  expect(board.call('_Z10viaPointeri', 4)).toBe(5);
  board.add('int f(int); extern int (*volatile stored)(int); stored = f;');
  expect(board.call('_Z10viaPointeri', 4)).toBe(3);
});

test('virtual calls and lambdas stored by a statement work after the statement is gone', () => {
  const board = new RunningBoard();
  board.add(`struct Shape { virtual int area() { return 1; } int side; };
    struct Square : Shape { Square(int s) { side = s; } int area() override { return side * side; } };
    Square square(5); Shape *volatile shape; int (*volatile fp)(int);
    shape = &square; fp = [](int a) { return a + 40; };
    int area() { return shape->area(); } int apply(int a) { return fp(a); }`);
  // Other code takes the transient memory.
  for (let i = 0; i < 3; i++) board.add('extern int (*volatile fp)(int); volatile int sink; sink = fp(1) * 7 + fp(2);');
  expect(board.call('_Z4areav')).toBe(25);
  expect(board.call('_Z5applyi', 2)).toBe(42);
});

describe('a weak function', () => {
  test('that nobody defines is not there, and is when it is', () => {
    const board = new RunningBoard();
    board.add(
      'extern "C" __attribute__((weak)) int hook(int); int f(int a) { return hook ? hook(a) : -1; } int force(int a) { hook(a); return 7; }',
    );
    expect(board.call('_Z1fi', 3)).toBe(-1);
    expect(board.call('_Z5forcei', 3)).toBe(7);
    board.add('extern "C" int hook(int a) { return a * 2; }');
    expect(board.call('_Z1fi', 3)).toBe(6);
  });
});

test('a veneer carries all four arguments to flash and back, and changes no register', () => {
  const object = compile(
    'extern "C" int in_flash(int a, int b, int c, int d) { return a + 10 * b + 100 * c + 1000 * d; }',
    0,
  );
  const code = object.sections.find((section) => section.name === '.text.in_flash')!;
  expect(code.relocations).toEqual([]);
  const symbol = object.symbols.find((it) => it.name === 'in_flash')!;
  const firmware = altered(object, {
    kind: 'executable' as const,
    symbols: [
      {
        index: 1,
        name: 'in_flash',
        value: FLASH | 1,
        sizeBytes: symbol.sizeBytes,
        binding: symbol.binding,
        type: symbol.type,
        hidden: false,
        section: 'absolute' as const,
      },
    ],
  });
  const board = new RunningBoard({ firmware });
  board.flash(code.bytes, FLASH);
  const staged = board.add(
    'extern "C" int in_flash(int, int, int, int); int f(int a, int b, int c, int d) { return in_flash(a, b, c, d) + 1; } volatile int n; n = in_flash(4, 3, 2, 1);',
  );
  expect(staged.blocks.flatMap((block) => block.sections).some((it) => it.name === 'veneer to in_flash')).toBe(true);
  expect(board.call('_Z1fiiii', 1, 2, 3, 4)).toBe(4322);
  board.add('extern volatile int n; int get() { return n; }');
  expect(board.call('_Z3getv')).toBe(1234);
});
