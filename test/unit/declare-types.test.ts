// Types and names that no header declares: made from the debug information of an executable by GCC, understood by clang.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MPS2_AN385 } from '../../boards/mps2-an385.js';
import { Compiler } from '../../host/compile/compiler.js';
import { BarewireError } from '../../host/diag/error.js';
import { packageRoot } from '../../host/diag/package-root.js';
import type { DwarfType } from '../../host/elf/dwarf/types.js';
import { readObject } from '../../host/elf/read-object.js';
import { FirmwareDeclarations } from '../../host/session/firmware-declarations.js';
import { FirmwareIndex } from '../../host/session/firmware-index.js';
import { placeName } from '../../host/session/firmware-pointers.js';
import { TypeDeclarer } from '../../host/show/declare-types.js';
import { findToolchain } from '../../host/toolchain/toolchain.js';
import { DeclarationStore } from '../../host/unit/declarations.js';
import { loadParser } from '../../host/unit/parser.js';

let index: FirmwareIndex;
let compiler: Compiler;
let folder: string;

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}:\n${stderr}`);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'barewire-declare-'));
  const source = (name: string): string => join(packageRoot(), 'test/unit/firmware', name);
  const flags = ['-mcpu=cortex-m3', '-mthumb', '-Os', '-g', '-c'];
  run('arm-none-eabi-g++', [...flags, '-std=gnu++17', '-fno-exceptions', '-fno-rtti', source('shapes.cpp')]);
  run('arm-none-eabi-gcc', [...flags, source('things.c')]);
  // As libraries come that an older compiler has made.
  writeFileSync(join(folder, 'old.c'), 'int old_variable = 3; int old(void) { return old_variable; }\n');
  run('arm-none-eabi-gcc', [...flags, '-gdwarf-3', '-gstrict-dwarf', 'old.c']);
  const link = ['-mcpu=cortex-m3', '-mthumb', '-specs=nano.specs', '-specs=nosys.specs', '-Wl,--no-warnings'];
  run('arm-none-eabi-g++', [...link, 'old.o', 'shapes.o', 'things.o', '-o', 'shapes.elf']);
  index = new FirmwareIndex(readObject(readFileSync(join(folder, 'shapes.elf')), 'shapes.elf'));
  compiler = await Compiler.create({ board: MPS2_AN385, toolchain: findToolchain(MPS2_AN385), feed: 'none' });
});
afterAll(async () => {
  await compiler?.close();
  rmSync(folder, { recursive: true, force: true });
});

function typesOf(name: string): DwarfType[] {
  const found = index.find(name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  if (found.kind === 'type') return [found.type];
  if (found.kind === 'variables') return found.entries.map(({ type }) => type);
  return found.entries.flatMap(({ result, parameters }) => [result, ...parameters]);
}

function declare(names: readonly string[], known: readonly string[] = [], opaque: readonly string[] = []): string {
  const choice = { known: new Set(known), opaque: new Set(opaque) };
  const types = new TypeDeclarer(index.info, choice, new Map());
  for (const type of names.flatMap(typesOf)) types.want(type);
  return types.text();
}

const EVERYTHING = [
  ...['derived', 'node', 'other', 'wire', 'big', 'with_empty', 'v1', 'modes', 'wires', 'text', 'maybe', 'table', 'ref'],
  ...['versioned', 'wide', 'c16', 'ld', 'd', 'overload', 'make', 'Derived::add'],
].map((name) => `app::${name}`);
const IN_C = ['thing', 'opaque_pointer', 'handlers', 'flag', 'head', 'color', 'wide_sum'];

describe('types', () => {
  test('of every kind are text that clang takes, with the sizes and offsets that GCC gave them', async () => {
    const text = declare([...EVERYTHING, ...IN_C]);
    for (const name of ['app::Derived', 'app::Wire', 'app::Other', 'app::Ring<app::Node*, 3>', 'list']) {
      expect(text).toContain(`static_assert(sizeof(${name}) == `);
    }
    const { warnings } = await compiler.compile('', text, 1, '');
    expect(warnings).toEqual([]);
  });

  test('keep what their source says: enum classes, packing, templates, nested names, C names without one', () => {
    const text = declare([...EVERYTHING, ...IN_C]);
    expect(text).toContain('namespace app { enum class Mode : uint8_t { Off = 0, On = 4 }; }');
    expect(text).toContain(
      'struct __attribute__((packed)) Wire { public: uint8_t kind; uint32_t value; uint16_t crc; };',
    );
    expect(text).toContain('namespace app { template <class, unsigned int> struct Ring; }');
    expect(text).toContain('typedef int (*Callback)(const app::Derived::Inner &, void *);');
    expect(text).toContain('unsigned int flags_ : 3; unsigned int more_ : 5;');
    expect(text).toMatch(/typedef __bw_unnamed_\d+_record thing_t;/);
    expect(text).toContain('int add(int, int) asm("_ZN3app7Derived3addEii");');
    expect(text).toMatch(/struct alignas\(4\) V1 \{ unsigned char __bytes\[\d+\]; \}/);
  });

  test('that are known are left alone, and what they are made of too; of others only the bytes may be wanted', async () => {
    expect(declare(['app::wire'], ['app::Wire'])).toBe('');
    const text = declare(['app::derived'], [], ['app::Derived']);
    expect(text).toMatch(/class alignas\(4\) Derived \{ unsigned char __bytes\[44\]; \}/);
    await compiler.compile('', text, 1, '');
  });
});

describe('names', () => {
  test('of libraries with older debug information are not known, and in nobody’s way', () => {
    expect(index.info.units.map(({ version }) => version).every((version) => version >= 4)).toBe(true);
    expect(index.find('old_variable')).toBeUndefined();
    expect(index.find('thing')).toBeDefined();
  });

  /** As if clang said so, once. */
  const missing = (said: string) => {
    let first = true;
    return async (before: DeclarationStore) => {
      if (!first) return { compiled: { object: new Uint8Array(0), warnings: [] }, before };
      first = false;
      throw new BarewireError('COMPILE_FAILED', said);
    };
  };
  const declared = async (said: string, text: string): Promise<string> => {
    const names = new FirmwareDeclarations(index, await loadParser());
    return (await names.compile(text, DeclarationStore.empty, missing(said))).before.text();
  };

  test('are declared with the symbols they have, and all overloads', async () => {
    const text = await declared("error: use of undeclared identifier 'app'", 'app::overload(2)');
    expect(text).toContain('namespace app { int overload(int) asm("_ZN3app8overloadEi"); }');
    expect(text).toContain('asm("_ZN3app8overloadEdRKSt6vectorINS_4WireESaIS1_EE"); }');
    expect(await declared("error: use of undeclared identifier 'flag'", 'flag')).toBe(
      'extern bool flag asm("flag");\n',
    );
  });

  test('of statics go by their address', async () => {
    const text = await declared("error: use of undeclared identifier 'app'", 'app::hidden');
    expect(text).toMatch(/^namespace app \{ extern int hidden asm\("__bw_at_[0-9a-f]{8}_hidden"\); \}\n$/);
  });

  test('that several statics have are refused, with the files to tell them apart by', async () => {
    await expect(declared("error: use of undeclared identifier 'same'", 'same')).rejects.toMatchObject({
      code: 'SESSION_AMBIGUOUS_NAME',
      message: expect.stringMatching(
        /^2 things in the firmware are called same; say which:\n {2}\w+_\w+::same .*\n {2}\w+_\w+::same /,
      ),
    });
    expect(await declared("error: use of undeclared identifier 'things_c'", 'things_c::same')).toMatch(
      /^namespace things_c \{ extern int same asm/,
    );
  });

  test('of places in variables are found again', () => {
    const { value } = index.elf.symbols.find(({ name }) => name === 'handlers')!;
    expect(placeName(index, value + 8)).toBe('handlers[2]');
    const head = index.elf.symbols.find(({ name }) => name === 'head')!;
    expect(placeName(index, head.value + 4)).toBe('head.run');
    expect(placeName(index, 4)).toBeUndefined();
  });
});
