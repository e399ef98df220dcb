// What the command line makes of its options, and what it takes from a project's compilation database.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCompileCommands, splitCommandLine } from '../../host/cli/compile-commands.js';
import { openOptions, type SessionOptions, withSessionOptions } from '../../host/cli/options.js';
import { BarewireError } from '../../host/diag/error.js';
import { explainUndefined } from '../../host/session/needs-os.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'barewire-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function parse(...words: string[]): SessionOptions {
  const command = withSessionOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  return command.parse(words, { from: 'user' }).opts<SessionOptions>();
}

function database(content: string): string {
  const file = join(dir, 'compile_commands.json');
  writeFileSync(file, content);
  return file;
}

describe('options', () => {
  test('of the language become flags of the compiler; repeatable ones keep their order', () => {
    const { compile } = openOptions(
      parse('-DA', '-D', 'B=2', '-I', '/inc', '--std', 'c++17', '-O2', '--rtti', '--exceptions'),
    );
    expect(compile).toEqual({
      std: 'c++17',
      optimize: '2',
      rtti: true,
      exceptions: true,
      headers: [],
      extra: ['-I/inc', '-DA', '-DB=2'],
    });
  });

  test.each([
    ['-O', '7'],
    ['--std', 'pascal'],
    ['-D', '1x'],
  ])('%s %s is refused before anything starts', (option, value) => {
    expect(() => parse(option, value)).toThrow(/invalid/);
  });
});

describe('a compilation database', () => {
  test('gives include folders and macros, each once, relative to its directory', () => {
    const file = database(
      JSON.stringify([
        { directory: '/p', file: 'a.c', command: 'gcc -Iinc -DN="\\"x y\\"" -isystem sys -O2 -c a.c' },
        { directory: '/p', file: 'b.c', arguments: ['gcc', '-I', 'inc', '-DM=1', '-Wall', 'b.c'] },
      ]),
    );
    expect(readCompileCommands(file)).toEqual(['-I/p/inc', '-DN="x y"', '-isystem/p/sys', '-DM=1']);
  });

  test.each([
    ['nothing', '/nowhere/compile_commands.json', undefined],
    ['no JSON', undefined, '{'],
    ['no list', undefined, '{}'],
    ['an entry without a command', undefined, '[{"file": "a.c"}]'],
  ])('that is %s is refused by name', (_what, path, content) => {
    const file = path ?? database(content!);
    expect(() => readCompileCommands(file)).toThrow(/is no compilation database: .*CMAKE_EXPORT_COMPILE_COMMANDS/s);
  });

  test('splits a command line as a shell does', () => {
    expect(splitCommandLine(`cc -DA='x y' "b\\"c" d\\ e`)).toEqual(['cc', '-DA=x y', 'b"c', 'd e']);
  });
});

describe('what needs an operating system', () => {
  const undefinedError = (...names: string[]): BarewireError =>
    new BarewireError('LINK_UNDEFINED', 'undefined', { symbols: names.map((name) => ({ name })) });

  test('is named with the line that asks for it', () => {
    const error = explainUndefined(undefinedError('_open'), 'input 3', 'int a;\nfopen("x", "r")') as BarewireError;
    expect(error.code).toBe('SESSION_NEEDS_OS');
    expect(error.message).toContain('input 3: fopen needs an operating system with files');
    expect(error.message).toContain('    2 | fopen("x", "r")\n      | ^');
  });

  test('does not hide that something else is undefined too', () => {
    const error = undefinedError('_open', 'missing');
    expect(explainUndefined(error, 'input 3', 'fopen')).toBe(error);
  });
});
