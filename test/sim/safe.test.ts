// `:safe on`: an input that does not end well leaves every byte of session memory as it was before it. Checkpoints go
// back in memory, names and code. Writes to code are refused where there is an MPU.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { type CutPort, cutPort } from '../support/cut-port.js';
import { NEEDS, onBoards, ram } from '../support/on-boards.js';

let session: Session;
let line: CutPort;

const value = async (text: string): Promise<string | undefined> => (await session.evaluate(text)).value;

async function failure(text: string, runTimeoutMs?: number): Promise<{ code: string; message: string }> {
  try {
    await session.evaluate(text, runTimeoutMs === undefined ? {} : { runTimeoutMs });
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error(`this should have failed: ${text}`);
}

/** Sums of everything the session holds: code, constants, variables, the whole heap. */
async function sums(): Promise<unknown> {
  const changing = session.linker.changingRanges();
  const held = session.linker.heldRanges().flatMap(({ addr, len }) => {
    const inside = changing.filter((each) => each.addr >= addr && each.addr < addr + len);
    const ends = [addr, ...inside.flatMap((each) => [each.addr, each.addr + each.len]), addr + len];
    return ends.flatMap((from, i) => (i % 2 === 0 ? [{ addr: from, len: ends[i + 1]! - from }] : []));
  });
  const { status, results } = await session.link.execute(
    held.filter(({ len }) => len > 0).map(({ addr, len }) => ({ op: 'CRC', addr, len })),
  );
  expect(status).toBe('OK');
  return { held, results, names: session.names() };
}

const SETTING = [
  'int n = 7; char text[300]; struct P { int x, y; } p{1, 2}; int zero;',
  'int f(int a) { static int calls; return a * 2 + calls++; }',
  'std::vector<int> v{1, 2, 3}; std::string s = "as it was";',
  'printf("%d\\n", f(1));',
  'struct D { int id; D(int i) : id(i) {} ~D() { zero += id; } }; D d(1);',
];

/** Each changes a lot and then fails. */
const FAILING: readonly (readonly [string, string, string])[] = [
  [
    'faults',
    'n = 1; v.push_back(4); s += " no more, and long enough for the heap"; p.y = f(9); __builtin_trap();',
    'SESSION_FAULT',
  ],
  [
    'defines things and faults',
    'int m = 5; int f(int a) { return a; } D e(2); n = m; __builtin_trap();',
    'SESSION_FAULT',
  ],
  ['replaces an object and faults', 'D d(4); n = 3; __builtin_trap();', 'SESSION_FAULT'],
  ['never ends', 'for (;;) { n = n + 1; text[n % 300]++; }', 'SESSION_STOPPED'],
  ['calls abort', 'p = {8, 9}; printf("half a line"); abort();', 'SESSION_ABORTED'],
  ['throws out of memory', 'n = 2; v.resize(1 << 28);', 'SESSION_ABORTED'],
  [
    'overruns a buffer and faults',
    'n = 12; for (int i = -40; i < 340; i++) (&text[0])[i] = 1; __builtin_trap();',
    'SESSION_FAULT',
  ],
  [
    'frees what it should not',
    'n = 4; auto *old = v.data(); v.clear(); v.shrink_to_fit(); delete[] old; __builtin_trap();',
    'SESSION_FAULT',
  ],
];

onBoards(['pico-sim', 'qemu-mps2-an385', 'qemu-lm3s6965evb'], [ram(32)], ({ name: board }) => {
  beforeEach(async () => {
    session = await openSession({ board, wrapPort: (port) => (line = cutPort(port)) });
    for (const text of SETTING) await session.evaluate(text);
    await session.safe.on();
  }, 60_000);
  afterEach(() => session.close());

  test('inputs that fail leave every byte as it was, those that do not fail change it', async () => {
    await session.evaluate('n = 8; v.push_back(9);');
    const before = await sums();
    for (const [what, text, code] of FAILING) {
      expect([what, (await failure(text, code === 'SESSION_STOPPED' ? 300 : undefined)).code]).toEqual([what, code]);
      expect([what, await sums()]).toEqual([what, before]);
    }
    await expect(session.evaluate('zero = 5; exit(3);')).rejects.toThrow('exit(3)');
    expect(await sums()).toEqual(before);
    expect(await value('n + v.back() + f(1)')).toBe('(int) 20');
    expect(await value('s')).toBe('(std::string) "as it was"');
    await session.evaluate('n = 9; text[7] = 1;');
    expect(await value('n + text[7]')).toBe('(int) 10');
    expect((await failure('n = 0; text[7] = 2; __builtin_trap();')).code).toBe('SESSION_FAULT');
    expect(await value('n + text[7]')).toBe('(int) 10');
  }, 120_000);

  test('an input whose line breaks leaves every byte as it was, once the line is back', async () => {
    const before = await sums();
    line.cut = 'answers';
    const broken = failure('n = 1; v.push_back(4); text[0] = 1;', 1000);
    expect((await broken).code).toMatch(/^(?:WIRE|SESSION)_/);
    line.cut = 'none';
    expect(await value('n')).toBe('(int) 7');
    expect(await sums()).toEqual(before);
  }, 120_000);

  test('a board that was reset has every byte again, also of what no repetition gives', async () => {
    await session.evaluate('extern "C" unsigned bw_micros(); unsigned moment; moment = bw_micros(); v.push_back(4);');
    const moment = await value('moment');
    const before = await sums();
    await session.reset();
    expect(await value('moment')).toBe(moment);
    expect(await sums()).toEqual(before);
    expect((await failure('moment = 0; v.clear(); __builtin_trap();')).code).toBe('SESSION_FAULT');
    expect(await sums()).toEqual(before);
    // What runs next need not be an input.
    await session.evaluate('int main() { n = 70; return 0; }');
    await session.reset();
    await session.call('main');
    expect((await failure('n = 1; __builtin_trap();')).code).toBe('SESSION_FAULT');
    expect(await value('n')).toBe('(int) 70');
  }, 120_000);

  test('a checkpoint brings back values, heap, names and code; what came later is gone', async () => {
    await session.safe.checkpoint('good');
    const before = await sums();
    for (const text of [
      'v.assign(50, 1); s = "otherwise"; n = 100;',
      'int f(int a) { return -a; } int later = 3;',
      'struct P { char c; }; P q{1};',
      'D other(5);',
    ]) {
      await session.evaluate(text);
    }
    await session.safe.rollback('good');
    expect(await sums()).toEqual(before);
    expect(await value('v')).toBe('(std::vector<int>) {1, 2, 3}');
    expect(await value('p')).toBe('(P) {x = 1, y = 2}');
    expect(await value('f(10)')).toBe('(int) 21');
    expect((await failure('later')).message).toContain("undeclared identifier 'later'");
    // Safe mode goes on, and so does undo.
    expect((await failure('n = 3; __builtin_trap();')).code).toBe('SESSION_FAULT');
    expect(await value('n')).toBe('(int) 7');
    await session.undo(5);
    expect((await failure('d')).code).toBe('COMPILE_FAILED');
  }, 120_000);
});

onBoards(['qemu-lm3s6965evb', 'pico-sim', 'qemu-mps2-an505'], [NEEDS.mpu], ({ name: board }) => {
  beforeEach(async () => {
    session = await openSession({ board });
  });
  afterEach(() => session.close());

  test('writes to code and constants are faults that say so, with safe on and off', async () => {
    await session.evaluate(
      'int f(int a) { return a * 2; } extern const int limits[3]; const int limits[3] = {1, 2, 3};',
    );
    await session.evaluate('char *words; words = (char *)"a literal of a statement";');
    for (const safe of [false, true]) {
      if (safe) await session.safe.on();
      const code = await failure('*(volatile short *)((unsigned)&f & ~1u) = 0;');
      expect(code.code).toBe('SESSION_FAULT');
      expect(code.message).toContain('write to code: f(int), at 0x');
      const constant = await failure('*(volatile int *)&limits[1] = 0;');
      expect(constant.message).toContain('write to a constant: limits + 4, at 0x');
      expect((await failure('*(volatile char *)words = 0;')).message).toContain('write to a constant');
      expect(await value('f(limits[1])')).toBe('(int) 4');
      // The host may still patch it.
      await session.evaluate(`int f(int a) { return a * ${safe ? 4 : 2}; }`);
    }
    expect(await value('f(limits[1])')).toBe('(int) 8');
    await session.safe.off();
    expect((await failure('*(volatile short *)((unsigned)&f & ~1u) = 0;')).message).toContain('write to code');
    await session.evaluate('int kept = 1; kept = 2;');
    expect(await value('kept')).toBe('(int) 2');
  }, 60_000);
});

describe('on qemu-lm3s6965evb', () => {
  beforeEach(async () => {
    session = await openSession({ board: 'qemu-lm3s6965evb' });
  });
  afterEach(() => session.close());

  test('an interrupt handler may write while writes are tracked, and code that holds interrupts off', async () => {
    await session.evaluate('volatile int ticks; extern "C" void on_tick() { ticks = ticks + 1; } int seen;');
    await session.safe.on();
    // A copy of the vectors in RAM with our handler for SysTick.
    await session.evaluate(
      'alignas(256) unsigned vectors[64]; unsigned *const flash = *(unsigned **)0xE000ED08; for (int i = 0; i < 64; i++) vectors[i] = flash[i]; vectors[15] = (unsigned)&on_tick;',
    );
    const run =
      '*(volatile unsigned *)0xE000ED08 = (unsigned)vectors; *(volatile unsigned *)0xE000E014 = 1000; *(volatile unsigned *)0xE000E018 = 0; *(volatile unsigned *)0xE000E010 = 7; while (ticks < 5) {} *(volatile unsigned *)0xE000E010 = 0; *(volatile unsigned *)0xE000ED08 = (unsigned)flash;';
    await session.evaluate(run);
    expect(await value('ticks >= 5')).toBe('(bool) true');
    await session.evaluate(
      'void mask() { asm volatile("cpsid i" ::: "memory"); } void unmask() { asm volatile("cpsie i" ::: "memory"); }',
    );
    await session.evaluate('mask(); seen = 3; unmask();');
    expect(await value('seen')).toBe('(int) 3');
    expect((await failure('mask(); seen = 4; __builtin_trap();')).code).toBe('SESSION_FAULT');
    expect(await value('seen')).toBe('(int) 3');
  }, 60_000);
});
