import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MPS2_AN385 } from '../../boards/mps2-an385.js';
import { PICO_SIM } from '../../boards/pico-sim.js';
import { Compiler, type CompilerOptions } from '../../host/compile/compiler.js';
import { build, precompile } from '../../host/compile/precompile.js';
import { strengthen } from '../../host/compile/strengthen.js';
import { BarewireError } from '../../host/diag/error.js';
import { readObject } from '../../host/elf/read-object.js';
import { findToolchain } from '../../host/toolchain/toolchain.js';
import { revisedUnit } from '../../host/unit/compose.js';
import { type CppParser, loadParser } from '../../host/unit/parser.js';

const work = mkdtempSync(join(tmpdir(), 'barewire-test-'));
const cacheDir = join(work, 'cache');
const toolchain = findToolchain(PICO_SIM);
const open: Compiler[] = [];
let parser: CppParser;

async function make(options: Partial<CompilerOptions> = {}): Promise<Compiler> {
  const compiler = await Compiler.create({ board: PICO_SIM, toolchain, cacheDir, ...options });
  open.push(compiler);
  return compiler;
}

/** A compiler whose clang is a shell script from now on. */
async function makeWith(script: string, options: Partial<CompilerOptions> = {}): Promise<Compiler> {
  const clang = toolchain.clang;
  if (clang === undefined) throw new Error('no clang');
  const path = join(work, `fake-${Math.random().toString(36).slice(2)}`);
  const real = `exec '${clang.path}' "$@"`;
  writeFileSync(path, `#!/bin/sh\ncase " $* " in *" -emit-obj "*) ;; *) ${real};; esac\n${script}\n`);
  chmodSync(path, 0o755);
  return make({ toolchain: { ...toolchain, clang: { ...clang, path, identity: path } }, ...options });
}

async function codeOf(promise: Promise<unknown>): Promise<[string, string]> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof BarewireError) return [error.code, error.message];
    throw error;
  }
  throw new Error('did not fail');
}

const symbols = (object: Uint8Array) => readObject(object, 'test').symbols;

beforeAll(async () => {
  parser = await loadParser();
  await (await make()).close();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((compiler) => compiler.close()));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('Compiler', () => {
  it.each(['fifo', 'stdin', 'none'] as const)('compiles one input after the other (%s)', async (feed) => {
    const compiler = await make({ feed });
    expect(compiler.feed).toBe(feed);
    let prelude = '';
    for (let n = 1; n <= 5; n++) {
      compiler.prepare(prelude);
      const { object } = await compiler.compileUnit(parser.split(`int f${n}() { return ${n}; }`), prelude, n);
      expect(symbols(object).some((symbol) => symbol.name === `_Z2f${n}v`)).toBe(true);
      prelude += `int f${n}();\n`;
    }
  });

  it.each(['fifo', 'stdin'] as const)('replaces a spare whose declarations are stale (%s)', async (feed) => {
    const compiler = await make({ feed });
    for (let n = 0; n < 6; n++) compiler.prepare(`int f${n}();\n`);
    await compiler.compileUnit(parser.split('f5()'), 'int f5();\n', 1);
    compiler.prepare('');
    compiler.prepare('int g();\n');
    await compiler.compileUnit(parser.split('h()'), 'int h();\n', 2);
    await compiler.compileUnit(parser.split('g()'), 'int g();\n', 3);
  });

  it('compiles without having been prepared', async () => {
    const compiler = await make();
    await compiler.compileUnit(parser.split('1 + 1'), '', 1);
  });

  it('gives the same object with and without the spare', async () => {
    const [spare, cold] = [await make(), await make({ feed: 'none' })];
    spare.prepare('int g(int);\n');
    const unit = parser.split('int f(int a) { return g(a); } f(2)');
    const names = async (compiler: Compiler) =>
      symbols((await compiler.compileUnit(unit, 'int g(int);\n', 1)).object)
        .filter((symbol) => symbol.binding !== 'local')
        .map((symbol) => symbol.name)
        .sort();
    expect(await names(spare)).toEqual(await names(cold));
  });

  it('compiles for another board from a header of its own', async () => {
    const compiler = await make({ board: MPS2_AN385, toolchain: findToolchain(MPS2_AN385) });
    const { object } = await compiler.compileUnit(parser.split('int f(int a) { return a / 3; }'), '', 1);
    expect(readObject(object, 'x').machine).toBe('arm');
  });

  it('leaves the value of the last expression in __bw_value', async () => {
    const { object } = await (await make()).compileUnit(parser.split('1 + 1'), '', 1);
    expect(symbols(object).find((symbol) => symbol.name === '__bw_value')).toMatchObject({
      sizeBytes: 4,
      type: 'object',
    });
  });

  it('agrees with GCC about the integer types and about short enums', async () => {
    const text =
      'static_assert(std::is_same_v<uint32_t, unsigned long> && std::is_same_v<int_fast8_t, int>); enum E { A }; static_assert(sizeof(E) == 1);';
    await (await make()).compileUnit(parser.split(text), '', 1);
  });

  it('inlines within an input, and compiles it again with real calls of strong functions', async () => {
    const unit = parser.split('int f() { return 5; } inline int h() { return 6; } int g() { return f() + h(); } g()');
    const compiler = await make();
    const calls = async (name: string, compiled: typeof unit): Promise<boolean> => {
      const file = readObject((await compiler.compileUnit(compiled, '', 1)).object, 'test');
      expect(file.symbols.find((symbol) => symbol.name === '_Z1fv')?.binding).toBe('global');
      expect(file.symbols.find((symbol) => symbol.name === '_Z1hv')?.binding).toBe('global');
      return file.sections.some((section) =>
        section.relocations.some(
          (each) => file.symbols[each.symbol]?.name === name && section.name.startsWith('.text._Z1g'),
        ),
      );
    };
    expect(await calls('_Z1fv', unit)).toBe(false);
    const revised = revisedUnit(unit, new Set(['f']));
    expect(revised.trailing).toBeUndefined();
    expect(await calls('_Z1fv', revised)).toBe(true);
    expect(await calls('_Z1hv', revised)).toBe(false);
  });

  it('takes a bit-field and a member of a temporary by value', async () => {
    const compiler = await make();
    const text = 'struct B { int a : 3; int b; } b; ';
    for (const last of ['b.a', 'B{1, 2}.b']) {
      const { object, warnings } = await compiler.compileUnit(parser.split(text + last), '', 1);
      expect(warnings).toEqual([]);
      expect(symbols(object).some((symbol) => symbol.name === '__bw_value')).toBe(true);
    }
  });

  it('returns warnings with the object', async () => {
    const { warnings } = await (await make()).compileUnit(parser.split('int f() { }'), '', 4);
    expect(warnings).toMatchObject([
      { severity: 'warning', file: 'input_4', line: 1, column: 11, option: '-Wreturn-type' },
    ]);
  });

  it('does not warn about what is usual at a prompt', async () => {
    const compiler = await make();
    for (const text of ['int x; x;', '1 == 1;', 'static int f() { return 1; }', '"abc";', 'int x; x == 1']) {
      expect((await compiler.compileUnit(parser.split(text), '', 1)).warnings).toEqual([]);
    }
  });
});

describe('a failing compilation', () => {
  it("throws COMPILE_FAILED with clang's words at the user's place", async () => {
    const compiler = await make();
    compiler.prepare('');
    const failure = compiler.compileUnit(parser.split('int y = 1;\nstatic int f() { return z; }'), '', 3);
    expect(await codeOf(failure)).toEqual([
      'COMPILE_FAILED',
      "input_3:2:25: error: use of undeclared identifier 'z'\n    2 | static int f() { return z; }\n      |                         ^",
    ]);
    await expect(failure).rejects.toMatchObject({ details: { diagnostics: [{ line: 2, column: 25 }] } });
  });

  it.each([
    ['nope(1)', /^input_3:1:1: error: use of undeclared identifier 'nope'/],
    ['1 +* ;', /^input_3:1:6: error: expected expression/],
    ['int x = 5\nx', /^input_3:1:10: error: expected ';'/],
    ['#include <nowhere.h>', /^input_3:1:10: error: 'nowhere.h' file not found/],
    ['int f( {', /^input_3:1:9: error: expected expression/],
    ['std::sort(1, 2)', /error: /],
    [
      'std::sort(1, 2, [](int a) { return b; });',
      /^input_3:1:36: error: .*\nnote: \d+ more errors inside of headers are left out$/s,
    ],
    [
      'const root = 5;',
      /^input_3:1:7: error: a type specifier is required .*\n {4}1 \| const root = 5;\n {6}\| {7}\^$/,
    ],
    ['void f() { asm("frobnicate r0"); }', /error: invalid instruction/],
    ['asm("frobnicate r0");', /error: invalid instruction/],
    ['std::max', /^input_3:1:1: error: .*overloaded function/],
    ['/* 😀é */ static int x = "a";', /^input_3:1:25: error: cannot initialize/],
    ['int x = 1; \x00', /./],
  ])('%j says it in the words of clang', async (text, expected) => {
    const compiler = await make();
    let message = '';
    try {
      await compiler.compileUnit(parser.split(text), '', 3);
    } catch (error) {
      message = (error as Error).message;
      expect(error).toMatchObject({ code: 'COMPILE_FAILED' });
    }
    if (message === '' && text.includes('\x00')) return;
    expect(message).toMatch(expected);
    expect(message).not.toMatch(/__bw|<value>|<earlier inputs>|In file included/);
  });

  it('does not harm the next input', async () => {
    const compiler = await make();
    for (const text of ['nope', '1', '}', '2', '/*', '3', '"', '4', '#if 1', '5', '#error no', '6']) {
      compiler.prepare('');
      await compiler.compileUnit(parser.split(text), '', 1).catch(() => undefined);
    }
    compiler.prepare('');
    await compiler.compileUnit(parser.split('1'), '', 2);
  });

  it('says when a declaration of an earlier input is at fault', async () => {
    const compiler = await make();
    const [code, message] = await codeOf(compiler.compileUnit(parser.split('1'), 'int f();\nextern nonsense x;\n', 2));
    expect(code).toBe('COMPILE_PRELUDE');
    expect(message).toContain(
      "a declaration kept from an earlier input no longer compiles:\nerror: unknown type name 'nonsense'",
    );
  });

  it('stops a compilation that takes too long', async () => {
    const compiler = await makeWith('exec sleep 100', { timeoutMs: 300 });
    compiler.prepare('');
    expect(await codeOf(compiler.compileUnit(parser.split('1'), '', 1))).toEqual([
      'COMPILE_TIMEOUT',
      'clang did not finish within 0.3 s and was stopped; is a template or constexpr endless?',
    ]);
  });

  it.each(['fifo', 'stdin', 'none'] as const)(
    'reports a clang that dies before it reads the input (%s)',
    async (feed) => {
      const compiler = await makeWith('echo "out of luck" >&2; kill -SEGV $$', { feed });
      compiler.prepare('');
      const [code, message] = await codeOf(compiler.compileUnit(parser.split('1'), '', 1));
      expect(code).toBe('COMPILE_CRASHED');
      expect(message).toMatch(/ended by SIGSEGV:\nout of luck/);
    },
  );

  it('reports a clang that is gone', async () => {
    const compiler = await makeWith('exit 0');
    for (const name of readdirSync(work)) if (name.startsWith('fake-')) rmSync(join(work, name));
    const [code, message] = await codeOf(compiler.compileUnit(parser.split('1'), '', 1));
    expect(code).toBe('COMPILE_CRASHED');
    expect(message).toMatch(/could not be started: .*ENOENT/);
  });

  it('removes its files and ends its spare on close', async () => {
    const { TMPDIR } = process.env;
    process.env.TMPDIR = mkdtempSync(join(work, 'tmp-'));
    try {
      const compiler = await make();
      compiler.prepare('');
      expect(readdirSync(tmpdir())).toHaveLength(1);
      await compiler.close();
      expect(readdirSync(tmpdir())).toEqual([]);
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
  });
});

describe('the precompiled header', () => {
  const text = '#include <cstddef>\ninline int one() { return 1; }\n';
  const clang = toolchain.clang as NonNullable<typeof toolchain.clang>;
  const flags = [
    '--target=thumbv6m-none-eabi',
    '-mcpu=cortex-m0plus',
    '-nostdinc',
    '-isystem',
    clang.resourceIncludeDir,
    '-std=gnu++20',
  ];
  const small = '#include <stddef.h>\ninline int one() { return 1; }\n';

  it('is reused, and built once by two that start together', async () => {
    const dir = join(work, 'race');
    const recipes = await Promise.all([1, 2].map(() => precompile(clang, flags, small, dir, 20_000)));
    expect(recipes[0]?.cc1).toEqual(recipes[1]?.cc1);
    const files = readdirSync(recipes[0]?.dir ?? '').sort();
    expect(files).toEqual(['cc1.json', 'prefix.h', 'prefix.pch']);
    const again = await precompile(clang, flags, small, dir, 1);
    expect(again).toEqual(recipes[0]);
  });

  it.each([
    ['cut short', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 4000))],
    ['empty', (file: string) => writeFileSync(file, '')],
    ['of something else', (file: string) => writeFileSync(file, 'not a header')],
    ['older than its text', (file: string) => utimesSync(file.replace('.pch', '.h'), 1, 1)],
    ['not there', (file: string) => rmSync(file)],
  ])('is built anew when it is %s', async (_, spoil) => {
    const dir = join(work, 'spoilt');
    const compiler = await make({ cacheDir: dir });
    const pch = join(dir, 'pch', readdirSync(join(dir, 'pch'))[0] ?? '', 'prefix.pch');
    spoil(pch);
    compiler.prepare('');
    await compiler.compileUnit(parser.split('1'), '', 1);
    await compiler.compileUnit(parser.split('2'), '', 2);
  });

  it('says why the headers do not compile', async () => {
    const [code, message] = await codeOf(
      precompile(clang, flags, text.replace('cstddef', 'nowhere'), join(work, 'bad'), 20_000),
    );
    expect(code).toBe('COMPILE_PREFIX');
    expect(message).toMatch(
      /^the headers that every input sees do not compile with .*clang.*:\n.*'nowhere' file not found/s,
    );
  });

  it('says what to do when the cache cannot be written', async () => {
    const [code, message] = await codeOf(precompile(clang, flags, small, '/dev/null', 20_000));
    expect(code).toBe('COMPILE_CACHE');
    expect(message).toMatch(
      /cannot write the precompiled header to \/dev\/null\/.*set BAREWIRE_CACHE to a folder that can be written$/,
    );
  });

  it('calls an unreadable driver answer a bug', async () => {
    const path = join(work, 'mute');
    writeFileSync(path, '#!/bin/sh\nexit 0\n');
    chmodSync(path, 0o755);
    const [code, message] = await codeOf(
      build({ clang: path, dir: join(work, 'mute-cache'), text: small, flags: [], cc1: [] }, 20_000),
    );
    expect(code).toBe('COMPILE_DRIVER');
    expect(message).toMatch(/^cannot read what .*mute -### says/);
  });
});

describe('strengthen', () => {
  it('leaves what is no object alone', () => {
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(100),
      new TextEncoder().encode('\x7fELF'.padEnd(60, '\xff')),
    ]) {
      expect(strengthen(bytes.slice())).toEqual(bytes);
    }
  });
});
