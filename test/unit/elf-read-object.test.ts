// The object reader on what clang makes, and on what no compiler makes.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { BarewireError } from '../../host/diag/error.js';
import { readDebugInfo } from '../../host/elf/dwarf/debug-info.js';
import type { ObjectFile } from '../../host/elf/object-file.js';
import { fileBytes, fileOffsetOf, objectBytes, readObject, restObject } from '../../host/elf/read-object.js';
import { indexOf } from '../../host/link/object-index.js';
import { compileBytes, errorOf } from './link-support.js';

const SOURCE = `
  int shared; extern int missing; inline int once() { static int n = 3; return ++n; }
  __attribute__((weak)) int soft() { return 1; }
  int f(int a) { return a + missing + once(); }
  const char *text = "abc";
`;
const bytes = compileBytes(SOURCE);
const object = readObject(bytes, 'input 7');
const symbol = (name: string) => object.symbols.find((it) => it.name === name);
const section = (name: string) => object.sections.find((it) => it.name === name);

/** Decodes everything there is to decode. */
function readAll(file: Uint8Array): ObjectFile {
  const result = readObject(file, 'input 7');
  for (const it of result.sections) void [it.name, it.relocations.length, it.comdat];
  for (const it of result.symbols) void it.name;
  return result;
}

/** A copy with some bytes replaced. */
function damaged(at: number, ...values: number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(values, at);
  return copy;
}

const u32 = (file: Uint8Array, at: number): number => new DataView(file.buffer, file.byteOffset).getUint32(at, true);
const headerOf = (index: number): number => u32(bytes, 32) + 40 * index;
const littleEndian = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);

describe('an object of clang', () => {
  test('says what it is', () => {
    expect(object).toMatchObject({ name: 'input 7', machine: 'arm', kind: 'relocatable', entry: 0 });
  });

  test('has its symbols with binding, type, size and section', () => {
    expect(symbol('_Z1fi')).toMatchObject({
      binding: 'global',
      type: 'func',
      value: 1,
      section: section('.text._Z1fi')?.index,
    });
    expect(symbol('missing')).toMatchObject({ binding: 'global', section: 'undefined' });
    expect(symbol('_Z4softv')).toMatchObject({ binding: 'weak' });
    expect(symbol('shared')).toMatchObject({ type: 'object', sizeBytes: 4 });
  });

  test('has relocations with the section they apply to, addends left in place', () => {
    const relocations = section('.text._Z1fi')!.relocations;
    expect(relocations.map((it) => object.symbols[it.symbol]!.name)).toContain('missing');
    expect(relocations.every((it) => it.addend === undefined)).toBe(true);
  });

  test('has sections as views into the file', () => {
    expect(section('.text._Z1fi')!.bytes.buffer).toBe(bytes.buffer);
    expect(section('.bss.shared')).toMatchObject({ sizeBytes: 4, bytes: new Uint8Array(0) });
  });

  test('marks members of COMDAT groups with the signature', () => {
    expect(object.sections.filter((it) => it.comdat === '_ZZ4oncevE1n').map((it) => it.name)).toContain(
      '.data._ZZ4oncevE1n',
    );
    expect(section('.text._Z1fi')!.comdat).toBeUndefined();
  });

  test('has common and absolute symbols', () => {
    const assembled = readObject(
      compileBytes('.comm pool, 40, 16\n.globl fixed\nfixed = 0x1234\n', { language: 'assembler' }),
      'input 8',
    );
    expect(assembled.symbols.find((it) => it.name === 'pool')).toMatchObject({
      section: 'common',
      sizeBytes: 40,
      value: 16,
    });
    expect(assembled.symbols.find((it) => it.name === 'fixed')).toMatchObject({ section: 'absolute', value: 0x1234 });
  });
});

describe('a file that is damaged', () => {
  test('no ELF at all', () => {
    const error = errorOf(() => readObject(new TextEncoder().encode('int main() {}'), 'a.o'));
    expect(error.code).toBe('ELF_NOT_ELF');
    expect(error.message).toBe('a.o is no ELF file: it does not start with 7f 45 4c 46');
  });

  test('64 bits', () => {
    const error = errorOf(() => readObject(damaged(4, 2), 'a.o'));
    expect(error.code).toBe('ELF_WRONG_CLASS');
    expect(error.message).toContain('a.o is a 64-bit little-endian ELF file; boards need 32-bit little-endian');
  });

  test('another machine', () => {
    const error = errorOf(() => readObject(damaged(18, 62, 0), 'a.o'));
    expect(error.code).toBe('ELF_WRONG_MACHINE');
    expect(error.message).toBe('a.o is for machine 62; known are 40 (Arm) and 243 (RISC-V)');
  });

  test('a core dump', () => {
    const error = errorOf(() => readObject(damaged(16, 4, 0), 'a.o'));
    expect(error.code).toBe('ELF_WRONG_KIND');
    expect(error.message).toContain('a.o has ELF type 4');
  });

  test('cut short: says what is missing and where', () => {
    const error = errorOf(() => readObject(bytes.subarray(0, bytes.length - 5), 'a.o'));
    expect(error.code).toBe('ELF_TRUNCATED');
    expect(error.message).toMatch(
      /^a\.o is cut short: the table of \d+ section headers needs \d+ bytes at offset 0x[0-9a-f]+, but the file ends at 0x[0-9a-f]+$/,
    );
    expect(error.details).toMatchObject({ file: 'a.o', fileBytes: bytes.length - 5 });
  });

  test('a name table beyond the sections', () => {
    const error = errorOf(() => readObject(damaged(50, 0xf0, 0xee), 'a.o'));
    expect(error.code).toBe('ELF_BAD_INDEX');
    expect(error.message).toContain('a.o is damaged: the section name table is 61168, but there are');
  });

  test('a relocation of a symbol that does not exist', () => {
    const rel = object.sections.find((it) => it.name === '.rel.text._Z1fi')!;
    const at = u32(bytes, headerOf(rel.index) + 16);
    const error = errorOf(() => readAll(damaged(at + 4, ...littleEndian((0xffff << 8) | 2))));
    expect(error.code).toBe('ELF_BAD_INDEX');
    expect(error.message).toContain(`the symbol of relocation 0 in section ${rel.index} is 65535`);
  });

  test('an alignment that is no power of two', () => {
    const error = errorOf(() => readObject(damaged(headerOf(3) + 32, 3), 'a.o'));
    expect(error.code).toBe('ELF_BAD_TABLE');
    expect(error.message).toBe('a.o is damaged: section 3 has alignment 3, which is no power of two');
  });

  test('every prefix of an object is a coded error', () => {
    // All short ones, where the headers are, and then in odd steps.
    for (let length = 0; length < bytes.length; length += length < 600 ? 1 : 13) {
      const error = errorOf(() => readAll(bytes.subarray(0, length)));
      expect(error, `${length} bytes`).toBeInstanceOf(BarewireError);
      expect(error.code, `${length} bytes`).toMatch(/^ELF_/);
    }
  });

  test('any byte of the headers and tables changed gives an object or a coded error', () => {
    const symtab = object.sections.find((it) => it.type === 2)!;
    const spots: number[] = [];
    for (let at = 0; at < 52; at++) spots.push(at);
    for (let i = 0; i < object.sections.length; i++) for (let at = 0; at < 40; at++) spots.push(headerOf(i) + at);
    for (let at = 0; at < symtab.sizeBytes; at++) spots.push(u32(bytes, headerOf(symtab.index) + 16) + at);
    for (const at of spots) {
      for (const value of [0xff, bytes[at]! ^ 1]) {
        try {
          readAll(damaged(at, value));
        } catch (error) {
          expect(error, `byte ${at} = ${value}: ${String(error)}`).toBeInstanceOf(BarewireError);
        }
      }
    }
  });
});

describe('an object at rest', () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const compiled = compileBytes(SOURCE);
  const lineOf = (of: ObjectFile): unknown => {
    const code = of.sections.find(({ name }) => name === '.text._Z1fi')!;
    return readDebugInfo(of).lineAt({ section: code.index, offset: 0 });
  };

  const stored = {
    get: (handle: number, offset = 0, len = compiled.length): Uint8Array => {
      expect(handle).toBe(7);
      return new Uint8Array(compiled.subarray(offset, offset + len));
    },
  };

  test('lets its bytes and tables go, and answers as before', async () => {
    const resting = readObject(compiled, 'input 7');
    const held = resting.sections.find(({ name }) => name === '.text._Z1fi')!;
    const before = { line: lineOf(resting), names: [...indexOf(resting).globals.keys()] };
    const code = fileOffsetOf(resting, held.bytes);
    const tables = [new WeakRef(resting.sections), new WeakRef(resting.symbols)];
    restObject(resting, stored, 7);
    expect(objectBytes(resting)).toBeUndefined();
    // A weak reference holds until the turn that made it is over.
    await new Promise(setImmediate);
    collect();
    expect(tables.map((each) => each.deref())).toEqual([undefined, undefined]);
    expect(fileBytes(resting, code, held.sizeBytes)).toEqual(held.bytes);
    expect(before.line).toMatchObject({ file: expect.stringContaining('stdin') });
    expect(lineOf(resting)).toEqual(before.line);
    expect([...indexOf(resting).globals.keys()]).toEqual(before.names);
    expect(resting.sections[held.index]).toMatchObject({ name: held.name, relocations: held.relocations });
  });

  test('keeps one set of tables while somebody works with it', () => {
    const resting = readObject(compiled, 'input 7');
    restObject(resting, stored, 7);
    const { sections } = resting;
    expect(resting.sections).toBe(sections);
  });
});
