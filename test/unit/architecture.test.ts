// The table of folders in docs/architecture.md, held against the imports of every source file.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../host/diag/package-root.js';
import { checkImports, formatViolation, importsOf, type Source } from '../support/imports.js';

const TOP_FOLDERS = ['protocol', 'boards', 'host', 'firmware-stub', 'bench', 'test'];

function sourcesBelow(folder: string): Source[] {
  return readdirSync(join(packageRoot(), folder), { withFileTypes: true }).flatMap((entry): Source[] => {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourcesBelow(file);
    return file.endsWith('.ts') ? [{ file, text: readFileSync(join(packageRoot(), file), 'utf8') }] : [];
  });
}

function complaints(...sources: readonly (readonly [file: string, text: string])[]): string[] {
  return checkImports(sources.map(([file, text]) => ({ file, text }))).map(formatViolation);
}

test('every import of the repository is allowed by the table', () => {
  const sources = TOP_FOLDERS.flatMap(sourcesBelow);
  expect(sources.length).toBeGreaterThan(40);
  const violations = checkImports(sources).map(formatViolation);
  if (violations.length > 0) expect.fail(`${violations.length} breaches:\n${violations.join('\n')}`);
});

describe('made-up sources that break a rule are named with both files and the rule', () => {
  test('link and wire do not see each other', () => {
    expect(
      complaints(
        ['host/link/a.ts', "import { DeviceLink } from '../wire/link.js';"],
        ['host/wire/b.ts', "import type { LinkedBlock } from '../link/session.js';"],
      ),
    ).toEqual([
      'host/link/a.ts → host/wire/link.ts: host/link may import host/elf, host/wasm, host/diag',
      'host/wire/b.ts → host/link/session.ts: host/wire may import protocol, host/diag',
    ]);
  });

  test('boards do not import host, and protocol imports nothing', () => {
    expect(
      complaints(
        ['boards/sim/qemu.ts', "export * from '../../host/diag/error.js';"],
        ['protocol/frame.ts', "const m = await import('../boards/board.js');"],
      ),
    ).toEqual([
      'boards/sim/qemu.ts → host/diag/error.ts: boards may import protocol',
      'protocol/frame.ts → boards/board.ts: protocol may import nothing',
    ]);
  });

  test('imports over several lines and of side effects count', () => {
    const text = "import {\n  a,\n  type B,\n} from '../link/x.js';\nimport '../wire/y.js';\n";
    expect(complaints(['host/elf/z.ts', text])).toEqual([
      'host/elf/z.ts → host/link/x.ts: host/elf may import host/wasm, host/diag',
      'host/elf/z.ts → host/wire/y.ts: host/elf may import host/wasm, host/diag',
    ]);
  });

  test('a package is imported from one folder only', () => {
    expect(
      complaints(
        ['host/wire/port.ts', "import { SerialPort } from 'serialport';"],
        ['host/wire/list.ts', "import { SerialPort } from 'serialport';"],
        ['boards/sim/real.ts', "import { SerialPort } from 'serialport/lib';"],
      ),
    ).toEqual(['host/wire/port.ts → serialport (also in boards/sim/real.ts): a package has one importing folder']);
  });

  test('printing and ending the process belong to the command line', () => {
    expect(
      complaints(
        ['host/link/a.ts', 'console.log(1);'],
        ['host/show/b.ts', 'process.exit(1);'],
        ['host/session/c.ts', 'process.exitCode = 1;'],
        ['host/cli/d.ts', 'console.log(1); process.exit(0);'],
        ['protocol/generate-header.ts', 'console.log(1);'],
      ),
    ).toEqual([
      'host/link/a.ts → console: only host/cli may use console',
      'host/show/b.ts → process.exit: only host/cli may use process.exit',
      'host/session/c.ts → process.exit: only host/cli may use process.exit',
    ]);
  });

  test('the environment is read in one file', () => {
    expect(
      complaints(
        ['host/diag/environment.ts', 'process.env.PATH'],
        ['host/diag/debug.ts', 'process.env.DEBUG'],
        ['host/cli/main.ts', 'process.env.HOME'],
      ),
    ).toEqual([
      'host/diag/debug.ts → process.env: only host/diag/environment.ts may use process.env',
      'host/cli/main.ts → process.env: only host/diag/environment.ts may use process.env',
    ]);
  });

  test('a folder that is not in the table is refused', () => {
    expect(complaints(['host/magic/x.ts', ''])).toEqual([
      'host/magic/x.ts → host/magic/x.ts: every source file lies in a folder of the table',
    ]);
  });
});

test('comments and strings are no imports', () => {
  const text =
    "// import x from '../wire/x.js'\n/* require('y') */\nconst url = 'http://host'; import z from './z.js';";
  expect(importsOf(`${text}\n  import q from './q.js';`)).toEqual(['./z.js', './q.js']);
  expect(complaints(['host/elf/a.ts', text.slice(0, text.indexOf(' import z'))])).toEqual([]);
});
