// The DWARF reader against what clang writes: both versions, both machines, objects and executables.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DebugInfo, readDebugInfo } from '../../host/elf/dwarf/debug-info.js';
import type { DwarfType, RecordType } from '../../host/elf/dwarf/types.js';
import { alignOfType, bareType, sizeOfType } from '../../host/elf/dwarf/types.js';
import { readObject } from '../../host/elf/read-object.js';
import { typeName } from '../../host/show/type-name.js';
import { compileBytes, tool } from './link-support.js';

function infoOf(source: string, ...flags: string[]): DebugInfo {
  const bytes = compileBytes(source, { core: 'v7-m', flags: ['-Os', '-fstandalone-debug', ...flags] });
  return readDebugInfo(readObject(bytes, 'input 1'));
}

function typeOf(info: DebugInfo, variable: string): DwarfType {
  const found = info.variable(variable);
  if (!found) throw new Error(`no ${variable}`);
  return found.type;
}

function recordOf(type: DwarfType): RecordType {
  const bare = bareType(type);
  if (bare.kind !== 'record') throw new Error(`${bare.kind} is no record`);
  return bare;
}

const sectionName = (info: DebugInfo, index: number | undefined): string | undefined =>
  info.object.sections.find((s) => s.index === index)?.name;

const VERSIONS = [['DWARF 5', '-gdwarf-5'] as const, ['DWARF 4', '-gdwarf-4'] as const];

describe.each(VERSIONS)('%s', (_, version) => {
  const SOURCE = `
namespace ns {
struct Base { int b; };
template <class T, int N> struct P : Base {
  T x : 3;
  unsigned y : 7;
  static int s;
  T a[N][2];
  virtual int f(int, char) const;
private:
  const volatile P *next;
};
template <class T, int N> int P<T, N>::s = 4;
template <class T, int N> int P<T, N>::f(int, char) const { return b; }
}
ns::P<int, 3> p;
enum class Color : signed char { red = -1, green = 5 };
enum Plain { one = 1, two } plain;
Color color;
typedef int (*callback)(const char *, ...);
callback cb;
decltype(nullptr) nothing;
int ns::Base::*member;
int &ref = p.b;
static int hidden = 3;
long long wide = 1;
int use() { static int calls; return hidden + ++calls + p.s; }
`;
  const info = infoOf(SOURCE, version);

  test('names the unit', () => {
    expect(info.units).toMatchObject([{ name: '-', version: Number(version.at(-1)) }]);
    expect(info.units[0]!.producer).toContain('clang');
  });

  test('reads members, bit-fields, bases, statics and template arguments', () => {
    const record = recordOf(typeOf(info, 'p'));
    expect(typeName(record)).toBe('ns::P<int, 3>');
    expect(record.sizeBytes).toBe(40);
    expect(record.dynamic).toBe(true);
    expect(record.bases.map((b) => [typeName(b.type), b.offset, b.access])).toEqual([['ns::Base', 4, 'public']]);
    expect(record.members.map((m) => [m.name, typeName(m.type), m.offset, m.bits, m.access])).toEqual([
      ['_vptr$P', 'int (**)()', 0, undefined, 'public'],
      ['x', 'int', expect.any(Number), { offset: 64, size: 3 }, 'public'],
      ['y', 'unsigned int', expect.any(Number), { offset: 67, size: 7 }, 'public'],
      ['a', 'int[3][2]', 12, undefined, 'public'],
      ['next', 'const volatile ns::P<int, 3> *', 36, undefined, 'private'],
    ]);
    expect(record.staticMembers.map((m) => [m.name, typeName(m.type)])).toEqual([['s', 'int']]);
    expect(record.templateArgs.map((a) => (a.kind === 'value' ? a.value : a.kind))).toEqual(['type', 3n]);
  });

  test.each([
    ['color', 'Color'],
    ['cb', 'callback'],
    ['nothing', 'std::nullptr_t'],
    ['member', 'int ns::Base::*'],
    ['ref', 'int &'],
    ['wide', 'long long'],
  ])('reads the type of %s', (name, type) => {
    expect(typeName(typeOf(info, name))).toBe(type);
  });

  test('reads enumerators with the sign of their type', () => {
    expect(bareType(typeOf(info, 'color'))).toMatchObject({
      scoped: true,
      signed: true,
      sizeBytes: 1,
      enumerators: [
        { name: 'red', value: -1n },
        { name: 'green', value: 5n },
      ],
    });
    expect(bareType(typeOf(info, 'plain'))).toMatchObject({ scoped: false });
  });

  test('finds variables by plain and by linkage name, with their section', () => {
    const hidden = info.variable('hidden');
    expect(hidden?.external).toBe(false);
    expect(info.variable('_ZL6hidden')?.location).toEqual(hidden?.location);
    expect(sectionName(info, info.variable('wide')?.location?.section)).toBe('.data.wide');
    expect(info.variable('absent')).toBeUndefined();
  });

  test('finds static members and statics of functions', () => {
    const names = info.variables().map((v) => [...v.scopes.map((s) => s.name), v.name].join('::'));
    expect(names).toContain('ns::P<int, 3>::s');
    expect(names).toContain('use::calls');
  });

  test('finds types by qualified name', () => {
    expect(typeName(info.type('ns::Base')!)).toBe('ns::Base');
    expect(info.type('Base')).toBeUndefined();
  });

  test('gives functions their code, parameters and lines', () => {
    const f = info.functions().find((each) => each.name === 'f')!;
    expect(sectionName(info, f.ranges[0]?.section)).toBe('.text._ZNK2ns1PIiLi3EE1fEic');
    expect([...f.scopes.map((s) => s.name), f.parameters.map(typeName).join()].join(' ')).toBe('ns P<int, 3> int,char');
    expect(typeName(f.result)).toBe('int');
    const start = f.ranges[0]!;
    expect(info.functionAt({ section: start.section, offset: start.offset + start.sizeBytes - 1 })).toBe(f);
    expect(info.functionAt({ section: start.section, offset: start.offset + start.sizeBytes })).toBeUndefined();
    expect(info.lineAt(start)).toMatchObject({ line: 14, column: expect.any(Number) });
  });

  test('finds the code of a line again', () => {
    const [use] = info.functions().filter((each) => each.name === 'use');
    const line = info.lineAt(use!.ranges[0]!)!;
    expect(info.codeAt(line.file, line.line)).toContainEqual({
      section: use!.ranges[0]!.section,
      offset: use!.ranges[0]!.offset,
    });
    expect(info.codeAt(line.file, 9999)).toEqual([]);
  });
});

test('follows #line to the file the user typed', () => {
  const info = infoOf('#line 7 "input_3"\nint f(int a) { return a / 3; }');
  expect(info.lineAt(info.functions()[0]!.ranges[0]!)).toMatchObject({
    file: expect.stringMatching(/(^|\/)input_3$/),
    line: 7,
  });
});

test('resolves a declared type to its definition elsewhere in the object', () => {
  const info = infoOf(
    'struct Outer { struct Inner; Inner *in; }; struct Outer::Inner { int z; }; Outer o; Outer::Inner i;',
  );
  const pointer = recordOf(typeOf(info, 'o')).members[0]!.type;
  if (pointer.kind !== 'pointer') throw new Error('no pointer');
  expect(recordOf(pointer.target).members.map((m) => m.name)).toEqual(['z']);
});

test('says when a type is only declared', () => {
  const info = infoOf('struct Fwd; Fwd *p;');
  const pointer = typeOf(info, 'p');
  if (pointer.kind !== 'pointer') throw new Error('no pointer');
  expect(recordOf(pointer.target)).toMatchObject({ declaration: true, sizeBytes: undefined, members: [] });
  expect(sizeOfType(pointer.target)).toBeUndefined();
});

test('flexible and empty arrays have no or zero elements', () => {
  const info = infoOf('struct F { int n; char data[]; } f; int z[0];');
  expect(bareType(recordOf(typeOf(info, 'f')).members[1]!.type)).toMatchObject({ kind: 'array' });
  expect(sizeOfType(typeOf(info, 'z'))).toBe(0);
});

test('sizes and alignments are those of the compiler', () => {
  const info = infoOf(`
struct A { char c; long long l; short s[3]; }; A a; int checkA[sizeof(A) * 100 + alignof(A)];
struct alignas(16) B { char c; }; B b; int checkB[sizeof(B) * 100 + alignof(B)];
union C { char c[5]; float f; }; C c; int checkC[sizeof(C) * 100 + alignof(C)];
struct D : A { int (D::*p)(); }; D d; int checkD[sizeof(D) * 100 + alignof(D)];`);
  for (const name of ['a', 'b', 'c', 'd']) {
    const type = typeOf(info, name);
    const check = sizeOfType(typeOf(info, `check${name.toUpperCase()}`))! / 4;
    expect(sizeOfType(type)! * 100 + alignOfType(type), name).toBe(check);
  }
});

test('reads type units', () => {
  const info = infoOf('struct P { int x; struct Q { char c; } q; }; P p;', '-fdebug-types-section');
  expect(recordOf(typeOf(info, 'p')).members.map((m) => typeName(m.type))).toEqual(['int', 'P::Q']);
});

test('reads compressed sections', () => {
  const info = infoOf(
    `struct P { int x; ${Array.from({ length: 200 }, (_, i) => `int member${i};`).join(' ')} }; P p;`,
    '-gz=zlib',
  );
  expect(info.object.sections.some((s) => s.name.startsWith('.debug_') && (s.flags & 0x800) !== 0)).toBe(true);
  expect(recordOf(typeOf(info, 'p')).members).toHaveLength(201);
});

test('reads RISC-V objects, whose label differences are relocations', () => {
  const source =
    'int g = 1;\n__attribute__((noinline)) int f(int a) {\n  return a / 3 + g;\n}\nint h() {\n  return f(2);\n}\n';
  const bytes = execFileSync(
    tool('clang'),
    ['--target=riscv32-none-elf', '-march=rv32imac', '-Os', '-g', '-x', 'c++', '-c', '-', '-o', '-'],
    { input: source },
  );
  const info = readDebugInfo(readObject(bytes, 'input 1'));
  const h = info.functions().find((each) => each.name === 'h')!;
  expect(info.lineAt(h.ranges[0]!)?.line).toBe(6);
  expect(info.lineAt(info.functions().find((each) => each.name === 'f')!.ranges[0]!)?.line).toBe(2);
  expect(h.ranges[0]!.sizeBytes).toBeGreaterThan(0);
  expect(sectionName(info, info.variable('g')?.location?.section)).toMatch(/^\.s?data/);
});

test('reads executables, where addresses are absolute', () => {
  const dir = mkdtempSync(join(tmpdir(), 'barewire-'));
  try {
    const object = join(dir, 'a.o');
    const output = join(dir, 'a.elf');
    writeFileSync(object, compileBytes('int g = 1; extern "C" int f(int a) { return a + g; }', { core: 'v7-m' }));
    execFileSync(tool('ld.lld'), ['-e', 'f', '-Ttext=0x8000', '-Tdata=0x20000000', object, '-o', output]);
    const info = readDebugInfo(readObject(readFileSync(output), 'a.elf'));
    expect(info.variable('g')?.location).toEqual({ section: 0, offset: 0x2000_0000 });
    expect(info.functionAt({ section: 0, offset: 0x8002 })?.name).toBe('f');
    expect(info.lineAt({ section: 0, offset: 0x8002 })?.line).toBe(1);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('an object without debug information answers nothing', () => {
  const info = infoOf('int x;', '-g0');
  expect(info.units).toEqual([]);
  expect(info.variable('x')).toBeUndefined();
  expect(info.lineAt({ section: 1, offset: 0 })).toBeUndefined();
});
