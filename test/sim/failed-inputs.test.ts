// An input that fails anywhere leaves the session exactly as before: names, memory map, and every byte that
// somebody holds on the board.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { type CutPort, cutPort } from '../support/cut-port.js';
import { NEEDS, onBoards, ram } from '../support/on-boards.js';

let session: Session;
let line: CutPort;
let printed = '';
const notices: string[] = [];

/** All that an input could change. */
async function snapshot(): Promise<unknown> {
  const ranges = session.linker.heldRanges();
  const reply = await session.link.execute(ranges.map(({ addr, len }) => ({ op: 'CRC', addr, len })));
  return { ranges, crcs: reply.results, usage: session.linker.usage(), names: session.names() };
}

async function failure(text: string, runTimeoutMs?: number): Promise<{ code: string; message: string }> {
  try {
    await session.evaluate(text, runTimeoutMs === undefined ? {} : { runTimeoutMs });
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error(`this should have failed: ${text}`);
}

async function value(text: string): Promise<string | undefined> {
  return (await session.evaluate(text)).value;
}

const THREAD_LOCAL = 'a thread_local';
const FAILING = [
  ['the compiler', 'int f(int a) { return nothing; }', 'COMPILE_FAILED'],
  ['the parser', 'int f(int a) { return a; } }', 'COMPILE_FAILED'],
  ['the linker, for a name nobody defines', 'int absent(); int f(int a) { return absent(); }', 'LINK_UNDEFINED'],
  ['the linker, for memory', 'char much[16 << 20]; int f(int a) { return much[a]; }', 'LINK_ARENA_FULL'],
  [THREAD_LOCAL, 'thread_local int t = 1; int f(int a) { return t; }', 'LINK_'],
  ['an initialiser that faults', 'int f(int a) { return 5; } int n = 9; C e; __builtin_trap();', 'SESSION_FAULT'],
] as const;

onBoards(['pico-sim', 'qemu-lm3s6965evb'], [ram(32)], (board) => {
  if (!NEEDS.noThreadLocal.isMet(board)) test.skip(`${THREAD_LOCAL} needs ${NEEDS.noThreadLocal.words}`, () => {});
  beforeAll(async () => {
    session = await openSession({ board: board.name, wrapPort: (port) => (line = cutPort(port)) });
    session.onNotice((text) => notices.push(text));
    session.onOutput((bytes) => {
      printed += Buffer.from(bytes).toString();
    });
    for (const text of [
      'int f(int a) { return a * 2; }',
      'int g(int a) { return f(a) + 1; }',
      'int n = 7;',
      'struct C { C() { volatile int made = 1; } };',
      'const char *text = "first"; text = "second";',
    ]) {
      await session.evaluate(text);
    }
  });
  afterAll(() => session.close());

  test.each(FAILING.filter(([where]) => where !== THREAD_LOCAL || NEEDS.noThreadLocal.isMet(board)))(
    'an input that fails in %s changes nothing',
    async (_where, text, code) => {
      const before = await snapshot();
      expect((await failure(text)).code).toContain(code);
      expect(await snapshot()).toEqual(before);
      expect(await value('g(20)')).toBe('(int) 41');
      expect(await value('n')).toBe('(int) 7');
      expect(await value('text')).toBe('(const char *) "second"');
    },
  );

  test('an input that is stopped changes nothing: not its callers, variables, objects or text', async () => {
    const before = await snapshot();
    const stopped = 'int f(int a) { return 6; } int n = 10; C e; volatile int i = 0; for (;;) i = i + 1;';
    expect((await failure(stopped, 200)).code).toBe('SESSION_STOPPED');
    expect(await snapshot()).toEqual(before);
    expect(await value('g(20)')).toBe('(int) 41');
    expect(await value('n')).toBe('(int) 7');
  });

  test.each(['answers', 'both'] as const)(
    'an input whose line breaks (%s) changes nothing, once the line is back',
    async (cut) => {
      const before = await snapshot();
      line.cut = cut;
      line.healsAtHello = true;
      const broken = failure('int f(int a) { return 8; } int n = 11; C e;');
      expect((await broken).code).toBe('SESSION_CUT_SHORT');
      expect(line.cut).toBe('none');
      expect(notices.splice(0)).toEqual([
        "the line was disturbed; the board's memory is as it was: functions and variables are kept",
      ]);
      expect(await value('g(20)')).toBe('(int) 41');
      expect(await value('n')).toBe('(int) 7');
      expect(await snapshot()).toEqual(before);
    },
    60_000,
  );

  test('objects of failed inputs are never destroyed, those of good ones once', async () => {
    await value('struct D { int id; D(int id) : id(id) {} ~D() { printf("-%d\\n", id); } };');
    await value('D d(1);');
    expect((await failure('D e(2); volatile int i = 0; for (;;) i = i + 1;', 200)).code).toBe('SESSION_STOPPED');
    await value('D h(3);');
    printed = '';
    await session.finish();
    await session.finish();
    expect(printed).toBe('-3\n-1\n');
  });
});

test('a full board says by how many bytes, and what holds the space; malloc gets what is left', async () => {
  const small = await openSession({ board: 'qemu-lm3s6965evb' });
  try {
    await small.evaluate('char samples[40000];');
    await small.evaluate('char names[8000];');
    const used = small.linker.usage().usedBytes;
    const error = await small.evaluate('char table[90000]; int f() { return table[0]; }').catch((each) => each);
    expect(error.code).toBe('LINK_ARENA_FULL');
    expect(error.message).toMatch(/^input 3 \(table: 90000\) needs 90000 bytes in one piece, 8\d\d\d\d more than/);
    expect(error.message).toContain('40000 bytes  samples from input 1\n  8000 bytes  names from input 2');
    expect(small.linker.usage().usedBytes).toBe(used);
    const { value: block } = await small.evaluate('malloc(100)');
    expect(block).toMatch(/^\(void \*\) 0x2000/);
    expect(small.linker.usage().heapBytes).toBeGreaterThanOrEqual(2048);
  } finally {
    await small.close();
  }
});
