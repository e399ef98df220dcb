// Debug information that is cut short or wrong gives a coded error, never a hang, a crash or a read outside.

import { describe, expect, test } from 'vitest';
import { BarewireError } from '../../host/diag/error.js';
import { readDebugInfo } from '../../host/elf/dwarf/debug-info.js';
import { bareType, type DwarfType, sizeOfType } from '../../host/elf/dwarf/types.js';
import type { ObjectFile, Section } from '../../host/elf/object-file.js';
import { readObject } from '../../host/elf/read-object.js';
import { formatTyped } from '../../host/show/format-value.js';
import { altered, compileBytes, errorOf } from './link-support.js';

const SOURCE = `
namespace n { struct B { int b; }; template <class T> struct P : B { T x : 3; T a[2][3]; P *next; enum E { one, two } e; union { int i; float f; }; }; }
n::P<int> p; int (*fp)(const char *, ...); int g[5]; int n::B::*m;
int f(int a) { static int k; for (int i = 0; i < a; i++) k += i; return k; }
`;
const bytes = compileBytes(SOURCE, { core: 'v7-m', flags: ['-Os', '-fstandalone-debug'] });
const object = readObject(bytes, 'input 1');

/** The object with the bytes of one section changed. */
function withSection(name: string, change: (section: Section) => Partial<Section>): ObjectFile {
  const sections = object.sections.map((each) => (each.name === name ? replaced(each, change(each)) : each));
  return altered(object, { sections });
}

/** A section with other values; parts of a section are decoded on demand, so it is no plain object to copy. */
function replaced(section: Section, values: Partial<Section>): Section {
  const properties = Object.entries(values).map(([key, value]) => [key, { value }]);
  return Object.create(section, Object.fromEntries(properties));
}

const withBytes = (name: string, change: (bytes: Uint8Array) => Uint8Array): ObjectFile =>
  withSection(name, (section) => ({ bytes: change(section.bytes.slice()) }));

/** Reads all there is. */
async function readAll(damaged: ObjectFile): Promise<void> {
  const info = readDebugInfo(damaged);
  for (const name of ['p', 'fp', 'g', 'm', 'absent']) {
    const type: DwarfType | undefined = info.variable(name)?.type;
    if (!type) continue;
    sizeOfType(type);
    const memory = { read: async (_: number, len: number) => new Uint8Array(len).fill(3) };
    await formatTyped(type, { addr: 0x2000_0000 }, memory, { totalBytes: 4096, totalElements: 200 });
  }
  info.variables();
  for (const fn of info.functions()) {
    for (const parameter of fn.parameters) bareType(parameter);
    info.functionAt(fn.ranges[0]!);
    info.lineAt(fn.ranges[0]!);
    info.framesAt(fn.ranges[0]!);
  }
  info.type('n::B');
  info.codeAt('x', 1);
  void info.units;
}

describe('a damaged object', () => {
  test('whose unit is longer than its section', () => {
    const error = errorOf(() =>
      readDebugInfo(withSection('.debug_info', ({ bytes }) => ({ bytes: bytes.subarray(0, 40), relocations: [] }))),
    );
    expect(error.code).toBe('DWARF_TRUNCATED');
    expect(error.message).toMatch(
      /^\.debug_info of input 1\+0x0: the unit has \d+ bytes, the section ends \d+ before that; compile it again with -g, or without$/,
    );
  });

  test('whose header is cut', () => {
    expect(
      errorOf(() =>
        readDebugInfo(withSection('.debug_info', ({ bytes }) => ({ bytes: bytes.subarray(0, 3), relocations: [] }))),
      ).message,
    ).toBe(
      '.debug_info of input 1+0x0: 4 more bytes are needed, the data ends at 0x3; compile it again with -g, or without',
    );
  });

  test('of a version that is not read', () => {
    const version9 = withBytes('.debug_info', (b) => {
      b[4] = 9;
      return b;
    });
    expect(errorOf(() => readDebugInfo(version9))).toMatchObject({
      code: 'DWARF_VERSION',
      message:
        '.debug_info of input 1+0x0: DWARF version 9 is not read, 4 and 5 are; compile it again with -g, or without',
    });
  });

  test('in the 64-bit format', () => {
    const wide = withBytes('.debug_info', (b) => b.fill(0xff, 0, 4));
    expect(errorOf(() => readDebugInfo(wide)).message).toContain('64-bit DWARF is not read, 32-bit is');
  });

  test('with addresses of another size', () => {
    const wide = withBytes('.debug_info', (b) => {
      b[7] = 8;
      return b;
    });
    expect(errorOf(() => readDebugInfo(wide)).message).toContain('addresses of 8 bytes are not read, 4 are');
  });

  test('whose abbreviations are missing', () => {
    const error = errorOf(() => readDebugInfo(withBytes('.debug_abbrev', (b) => b.fill(0, 0, 1))));
    expect(error.code).toBe('DWARF_BAD_ABBREV');
    expect(error.message).toContain('abbreviation 1 is not in the table');
  });

  test('with a form that does not exist', () => {
    // Abbreviation 1: code, tag, children, then the first attribute and its form.
    const odd = withBytes('.debug_abbrev', (b) => {
      b[4] = 0x7e;
      return b;
    });
    const error = errorOf(() => readDebugInfo(odd));
    expect(error.code).toBe('DWARF_BAD_FORM');
    expect(error.message).toContain('form 0x7e is not one that can stand here');
  });

  test('with an unknown relocation', () => {
    const odd = withSection('.debug_info', (section) => ({
      relocations: section.relocations.map((relocation) => ({ ...relocation, type: 99 })),
    }));
    expect(errorOf(() => readDebugInfo(odd))).toMatchObject({
      code: 'DWARF_UNKNOWN_RELOCATION',
      message: expect.stringMatching(
        /^\.debug_info of input 1\+0x8: relocation 99 is not one that debug sections have;/,
      ),
    });
  });

  test('with a relocation beyond its section', () => {
    const odd = withSection('.debug_info', (section) => ({
      relocations: section.relocations.map((relocation) => ({ ...relocation, offset: 1 << 20 })),
    }));
    expect(errorOf(() => readDebugInfo(odd)).code).toBe('DWARF_TRUNCATED');
  });

  test('with a compression nobody knows, or that does not inflate', () => {
    const header = (type: number): Uint8Array => Uint8Array.of(type, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3);
    for (const [type, text] of [
      [7, 'compression type 7 (9 bytes) is not supported, zlib is'],
      [1, 'does not inflate to 9 bytes'],
    ] as const) {
      const odd = withSection('.debug_info', (section) => ({ bytes: header(type), flags: section.flags | 0x800 }));
      const error = errorOf(() => readDebugInfo(odd));
      expect(error.code).toBe('DWARF_COMPRESSED');
      expect(error.message).toContain(text);
    }
  });

  test('with a line table that could not be told apart', () => {
    const section = object.sections.find((each) => each.name === '.debug_line')!;
    // Version 5: length 4, version 2, sizes 2, header length 4, then five bytes, of which the last but one is line_range.
    const odd = withBytes('.debug_line', (b) => {
      b[16] = 0;
      return b;
    });
    expect(section.bytes[4]).toBe(5);
    expect(errorOf(() => readDebugInfo(odd).lineAt({ section: 1, offset: 0 }))).toMatchObject({
      code: 'DWARF_BAD_LINE_HEADER',
      message: expect.stringContaining('line_range or opcode_base is 0'),
    });
  });

  test('with a type reference into nowhere', async () => {
    // Every reference of the unit becomes 0xffff…: variables are found, their types are not.
    const refs = withBytes('.debug_info', (b) => b.fill(0xff, 60));
    await expect(readAll(refs)).rejects.toBeInstanceOf(BarewireError);
  });
});

const DEBUG_SECTIONS = object.sections
  .filter((s) => s.name.startsWith('.debug_') && s.bytes.length > 0)
  .map((s) => s.name);

describe('seeded damage', () => {
  test.each(DEBUG_SECTIONS)('of %s is answered or refused, quickly', async (name) => {
    let state = 12345;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const damaged = withBytes(name, (b) => {
        for (let i = random(3); i >= 0; i--) b[random(b.length)] = random(2) ? 0xff : random(256);
        return random(8) === 0 ? b.subarray(0, random(b.length)) : b;
      });
      try {
        await readAll(damaged);
      } catch (error) {
        if (!(error instanceof BarewireError) || !/^(DWARF|ELF)_/.test(error.code)) throw error;
        refused++;
      }
    }
    expect(refused).toBeLessThan(300);
  });
});
