// The board that needs nothing but npm: what its executor makes of endless loops, its own death and bad memory, and the
// chip around it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ATTENTION_ADDR, MEMORY_PAGES, PERIPHERALS } from '../../boards/sim/wasm/layout.js';
import { LINES, Peripherals, REGISTERS, takeInterrupt } from '../../boards/sim/wasm/peripherals.js';
import { startWasm, type WasmPort } from '../../boards/sim/wasm/port.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { writeElf } from '../../host/wasm/elf-writer.js';
import type { Op } from '../../protocol/batch.js';
import { FAULT_WORDS, WASM_TRAPS } from '../../protocol/messages.js';

const IMAGE = join(packageRoot(), 'firmware-stub/build/wasm.elf');

let session: Session;
let port: WasmPort;
let output = '';
let heard = (): void => undefined;

beforeAll(async () => {
  const line = {
    what: 'wasm',
    startsBoard: true,
    open: async () => {
      port = startWasm('wasm', IMAGE);
      return port;
    },
  };
  session = await openSession({ board: 'wasm', line });
  session.onOutput((bytes) => {
    output += Buffer.from(bytes).toString();
    heard();
  });
  await session.evaluate('#include <barewire.h>');
}, 60_000);
afterAll(() => session?.close());

const value = async (text: string): Promise<string | undefined> => (await session.evaluate(text)).value;

/** Evaluates what does not end by itself, and waits until it says that it runs. */
async function running(text: string): Promise<{ ended: Promise<Error & { code: string }> }> {
  output = '';
  const said = new Promise<void>((resolve) => {
    heard = () => output.includes('go') && resolve();
  });
  const ended = session.evaluate(text).then(
    () => expect.fail('it ended'),
    (error) => error,
  );
  await Promise.race([said, ended]);
  return { ended };
}

test('Ctrl-C ends a loop, says which line it was in, and memory is kept', async () => {
  await session.evaluate('volatile int n = 5; extern "C" void bw_output(const char *, unsigned long);');
  const { ended } = await running('n = 7; bw_output("go", 2);\nfor (;;) n = n + 1;');
  const start = performance.now();
  session.interrupt();
  const error = await ended;
  const tookMs = performance.now() - start;
  expect(error.code).toBe('SESSION_STOPPED');
  expect(error.message).toMatch(/at input_\d+:2:/);
  expect(tookMs).toBeLessThan(2000);
  expect(await value('n != 5')).toBe('(bool) true');
});

test('an executor that dies is followed by another one with its memory, and the input is told', async () => {
  await session.evaluate('int kept = 7; int twice(int a) { return 2 * a; }');
  const { ended } = await running('bw_output("go", 2);\nfor (;;) n = n + 1;');
  // What ends a thread from outside: no room for its heap, a bug of the engine.
  await port.thread.terminate();
  const error = await ended;
  expect(error.code).toBe('SESSION_RESTARTED');
  expect(await value('twice(kept)')).toBe('(int) 14');
}, 30_000);

test('an executor that dies while nothing runs is followed by another one, and everything is as it was', async () => {
  await session.evaluate('int still = 1; int thrice(int a) { return 3 * a; }');
  await port.thread.terminate();
  expect(await value('thrice(still)')).toBe('(int) 3');
}, 30_000);

test('an executor that dies while an input is sent to it: the input is told, and nothing else is lost', async () => {
  await session.evaluate('int before_it = 4;');
  const { write } = port;
  let sent = 0;
  port.write = (bytes) => {
    sent += bytes.length;
    write.call(port, bytes);
    if (sent < 20_000) return;
    port.write = write;
    void port.thread.terminate();
  };
  // 40 KiB that cannot be made shorter.
  await session.evaluate(`struct Noise { unsigned words[10000]; constexpr Noise() : words{} {
    for (unsigned last = 1; unsigned &each : words) each = last = last * 1664525 + 1013904223; } };`);
  const error = await session.evaluate('constinit Noise noise;').catch((cause) => cause);
  expect(sent).toBeGreaterThanOrEqual(20_000);
  expect(error).toMatchObject({ code: 'SESSION_RESTARTED' });
  await session.evaluate('constinit Noise noise;');
  expect(await value('noise.words[0] - 1015568748 + before_it')).toBe('(unsigned int) 4');
}, 60_000);

test('an executor that dies again and again ends the board, and the session is repeated on another one', async () => {
  await session.evaluate('int repeated = 5;');
  const [dying, notices] = [port, [] as string[]];
  const over = new Promise<void>((resolve) => {
    session.onNotice((text) => {
      notices.push(text);
      resolve();
    });
  });
  for (let deaths = 0; deaths < 3; deaths++) await dying.thread.terminate();
  await over;
  expect(await value('repeated')).toBe('(int) 5');
  expect(port).not.toBe(dying);
  expect(notices.join('\n')).toMatch(/board/);
}, 60_000);

test('a null pointer that memory is filled through at once is noticed when the run is over, and what it did is taken back', async () => {
  await session.evaluate('volatile unsigned long nobody = 0; int before = 1;');
  const fill = 'asm volatile("local.get %0\\n i32.const 7\\n i32.const 4\\n memory.fill 0" : : "r"(nobody));';
  await expect(session.evaluate(fill)).rejects.toMatchObject({
    code: 'SESSION_FAULT',
    message: expect.stringMatching(
      /write to address 0 or close above it, seen when the run was over\nlikely: null pointer/,
    ),
  });
  expect(await value('before')).toBe('(int) 1');
});

test.each([
  [
    'int divide(int a, int b) { return a / b; }',
    'divide(1, 0)',
    /integer division by zero\nat input_\d+:1:37 in divide/,
  ],
  [
    'int *far = (int *)0x7fffff00;',
    '*far = 1;',
    /write of 4 bytes at 0x7fffff00, where no memory is\nlikely: wild pointer\nat input_\d+:1:6/,
  ],
  [
    'struct Triple { int a, b, c; } *none = nullptr;\nint last(Triple *t) {\n  return t->c; }',
    'last(none)',
    /read of 4 bytes at 0x00000008\nlikely: null pointer \+ 8\nat input_\d+:3:13 in last\(Triple\*\)/,
  ],
  ['double *real = nullptr;', '*real = 1.5;', /write of 8 bytes at 0x00000000\nlikely: null pointer\nat input_\d+:1:7/],
  ['', 'strlen((const char *)nullptr)', /read of \d bytes? at 0x00000000\nlikely: null pointer[\s\S]*#0 strlen/],
  [
    'int many[3]; int at(int i) { return many[i]; }',
    'at(0x1fffffff)',
    /read of 4 bytes (?:at 0x8[0-9a-f]{7}, where no memory is\nlikely: wild pointer|outside of memory)/,
  ],
  ['void (*nowhere)() = nullptr;', 'nowhere();', /call of 0x00000000\nlikely: null function pointer\nat input_\d+:1:1/],
  [
    'void (*inside)();',
    'inside = (void (*)())((unsigned long)printf + 4); inside();',
    /call of what is no function: 0x[0-9a-f]{8} \S+ \+ 4\nlikely: wild function pointer/,
  ],
  ['void (*wild)();', 'wild = (void (*)())0x9000000; wild();', /call of what is no function: 0x09000000\nlikely: wild/],
  [
    'int doubled(int a) { return a * 2; } auto as_other = (long long (*)(int))(void *)doubled;',
    'as_other(1)',
    /call of `doubled\(int\)` as a function of another type\nlikely: a function pointer that was cast/,
  ],
  [
    'int deep(int a) { volatile char room[4096]; room[a & 4095] = 1; return a < 0 ? 1 : deep(a + 1) + room[5]; }',
    'deep(1)',
    /stack overflow in `deep\(int\)`, \d+ calls deep\nlikely: endless recursion/,
  ],
  [
    'int wide(int n) { volatile char room[n]; room[0] = 1; return room[0]; }',
    'wide(1000000)',
    /write of 1 byte at 0xfff[0-9a-f]{5}, where no memory is\nlikely: a local variable larger than the stack/,
  ],
  ['int never() { __builtin_trap(); }', 'never()', /code was reached that never should be/],
])('%s: a trap is told with its cause and line', async (setUp, input, words) => {
  if (setUp !== '') await session.evaluate(setUp);
  await expect(session.evaluate(input)).rejects.toMatchObject({
    code: 'SESSION_FAULT',
    message: expect.stringMatching(words),
  });
});

test('a board that is full says what holds the memory, and the session goes on', async () => {
  await expect(session.evaluate('static char most[5000000] = {1}; most[5]')).rejects.toMatchObject({
    code: 'LINK_ARENA_FULL',
    message: expect.stringMatching(/needs 5000000 bytes in one piece, \d+ more than the board has left/),
  });
  expect(await value('1 + 1')).toBe('(int) 2');
});

test('memory cannot grow: malloc says so, and the session goes on', async () => {
  expect(await value('__builtin_wasm_memory_grow(0, 1) == (unsigned long)-1')).toBe('(bool) true');
  await session.evaluate('void *much = malloc(64 * 1024 * 1024);');
  expect(await value('much == nullptr')).toBe('(bool) true');
});

test('what a function imports that is nowhere is a linker error that names it', async () => {
  const text = '__attribute__((import_module("env"), import_name("nothing"))) int nothing(int); nothing(1)';
  await expect(session.evaluate(text)).rejects.toMatchObject({
    code: 'LINK_UNDEFINED',
    message: expect.stringContaining('nothing(int)'),
  });
  await expect(session.evaluate('int missing_one(int); missing_one(2)')).rejects.toMatchObject({
    code: 'LINK_UNDEFINED',
    message: expect.stringContaining('missing_one(int)'),
  });
});

test('a function that is typed again with an integer of another size serves those who were not', async () => {
  await session.evaluate('int five() { return 5; }');
  await session.evaluate('int six() { return five() + 1; }');
  await session.evaluate('long long five() { return 0x100000007; }');
  expect(await value('six()')).toBe('(int) 8');
  await session.evaluate('void five() {}');
  expect(await value('six()')).toBe('(int) 1');
  await session.evaluate('double five() { return 2.5; }');
  await expect(session.evaluate('six()')).rejects.toMatchObject({
    message: expect.stringMatching(
      /call of `five\(\)` as a function of another type\nlikely: .*a result of another type since the caller was typed\nat input_\d+:1:20 in six\(\)/,
    ),
  });
  await session.evaluate('int six() { return (int)five() + 1; }');
  expect(await value('six()')).toBe('(int) 3');
});

/** Fault record of a batch, as words by name. */
async function recordOf(ops: readonly Op[]): Promise<{ trap: number; value: number }> {
  const reply = await session.link.execute(ops);
  expect(reply.status).toBe('FAULT');
  const bytes = reply.failure.record as Uint8Array;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const word = (name: 'trap' | 'value'): number => view.getUint32(4 * FAULT_WORDS.wasm32.indexOf(name), true);
  return { trap: word('trap'), value: word('value') };
}

test('an address where no function is cannot be run', async () => {
  const { hello } = session.link;
  const entry = hello.arenaAddr + hello.arenaSize - 64;
  expect(await recordOf([{ op: 'RUN', entry }])).toEqual({ trap: WASM_TRAPS.noFunction, value: entry });
});

test('a block that was linked for another session is not run where it stands, nor is one that is damaged', async () => {
  await session.evaluate('int right_here() { return 1; }');
  const { addr, len } = session.linker.constantRanges().find((each) => each.len > 0)!;
  const home = session.linker.addressOf('_Z10right_herev')!;
  expect(home >= addr && home < addr + len).toBe(true);
  const [read] = (await session.link.execute([{ op: 'READ', addr: home, len: 64 }])).results;
  const bytes = read?.op === 'READ' ? read.data : expect.fail('nothing read');
  // Between the arena's ends nothing lies.
  const { arenaAddr, arenaSize } = session.link.hello;
  const entry = (arenaAddr + arenaSize / 2) & ~3;
  const copy: Op[] = [
    { op: 'WRITE', addr: entry, data: bytes },
    { op: 'RUN', entry },
  ];
  expect(await recordOf(copy)).toEqual({ trap: WASM_TRAPS.strangeRecord, value: entry });
  const moved = bytes.slice();
  new DataView(moved.buffer).setUint32(8, entry, true);
  const ran = await session.link.execute([{ op: 'WRITE', addr: entry, data: moved }, copy[1]!]);
  expect(ran.results[1]).toMatchObject({ op: 'RUN', value: 1 });
  // Its body has no instruction then: behind a header of 24 bytes, a type of 5 and the number of locals.
  const broken = moved.slice().fill(0xff, 30, 33);
  expect(await recordOf([{ op: 'WRITE', addr: entry, data: broken }, copy[1]!])).toEqual({
    trap: WASM_TRAPS.badRecord,
    value: entry,
  });
  await session.link.execute([{ op: 'FILL', addr: entry, len: 64, value: 0 }]);
  expect(await value('right_here()')).toBe('(int) 1');
});

test('a register is a word of memory: lamps, UART, button and timer, with handlers', async () => {
  await session.evaluate(
    'constexpr bw::Register<> leds{0x40010}, period{0x40024}, uart{0x40030}; volatile unsigned ticks, presses;',
  );
  await session.evaluate('leds.write(0x81); while (!(uart.read() & 0x80000000u)); uart.write(65);');
  await session.evaluate('bw::on_irq(2, [] { presses = presses + 1; }); bw::on_irq(1, [] { ticks = ticks + 1; });');
  await session.evaluate(
    'period.write(1000); for (const unsigned from = micros(); ticks < 3 && micros() - from < 5000000;);',
  );
  await session.evaluate('period.write(0);');
  expect(await value('ticks >= 3')).toBe('(bool) true');
  expect(session.panel('press')?.[0]).toContain('●○○○○○○●    button pressed');
  expect(session.panel('')?.[2]).toBe('uart    "A"');
  expect(await value('presses')).toBe('(unsigned int) 1');
  expect(session.panel('dance')).toBeUndefined();
});

test('a fault in a handler is told with its line, and nothing has to restart', async () => {
  await session.evaluate('volatile unsigned late = 0;\nvoid bad() {\n  late = 1;\n  __builtin_trap();\n}');
  const text =
    'bw::on_irq(1, bad); period.write(1000); for (const unsigned from = micros(); micros() - from < 5000000;);';
  await expect(session.evaluate(text)).rejects.toMatchObject({
    code: 'SESSION_FAULT',
    message: expect.stringMatching(/never should be\n.*\nat input_\d+:4:3 in bad\(\)/),
  });
  await session.evaluate('period.write(0); bw::on_irq(1, nullptr);');
  expect(await value('late')).toBe('(unsigned int) 1');
});

test('an executor that cannot start ends the line, with what to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'barewire-wasm-'));
  try {
    const image = join(folder, 'bad.elf');
    const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 9, 9, 9, 9);
    writeFileSync(image, writeElf('executable', [{ name: '.wasm', type: 1, flags: 0, align: 4, bytes }], []));
    const ended = await new Promise<Error | undefined>((resolve) => startWasm('wasm', image).onClose(resolve));
    expect(ended).toMatchObject({
      code: 'BOARD_WASM_DIED',
      message: expect.stringMatching(/^the executor of wasm ended 3 times without a word: .*`npm run firmware`/s),
    });
    // A module that imports what no executor has.
    const imports = [2, 15, 1, 5, ...Buffer.from('board'), 5, ...Buffer.from('extra'), 0, 0];
    const module = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, ...imports);
    writeFileSync(image, writeElf('executable', [{ name: '.wasm', type: 1, flags: 0, align: 4, bytes: module }], []));
    const missing = await new Promise<Error | undefined>((resolve) => startWasm('wasm', image).onClose(resolve));
    expect(missing).toMatchObject({
      code: 'BOARD_WASM_DIED',
      message: expect.stringMatching(/without a word: .*"board".*"extra".*`npm run firmware` builds its image anew$/s),
    });
    writeFileSync(image, 'no image');
    expect(() => startWasm('wasm', image)).toThrow(/bad\.elf is no image of the board wasm/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('memory that is not to be had is told with how much it takes', () => {
  expect(() => startWasm('wasm', IMAGE, 1_000_000)).toThrow(
    expect.objectContaining({
      code: 'BOARD_WASM_MEMORY',
      message: expect.stringContaining('it takes 64000000 KiB in one piece'),
    }),
  );
});

test('the hardware takes what was written once it looks, and wakes the executor for lines that are let in', () => {
  const memory = new SharedArrayBuffer(MEMORY_PAGES * 65_536);
  const words = new Int32Array(memory);
  const at = (register: keyof typeof REGISTERS): number => (PERIPHERALS.addr + REGISTERS[register]) / 4;
  let woken = 0;
  const chip = new Peripherals(memory, () => woken++);
  try {
    words[at('uartOut')] = 0x42;
    chip.tick();
    expect(chip.lines()[2]).toContain('"B"');
    expect(words[at('uartOut')]! < 0).toBe(true);
    chip.act('press');
    expect(woken).toBe(0);
    words[at('irqVectors')] = 0x1000;
    words[at('irqEnable')] = 1 << LINES.button;
    words[0x400 + LINES.button] = 0x5_0000;
    expect(takeInterrupt(words)).toEqual({ line: LINES.button, handler: 0x5_0000 });
    expect(takeInterrupt(words)).toBeUndefined();
    chip.act('release');
    expect(woken).toBe(1);
    expect(words[ATTENTION_ADDR / 4]).toBe(1);
    chip.act('send x');
    expect(words[at('uartIn')]).toBe(0x178);
  } finally {
    chip.close();
  }
});
