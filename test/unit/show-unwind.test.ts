// The call stack at every instruction of running code, held against the calls that the simulated core really made:
// prologues, bodies and epilogues; high registers, large frames, variable arguments, frame pointers; with libgcc.

import { RP2040 } from 'rp2040js';
import { describe, expect, test } from 'vitest';
import { frameRowAt } from '../../host/elf/dwarf/frame.js';
import type { StagedLink } from '../../host/link/types.js';
import { backtrace, depthOf } from '../../host/show/backtrace.js';
import { thumbCalls } from '../../host/show/calls-thumb.js';
import { type UnwindTarget, unwind } from '../../host/show/unwind.js';
import { ARENA, archive, TestBoard } from './link-support.js';

const RETURN = 0x2003_f000;
const STACK = { addr: 0x2003_c000, sizeBytes: 0x2000 };
const STACK_END = STACK.addr + STACK.sizeBytes;

const PROGRAM = `
__attribute__((noinline)) int leaf(int a) { return a * 3 + 1; }
__attribute__((noinline)) int saves(int a) {
  int x = leaf(a);
  asm volatile("" ::: "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11");
  return x + leaf(x);
}
__attribute__((noinline)) int large(int a) {
  volatile int room[600];
  room[a & 7] = saves(a);
  return room[a & 7] + leaf(a);
}
__attribute__((noinline)) int many(int first, ...) {
  __builtin_va_list list;
  __builtin_va_start(list, first);
  int sum = saves(first);
  for (int i = 0; i < 5; i++) sum += __builtin_va_arg(list, int);
  __builtin_va_end(list);
  return sum;
}
__attribute__((noinline)) int dynamic(int n) {
  volatile int *room = (volatile int *)__builtin_alloca(4 * n);
  room[n - 1] = leaf(n);
  return room[n - 1] + saves(n);
}
__attribute__((noinline)) int early(int n) {
  if (n < 0) return leaf(n);
  asm volatile("" ::: "r8", "r9");
  return large(n) + dynamic(n);
}
__attribute__((noinline)) int divides(int a, int b) { return a / b + a % b; }
__attribute__((noinline)) long long wide(long long a, long long b) { return a / b; }
int recurse(int n) { volatile int pad[2]; pad[0] = n; return n == 0 ? leaf(n) : recurse(n - 1) + pad[0]; }
int (*volatile pointer)(int) = early;
extern "C" int run(int n) {
  return pointer(n) + early(-n) + many(n, 1, 2, 3, 4, 5) + divides(100, n) + (int)wide(1000, n) + recurse(n);
}
`;

/** A board whose every instruction is looked at. */
class WatchedBoard extends TestBoard {
  readonly mcu = new RP2040();

  override commit(staged: StagedLink): StagedLink {
    for (const block of staged.blocks) this.mcu.sram.set(block.bytes, block.addr - ARENA.addr);
    return super.commit(staged);
  }

  get unwinding(): UnwindTarget {
    const { mcu, link } = this;
    return {
      stack: STACK,
      rules: thumbCalls(false),
      halfwordAt: (addr) =>
        link.sectionAt(addr) === undefined ? undefined : mcu.sramView.getUint16(addr - ARENA.addr, true),
      rowAt: (addr) => {
        const place = link.sectionAt(addr);
        return place && frameRowAt(place.object, { section: place.section.index, offset: place.offset });
      },
      functionStart: (addr) => {
        const place = link.symbolAt(addr);
        return place && (addr - place.offset) & ~1;
      },
      readWord: async (addr) => mcu.sramView.getUint32(addr - ARENA.addr, true),
    };
  }

  /** Calls a function; `look` sees each instruction before it runs, with the return addresses of the open calls. */
  async call(symbol: string, arg: number, look: (registers: number[], calls: readonly number[]) => Promise<void>) {
    const { core } = this.mcu;
    const entry = this.link.addressOf(symbol)!;
    for (let i = 0; i < 13; i++) core.registers[i] = 0x1111_0000 + i;
    core.registers[0] = arg;
    core.registers[13] = STACK_END;
    core.registers[14] = RETURN | 1;
    core.PC = entry & ~1;
    const calls: { to: number; sp: number }[] = [];
    core.blTaken = () => {
      // libgcc's own calls leave by other ways than they came.
      calls.push({ to: core.LR & ~1, sp: core.SP });
    };
    while (core.PC !== RETURN) {
      const open = calls.at(-1);
      if (open !== undefined && core.PC === open.to && core.SP === open.sp) calls.pop();
      else
        await look(
          [...core.registers],
          calls.map(({ to }) => to),
        );
      core.executeInstruction();
    }
  }
}

describe.each([
  ['-Os', ['-Os', '-fomit-frame-pointer']],
  ['-O2', ['-O2', '-fomit-frame-pointer']],
  ['-O0', ['-O0']],
  ['-Os with frame pointers', ['-Os', '-fno-omit-frame-pointer', '-mno-omit-leaf-frame-pointer']],
])('code of clang %s', (_, flags) => {
  test('is unwound right at every instruction', async () => {
    const board = new WatchedBoard({ archives: [archive('libgcc.a', 'v6-m')] });
    board.add(PROGRAM, { flags });
    const target = board.unwinding;
    const wrong = new Map<string, string>();
    let looked = 0;
    await board.call('run', 5, async (registers, calls) => {
      const frames = await unwind(registers, target, 32);
      const found = frames.slice(1).map(({ pc }) => pc);
      const expected = [...calls].reverse();
      looked++;
      if (found.join() === expected.join()) return;
      const place = board.link.symbolAt(registers[15]!);
      const list = (addrs: readonly number[]): string =>
        addrs.map((addr) => board.link.symbolAt(addr)?.name).join(' < ');
      wrong.set(`${place?.name} + ${place?.offset}`, `${list(found)} instead of ${list(expected)}`);
    });
    expect(looked).toBeGreaterThan(500);
    expect(Object.fromEntries(wrong)).toEqual({});
  });
});

test('endless recursion is counted without following each call', async () => {
  const board = new WatchedBoard();
  board.add(
    'int deep(int n) { volatile int pad[3]; pad[0] = n; return deep(n + 1) + pad[0]; } extern "C" int run(int n) { return deep(n) + 1; }',
    { flags: ['-Os', '-fomit-frame-pointer'] },
  );
  const target = board.unwinding;
  let reads = 0;
  const counted: UnwindTarget = {
    ...target,
    readWord: (addr) => {
      reads++;
      return target.readWord(addr);
    },
  };
  let deepest = 0;
  await board
    .call('run', 1, async (registers, calls) => {
      if (calls.length <= deepest) return;
      deepest = calls.length;
      if (deepest !== 200) return;
      const trace = await backtrace(registers, counted, false, false);
      // The calls, and the function that is running.
      expect(depthOf(trace)).toBe(201);
      expect(trace.roundBytes).toBeGreaterThan(15);
      expect(trace.skipped).toBeGreaterThan(100);
      throw new Error('seen');
    })
    .catch((error: Error) => expect(error.message).toBe('seen'));
  expect(reads).toBeLessThan(800);
});

test('a stack full of nonsense ends the walk', async () => {
  const board = new WatchedBoard();
  board.add(
    '__attribute__((noinline)) int leaf(int a) { return a + 1; } int f(int a) { return leaf(a) + leaf(a + 1); }',
    {
      flags: ['-Os'],
    },
  );
  const target = board.unwinding;
  const entry = board.link.addressOf('_Z1fi')! & ~1;
  const registers = [...Array(13).fill(0), STACK.addr + 64, 0, entry + 6];
  for (const word of [0, 0xffff_ffff, entry, entry + 1, STACK.addr + 1, RETURN | 1]) {
    const frames = await unwind(registers, { ...target, readWord: async () => word }, 32);
    expect(frames.map(({ pc }) => pc)).toEqual([entry + 6]);
  }
  expect(await unwind(registers, { ...target, readWord: async () => undefined }, 32)).toHaveLength(1);
});
