// The command line as a script sees it: standard streams and exit codes, on every simulated board.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ramBytes } from '../../boards/board.js';
import { BOARDS } from '../../boards/index.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { chosenBoards } from '../support/on-boards.js';

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs barewire as a process; it is killed if it has not ended after a while. */
function barewire(args: readonly string[], input = ''): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(packageRoot(), 'dist/host/cli/main.js'), ...args]);
    const killer = setTimeout(() => child.kill('SIGKILL'), 45_000);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (exitCode) => {
      clearTimeout(killer);
      resolve({ exitCode, stdout, stderr });
    });
    child.stdin.end(input);
  });
}

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'barewire-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A source file in the test's folder. */
function source(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

/** Bytes that a printf takes which always knows floating point, beyond one that does not. */
const PRINTF_FLOATS = 5 * 1024;

const PLAYED = chosenBoards('all').map(
  (board) => [board.name, ramBytes(board) - (board.capabilities.smallPrintf ? 0 : PRINTF_FLOATS)] as const,
);

/** Boards whose core's timer is the user's, and those with a timer that works: QEMU's of the STM32 does not repeat. */
const WITH_CORE_TIMER = BOARDS.filter(({ interrupts }) => interrupts?.coreTimer === 'free').map(({ name }) => name);
const WITH_TIMER = BOARDS.filter(({ interrupts }) => interrupts !== undefined)
  .map(({ name }) => name)
  .filter((name) => name !== 'qemu-netduinoplus2');

/** The examples, the KiB of RAM they need, and where they can run, if not everywhere. */
const EXAMPLES: readonly (readonly [name: string, kib: number, boards?: readonly string[]])[] = [
  ['prime-finder', 11],
  ['fibonacci', 16],
  ['matrix-multiplication', 32],
  ['sorting-algorithms', 32],
  ['systick', 11, WITH_CORE_TIMER],
  ['timer-interrupt', 11, WITH_TIMER],
  ['gpio-interrupt', 11, ['pico-sim']],
];

describe.each(PLAYED)('on %s', (board, ram) => {
  test('reads inputs from a pipe and prints values alone on standard output', async () => {
    const ended = await barewire(['--board', board], 'int f(int a){return a*2;}\nf(21)\n');
    expect(ended).toEqual({ exitCode: 0, stdout: '(int) 42\n', stderr: '' });
  });

  const isFit = (kib: number, boards?: readonly string[]): boolean =>
    kib * 1024 <= ram && (boards?.includes(board) ?? true);
  const fit = EXAMPLES.filter(([, kib, boards]) => isFit(kib, boards)).map(([name]) => name);
  test.each(fit)('runs the example %s', async (name) => {
    const ended = await barewire(['run', join(packageRoot(), 'examples', `${name}.cpp`), '--board', board]);
    const expected = readFileSync(join(packageRoot(), 'examples', 'expected', `${name}.txt`), 'utf8');
    expect(ended).toEqual({ exitCode: 0, stdout: expected, stderr: '' });
  });

  test('stops code that runs longer than --timeout and says where it was', async () => {
    const ended = await barewire([
      'run',
      source('loop.cpp', 'int main() {\n  while (1);\n}\n'),
      '--timeout',
      '0.3',
      '--board',
      board,
    ]);
    expect(ended.exitCode).toBe(3);
    expect(ended.stderr).toMatch(/^main\(\) was stopped\n/);
    expect(ended.stderr).toMatch(/\nat loop\.cpp:2:\d+ in main\n {4}2 \| {3}while \(1\);\n/);
  });
});

describe('with standard input that is no terminal', () => {
  test('goes on after an input that does not compile, and exits 1', async () => {
    const ended = await barewire([], 'nonsense\n1+1\n');
    expect(ended.exitCode).toBe(1);
    expect(ended.stdout).toBe('(int) 2\n');
    expect(ended.stderr).toContain("input_1:1:1: error: use of undeclared identifier 'nonsense'");
  });

  test('does what :commands say', async () => {
    const ended = await barewire([], 'int f() { return 1; }\n:why f\n:undo\n:nope\n:quit\n1+1\n');
    expect(ended).toEqual({
      exitCode: 0,
      stdout:
        'f is from input 1: int f() { return 1; }\n' +
        'took back input 1: int f() { return 1; }\n' +
        'unknown command :nope; :help lists the commands\n',
      stderr: '',
    });
  });

  test('stops at the first failing input with --strict', async () => {
    const ended = await barewire(['--strict'], 'nonsense\n1+1\n');
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
  });

  test('joins lines until the input is complete', async () => {
    const ended = await barewire([], 'int twice(\n  int a)\n{\n  return 2 * a;\n}\n\ntwice(4)\n');
    expect(ended).toEqual({ exitCode: 0, stdout: '(int) 8\n', stderr: '' });
  });

  test('lists all undefined symbols at once, and exits 1', async () => {
    const ended = await barewire([], 'int first(int); namespace n { int second(); }\nfirst(1) + n::second()\n1\n');
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('first(int)');
    expect(ended.stderr).toContain('n::second()');
    expect(ended.stdout).toBe('(int) 1\n');
  });

  test('exits 3 after a fault, with the values from before it still there', async () => {
    const ended = await barewire(
      ['--board', 'qemu-mps2-an385'],
      'int kept = 7;\nint peek(int *p) { return *p; }\npeek((int *)0xF0000000)\nkept\n',
    );
    expect(ended.exitCode).toBe(3);
    expect(ended.stdout).toBe('(int) 7\n');
    expect(ended.stderr).toContain('input 3 faulted: read of 4 bytes at 0xf0000000, where no memory is\n');
    expect(ended.stderr).toContain('\nat input_2:1:27 in peek(int*)\n    1 | int peek(int *p) { return *p; }\n');
  });

  test('exits with what the program passes to exit', async () => {
    expect(await barewire([], 'exit(9);\n1\n')).toMatchObject({ exitCode: 9, stdout: '' });
  });
});

describe('run', () => {
  test('gives the result of main as the exit code, and what it printed', async () => {
    const file = source('answer.cpp', '#include <cstdio>\nint main() { printf("hi"); return 5; }\n');
    expect(await barewire(['run', file])).toEqual({ exitCode: 5, stdout: 'hi', stderr: '' });
  });

  test('evaluates several files in one session, in order', async () => {
    const first = source('first.cpp', 'int shared = 40;\n');
    const second = source('second.cpp', 'shared += 2;\nshared\n');
    expect(await barewire(['run', first, second])).toEqual({ exitCode: 0, stdout: '(int) 42\n', stderr: '' });
  });

  test('reports as JSON', async () => {
    const file = source('json.cpp', 'int main() { puts("out"); return 3; }\n1.5f\n');
    const ended = await barewire(['run', '--json', file]);
    expect(ended.exitCode).toBe(3);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      board: 'pico-sim',
      files: [file],
      exitCode: 3,
      result: 3,
      values: ['(float) 1.5'],
      output: 'out\n',
      warnings: [],
      error: null,
    });
  });

  test('names the file and line of a compile error', async () => {
    const file = source('wrong.cpp', 'int a;\nint b = c;\n');
    const ended = await barewire(['run', file]);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(`${file}:2:9: error: use of undeclared identifier 'c'`);
  });

  test('says which file cannot be read before anything runs', async () => {
    const good = source('good.cpp', 'puts("ran");\n');
    const ended = await barewire(['run', good, join(dir, 'absent.cpp')]);
    expect(ended.exitCode).toBe(2);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toMatch(/^cannot read .*absent\.cpp: ENOENT/);
  });
});

// What the compiler from npm is given lies in a file system of its own.
describe('options of the compiler on wasm', () => {
  test('headers, folders, macros, standard, optimization and :load are what they are elsewhere', async () => {
    source('twice.h', '#pragma once\ninline int twice(int a) { return a * 2; }\n');
    const loaded = source(
      'square.cpp',
      '#include "twice.h"\nint square(int n) { return n * n; }\ntwice(square(ANSWER))\n',
    );
    const options = ['--include', 'twice.h', '-I', dir, '-D', 'ANSWER=7', '--std', 'c++17', '-O', '0'];
    const inputs = `twice(21)\n__cplusplus\n:load ${loaded}\nint square(int n) { return n; }\nsquare(5)\n#ifdef __OPTIMIZE__\nint optimized = 1;\n#else\nint optimized = 0;\n#endif\noptimized\n`;
    const ended = await barewire(['--board', 'wasm', ...options], inputs);
    expect(ended.stderr).toBe('');
    expect(ended.stdout).toBe('(int) 42\n(long) 201703\n(int) 98\n(int) 5\n(int) 0\n');
    expect(ended.exitCode).toBe(0);
  }, 60_000);

  test('--exceptions is refused with the reason', async () => {
    const ended = await barewire(['--board', 'wasm', '--exceptions'], '1+1\n');
    expect(ended.stderr).toMatch(/^--exceptions is for Arm boards: for wasm there is no C\+\+ library with exceptions/);
    expect(ended.exitCode).toBe(2);
  });
});

describe('usage', () => {
  test.each([
    [['--board', 'nope'], /There are pico-sim, qemu-mps2-an385, qemu-lm3s6965evb.*, and board files/],
    [['--nope'], /unknown option '--nope'/],
    [['run'], /missing required argument 'file'/],
    [['run', 'x.cpp', '--timeout', '-1'], /a number of seconds above 0/],
    [['stray'], /too many arguments|unknown command/],
  ])('%j is refused with exit code 2', async (args, words) => {
    const ended = await barewire(args);
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(words);
  });

  test('a port that is not there is exit code 4', async () => {
    const ended = await barewire(['--port', join(dir, 'ttyNone')], '1\n');
    expect(ended.exitCode).toBe(4);
    expect(ended.stderr).toContain('no such serial port');
  });

  test('boards lists every board', async () => {
    const ended = await barewire(['boards']);
    for (const board of BOARDS) expect(ended.stdout).toContain(board.name);
    expect(ended.exitCode).toBe(0);
  });

  test('doctor finds everything on a machine that is set up', async () => {
    const ended = await barewire(['doctor']);
    expect(ended.stdout).toContain('everything is there');
    expect(ended.exitCode).toBe(0);
  });
});
