// The conductor's own parts: how a staged link becomes a batch, how a batch is taken back, what its errors say.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBoard } from '../../boards/index.js';
import { errorText, exitCodeOf } from '../../host/cli/exit-codes.js';
import { readInputs } from '../../host/cli/pipe.js';
import { BarewireError } from '../../host/diag/error.js';
import type { LinkedBlock, StagedLink } from '../../host/link/types.js';
import { openArchives } from '../../host/session/archives.js';
import { batchError, ProgramExit } from '../../host/session/errors.js';
import { findFirmware } from '../../host/session/firmware.js';
import { openSession } from '../../host/session/open.js';
import { type BatchParts, destroyedBy, planBatch, planSave, writeBack } from '../../host/session/plan-batch.js';
import { stdioCompanions } from '../../host/session/stdio.js';
import { findToolchain } from '../../host/toolchain/toolchain.js';
import type { BatchReply } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'barewire-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function block(addr: number, bytes: number[], zeroBytes = 0, inPlace = false): LinkedBlock {
  return { addr, bytes: Uint8Array.from(bytes), zeroBytes, inPlace } as LinkedBlock;
}

function staged(parts: Partial<StagedLink>): StagedLink {
  return { input: 1, blocks: [], patches: [], entries: [], replaced: [], ...parts } as StagedLink;
}

function parts(some: Partial<BatchParts> = {}): BatchParts {
  return {
    saved: [],
    addressOf: () => undefined,
    flush: undefined,
    search: undefined,
    handlers: [],
    track: [],
    value: undefined,
    ...some,
  };
}

const reply = (parts: Partial<BatchReply>): BatchReply => ({
  status: 'OK',
  done: 0,
  results: [],
  failure: {},
  ...parts,
});

describe('a batch', () => {
  test('writes blocks that touch with one op, and checks them', () => {
    const { ops } = planBatch(staged({ blocks: [block(0x104, [5]), block(0x100, [1, 2, 3, 4])] }), parts());
    expect(ops).toEqual([
      { op: 'WRITE', addr: 0x100, data: Buffer.from([1, 2, 3, 4, 5]) },
      { op: 'CHECK', addr: 0x100, len: 5, crc: crc32(Uint8Array.from([1, 2, 3, 4, 5])) },
    ]);
  });

  test('leaves a gap between blocks alone: something else may live there', () => {
    const { ops } = planBatch(staged({ blocks: [block(0x100, [1]), block(0x102, [2])] }), parts());
    expect(ops.filter((each) => each.op === 'WRITE')).toHaveLength(2);
  });

  test('writes before it patches, patches before it runs, flushes after that and reads the value last', () => {
    const plan = planBatch(
      staged({
        blocks: [block(0x100, [1], 4)],
        patches: [{ addr: 0x40, bytes: Uint8Array.of(9), previous: Uint8Array.of(8) }],
        entries: [0x101],
      }),
      parts({ flush: 0x201, value: { addr: 0x300, len: 4 } }),
    );
    expect(plan.ops.map((each) => each.op)).toEqual(['FILL', 'WRITE', 'CHECK', 'WRITE', 'RUN', 'RUN', 'READ']);
  });

  test('does not flush when nothing runs', () => {
    const { ops } = planBatch(staged({ blocks: [block(0x100, [1])] }), parts({ flush: 0x201 }));
    expect(ops.map((each) => each.op)).toEqual(['WRITE', 'CHECK']);
  });

  test('that failed is taken back with the patched bytes and the values read before', () => {
    const link = staged({
      blocks: [block(0x100, [1, 1], 2, true)],
      patches: [{ addr: 0x40, bytes: Uint8Array.of(9), previous: Uint8Array.of(8) }],
    });
    expect(planSave(link)).toEqual([{ op: 'READ', addr: 0x100, len: 4 }]);
    const before = { addr: 0x100, data: Uint8Array.of(4, 3, 2, 1) };
    const plan = planBatch(link, parts({ saved: [before] }));
    expect(writeBack(plan.overwritten, [])).toEqual([
      { op: 'WRITE', ...before },
      { op: 'WRITE', addr: 0x40, data: Uint8Array.of(8) },
    ]);
  });

  test('destroys what it overwrites before it writes, and what moved after the initialisers', () => {
    const addresses = new Map([
      ['bw_run_destructors', 0x501],
      ['bw_destructors', 0x600],
    ]);
    const replaced = [
      { addr: 0x100, len: 4, inPlace: true },
      { addr: 0x200, len: 8, inPlace: false },
    ];
    const link = staged({ blocks: [block(0x100, [1, 1, 1, 1], 0, true)], entries: [0x301], replaced });
    const plan = planBatch(link, parts({ addressOf: (symbol) => addresses.get(symbol) }));
    expect(plan.ops.map((each) => each.op)).toEqual(['WRITE', 'RUN', 'WRITE', 'CHECK', 'RUN', 'WRITE', 'RUN']);
    expect(plan.ops[0]).toEqual({
      op: 'WRITE',
      addr: 0x600,
      data: Uint8Array.of(0, 1, 0, 0, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0),
    });

    const ran = (value: number): BatchReply['results'][number] => ({ op: 'RUN', value, micros: 1 });
    const destroyed = destroyedBy(plan, reply({ results: [{ op: 'WRITE' }, ran(1)] }));
    expect(destroyed).toEqual([{ addr: 0x100, len: 4 }]);
    expect(writeBack([], destroyed)).toEqual([{ op: 'FILL', addr: 0x100, len: 4, value: 0 }]);
    expect(destroyedBy(plan, reply({ results: [{ op: 'WRITE' }, ran(0)] }))).toEqual([]);
  });
});

describe('a batch that did not end well', () => {
  const report = {
    cause: 'read of 4 bytes at 0x00000008',
    mistake: 'null pointer + 8',
    place: ['at input_6:1:9 in f(int)'],
    details: ['pc 0x20000100 f(int), lr 0x20000200 main'],
  };
  const errorOf = (parts: Partial<BatchReply>): Error => batchError('input 7', reply(parts), report);

  test.each([
    [
      { status: 'FAULT' as const },
      'SESSION_FAULT',
      'input 7 faulted: read of 4 bytes at 0x00000008\nlikely: null pointer + 8\nat input_6:1:9 in f(int)\npc 0x20000100 f(int), lr 0x20000200 main',
      3,
    ],
    [{ status: 'BROKEN' as const }, 'SESSION_STOPPED', 'input 7 was stopped\nat input_6:1:9 in f(int)', 3],
    [
      { status: 'BROKEN' as const, failure: { bootId: 3 } },
      'SESSION_STOPPED',
      'input 7 was stopped\nvariables are kept; peripherals are as after a reset: the board had to restart\nat input_6:1:9',
      3,
    ],
    [
      { status: 'STALLED' as const },
      'SESSION_STOPPED',
      'input 7 was stopped by the watchdog: it kept interrupts off for more than half a second\nat input_6:1:9 in f(int)',
      3,
    ],
    [
      { status: 'RESTARTED' as const, failure: { bootId: 3 } },
      'SESSION_RESTARTED',
      'input 7 does not count: the board was reset while it ran, by itself, by its watchdog, which code that keeps ' +
        'interrupts off meets, its reset button or its power\nvariables are kept; peripherals are as after a reset: the board had to restart',
      4,
    ],
    [
      { status: 'MISMATCH' as const, failure: { crc: 0x1234 } },
      'SESSION_MEMORY_MISMATCH',
      'reads back otherwise (CRC-32 0x00001234)',
      4,
    ],
    [{ status: 'REFUSED' as const, done: 2 }, 'SESSION_REFUSED', 'the board refused operation 3 of input 7', 4],
    [
      { status: 'MALFORMED' as const, done: 0 },
      'SESSION_BAD_BATCH',
      'the board answered MALFORMED to operation 1 of input 7',
      4,
    ],
  ])('%j becomes %s', (parts, code, words, exitCode) => {
    const error = errorOf(parts);
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(words);
    expect(exitCodeOf(error)).toBe(exitCode);
  });

  test('because the program called exit is no failure', () => {
    const error = errorOf({ status: 'EXITED', failure: { value: 9 } });
    expect(error).toBeInstanceOf(ProgramExit);
    expect(error.message).toBe('the program called exit(9)');
  });

  test('shows a stack only for a bug', () => {
    expect(errorText(errorOf({ status: 'FAULT' }))).not.toContain('session.test');
    expect(errorText(errorOf({ status: 'REFUSED' }))).toContain('session.test');
  });
});

describe('what a session needs', () => {
  test('an unknown build id names the images there are', () => {
    expect(() => findFirmware(dir, 'abcd')).toThrow(
      /the board runs build abcd, which is none of those in .*no images there/,
    );
    expect(() => findFirmware(dir, 'abcd')).toThrow(
      expect.objectContaining({
        code: 'SESSION_UNKNOWN_BUILD',
        message: expect.stringMatching(
          /\nflash the board with an image of this barewire \(`barewire flash BOARD`\), or name its board file with --board/,
        ),
      }),
    );
  });

  test('a missing archive names the folders and the command that mends it', () => {
    const board = findBoard('pico-sim')!;
    const open = (): unknown => openArchives(board, { ...findToolchain(board), archiveDirs: [] }, dir);
    expect(open).toThrow(
      /libbarewire\.a for Cortex-M0\+ is in none of .*support-thumb-v6-m-nofp\n`npm run firmware` builds it/,
    );
    expect(open).toThrow(expect.objectContaining({ code: 'SESSION_MISSING_ARCHIVE' }));
  });

  test('exceptions are refused for a board without a C++ library that throws', async () => {
    const error = await openSession({ board: 'qemu-virt-rv32', compile: { exceptions: true } }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      code: 'CLI_NO_EXCEPTIONS',
      message: expect.stringMatching(/^--exceptions is for Arm boards: for qemu-virt-rv32 there is no C\+\+ library/),
    });
  });

  test('a board that does not exist is a usage error that names those that do', async () => {
    const error = await openSession({ board: 'nope' }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'CLI_UNKNOWN_BOARD',
      message: expect.stringContaining('pico-sim, qemu-mps2-an385'),
    });
    expect(exitCodeOf(error)).toBe(2);
  });
});

describe('stdio', () => {
  test('brings floating point only for formats that convert it', () => {
    const brings = (text: string): boolean => stdioCompanions(text).some(({ also }) => also === '_printf_float');
    expect(['printf("%f", x)', '"%8.3g"', '"%-+5.*e"', '"%lf"'].map(brings)).toEqual([true, true, true, true]);
    expect(['printf("%d", x)', 'a % f', '"100%"', '"%5u"'].map(brings)).toEqual([false, false, false, false]);
  });
});

describe('lines from a pipe', () => {
  const inputsOf = async (lines: string[], isComplete: (text: string) => boolean): Promise<string[]> => {
    async function* feed(): AsyncGenerator<string> {
      yield* lines;
    }
    const inputs: string[] = [];
    for await (const input of readInputs(feed(), isComplete)) inputs.push(input);
    return inputs;
  };
  const balanced = (text: string): boolean => text.split('{').length === text.split('}').length;

  test('become inputs as soon as they are complete', async () => {
    expect(await inputsOf(['int f() {', '}', '', 'f()'], balanced)).toEqual(['int f() {\n}', 'f()']);
  });

  test('are commands when they begin with a colon and nothing is open', async () => {
    expect(await inputsOf([':why f', '::f()', 'int f() {', ':x', '}'], balanced)).toEqual([
      ':why f',
      '::f()',
      'int f() {\n:x\n}',
    ]);
  });

  test('that never become complete are handed out at the end', async () => {
    expect(await inputsOf(['int f() {', 'return 1;'], balanced)).toEqual(['int f() {\nreturn 1;']);
  });
});

test('an error that nobody foresaw shows its stack and exits with 1', () => {
  const error = new TypeError('surprise');
  expect(errorText(error)).toContain('session.test');
  expect(exitCodeOf(error)).toBe(1);
  expect(exitCodeOf(new BarewireError('WIRE_TIMEOUT', 'x'))).toBe(4);
});
