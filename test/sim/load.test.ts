// `:load FILE` at the prompt: the file is one input, known by its own name.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sessionCommands } from '../../host/cli/prompt.js';
import { findCommand, splitCommand } from '../../host/repl/commands.js';
import type { ReplHandle } from '../../host/repl/repl.js';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';

let session: Session;
let dir: string;
let shown: string[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'barewire-test-'));
  session = await openSession({ board: 'pico-sim' });
});
beforeEach(() => {
  shown = [];
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await session.close();
});

function source(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

/** Runs a line such as `:load x.cpp` as the prompt does. */
async function command(line: string): Promise<string | undefined> {
  const show = { value: (text: string) => shown.push(text), error: (text: string) => shown.push(text) };
  const { name, argument } = splitCommand(line);
  return findCommand(sessionCommands(session, show), name)!.run(argument, {} as ReplHandle);
}

async function failure(line: string): Promise<{ code: string; message: string }> {
  const error = await command(line)
    .then(() => undefined)
    .catch((thrown) => thrown);
  expect(error).toBeDefined();
  return error;
}

describe(':load', () => {
  test('evaluates a file as one input, shows its value and keeps its names', async () => {
    const file = source(
      'shapes and more.cpp',
      'int area(int);\n\nint area(int side) {\n  return side * side;\n}\narea(5)\n',
    );
    expect(await command(`:load ${file}`)).toBeUndefined();
    expect(shown).toEqual(['(int) 25']);
    expect((await session.evaluate('area(6)')).value).toBe('(int) 36');
    // The whole file is one input to take back.
    expect(await session.undo(2)).toHaveLength(2);
    expect(session.names()).not.toContain('area');
  });

  test('says an error with the name and line of the file, and changes nothing', async () => {
    const names = session.names();
    const file = source('wrong.cpp', 'int good = 1;\nint bad() {\n  return undeclared;\n}\n');
    const error = await failure(`:load ${file}`);
    expect(error.code).toBe('COMPILE_FAILED');
    expect(error.message).toBe(
      `${file}:3:10: error: use of undeclared identifier 'undeclared'\n    3 |   return undeclared;\n      |          ^`,
    );
    expect(session.names()).toEqual(names);
  });

  test('says a warning with the name and line of the file', async () => {
    const file = source('warns.cpp', 'int hollow() {\n}\n');
    await command(`:load ${file}`);
    expect(shown.join('\n')).toContain(`${file}:2:1: warning: non-void function does not return a value`);
  });

  test('says the line of the file where its code was stopped', async () => {
    const file = source(
      'endless.cpp',
      'int turns = 0;\n\nvoid spin() {\n  for (;;) asm volatile("");\n}\nputs("spinning");\nspin();\n',
    );
    let printed = false;
    session.onOutput(() => {
      if (!printed) session.interrupt();
      printed = true;
    });
    const error = await failure(`:load ${file}`);
    expect(error.code).toBe('SESSION_STOPPED');
    expect(error.message).toMatch(/\nat endless\.cpp:4:\d+ in spin\(\)\n {4}4 \| {3}for/);
  });

  test('says which file cannot be read', async () => {
    const error = await failure(`:load ${join(dir, 'absent.cpp')}`);
    expect(error.code).toBe('CLI_UNREADABLE_FILE');
    expect(error.message).toMatch(/^cannot read .*absent\.cpp: ENOENT/);
    expect((await failure(`:load ${dir}`)).message).toMatch(/^cannot read .*: EISDIR/);
  });

  test('asks for a name when there is none', async () => {
    expect(await command(':load')).toBe(':load takes the name of a file');
  });

  test('takes an empty file as nothing', async () => {
    expect(await command(`:load ${source('empty.cpp', '\n')}`)).toBeUndefined();
    expect(shown).toEqual([]);
  });

  test('says what the program passes to exit, and goes on', async () => {
    expect(await command(`:load ${source('leave.cpp', 'exit(4);\n')}`)).toBe('the program called exit(4)');
    expect((await session.evaluate('1 + 1')).value).toBe('(int) 2');
  });
});
