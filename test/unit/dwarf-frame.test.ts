// .debug_frame and inlined calls, held against what clang writes, and against damage.

import { describe, expect, test } from 'vitest';
import { BarewireError } from '../../host/diag/error.js';
import { readDebugInfo } from '../../host/elf/dwarf/debug-info.js';
import { type FrameRow, frameRowAt } from '../../host/elf/dwarf/frame.js';
import type { ObjectFile, Section } from '../../host/elf/object-file.js';
import { readObject } from '../../host/elf/read-object.js';
import { altered, compile, compileBytes, errorOf } from './link-support.js';

/** One input with a function `f`, and rows of it by offset. */
function rowsOf(object: ObjectFile): (offset: number) => string | undefined {
  const section = object.sections.find(({ name }) => name === '.text.f')!.index;
  return (offset) => {
    const row = frameRowAt(object, { section, offset });
    return row && textOf(row);
  };
}

function textOf({ cfa, registers }: FrameRow): string {
  const rules = [...registers].map(
    ([register, rule]) => `${register}:${rule.kind === 'saved' ? rule.offset : rule.kind}`,
  );
  return [`${cfa.register}+${cfa.offset}`, ...rules.sort()].join(' ');
}

/** Assembler, so that the table is known. */
const assembled = (directives: string, core: 'v6-m' | 'v7-m' = 'v6-m'): ObjectFile =>
  compile(
    `.syntax unified\n.thumb\n.section .text.f,"ax"\n.globl f\n.type f,%function\n.cfi_sections .debug_frame\nf:\n.cfi_startproc\n${directives}\n.cfi_endproc\n.size f,.-f\n`,
    1,
    { core, language: 'assembler', flags: [] },
  );

describe('the rows of a function', () => {
  test('follow its pushes', () => {
    const row = rowsOf(
      assembled(
        'push {r4, lr}\n.cfi_def_cfa_offset 8\n.cfi_offset lr, -4\n.cfi_offset r4, -8\nsub sp, #16\n.cfi_def_cfa_offset 24\nbx lr',
      ),
    );
    expect([0, 2, 4, 5, 6].map(row)).toEqual([
      '13+0',
      '13+8 14:-4 4:-8',
      '13+24 14:-4 4:-8',
      '13+24 14:-4 4:-8',
      undefined,
    ]);
  });

  test('go back to a state that was remembered', () => {
    const row = rowsOf(
      assembled(
        'push {r4, lr}\n.cfi_def_cfa_offset 8\n.cfi_offset lr, -4\n.cfi_remember_state\npop {r4, pc}\n.cfi_def_cfa_offset 0\n.cfi_restore lr\nnop\n.cfi_restore_state\nnop',
      ),
    );
    expect([2, 4, 6].map(row)).toEqual(['13+8 14:-4', '13+0', '13+8 14:-4']);
  });

  test('know frame pointers, other registers, and what is lost', () => {
    const row = rowsOf(
      assembled(
        'push {r7, lr}\n.cfi_def_cfa_offset 8\n.cfi_offset lr, -4\nmov r7, sp\n.cfi_def_cfa_register r7\nnop\n.cfi_register r5, r6\n.cfi_undefined r3\n.cfi_same_value r4\nnop',
      ),
    );
    expect(row(4)).toBe('7+8 14:-4');
    expect(row(6)).toBe('7+8 14:-4 3:undefined 4:same 5:register');
  });

  test('reach over distances of one, two and four bytes', () => {
    const row = rowsOf(
      assembled(
        '.zero 200\n.cfi_def_cfa_offset 8\n.zero 1000\n.cfi_def_cfa_offset 16\n.zero 100000\n.cfi_def_cfa_offset 24\nnop',
      ),
    );
    expect([0, 198, 200, 1198, 1200, 101_198, 101_200].map(row)).toEqual([
      '13+0',
      '13+0',
      '13+8',
      '13+8',
      '13+16',
      '13+16',
      '13+24',
    ]);
  });

  test('add what LLVM forgets: registers that are saved below the stack pointer', () => {
    const row = rowsOf(
      assembled(
        'push {r4, lr}\n.cfi_def_cfa_offset 8\n.cfi_offset lr, -4\n.cfi_offset r4, -8\nmov r4, r8\npush {r4}\n.cfi_offset r8, -12\nsub sp, #8\n.cfi_def_cfa_offset 16\nnop',
      ),
    );
    expect([2, 4, 6, 8].map(row)).toEqual([
      '13+8 14:-4 4:-8',
      '13+8 14:-4 4:-8',
      '13+12 14:-4 4:-8 8:-12',
      '13+20 14:-4 4:-8 8:-12',
    ]);
  });

  test('are none where there is no table, or no such function', () => {
    expect(
      frameRowAt(compile('int f() { return 1; }', 1, { flags: ['-g0'] }), { section: 1, offset: 0 }),
    ).toBeUndefined();
    expect(frameRowAt(assembled('nop'), { section: 99, offset: 0 })).toBeUndefined();
  });
});

describe('a damaged table', () => {
  const object = assembled('push {r4, lr}\n.cfi_def_cfa_offset 8\n.cfi_offset lr, -4\nnop');
  const section = object.sections.find(({ name }) => name === '.text.f')!.index;

  function damaged(change: (bytes: Uint8Array) => Uint8Array): ObjectFile {
    const sections = object.sections.map((each): Section => {
      if (each.name !== '.debug_frame') return each;
      return Object.create(each, { bytes: { value: change(each.bytes.slice()) } });
    });
    return altered(object, { sections });
  }
  const put = (offset: number, ...values: number[]) =>
    damaged((bytes) => {
      bytes.set(values, offset);
      return bytes;
    });
  const read = (of: ObjectFile): unknown => frameRowAt(of, { section, offset: 2 });
  const size = object.sections.find(({ name }) => name === '.debug_frame')!.bytes.length;

  test('says which table, where and what', () => {
    expect(errorOf(() => read(put(8, 9)))).toMatchObject({
      code: 'DWARF_BAD_FRAME',
      message:
        '.debug_frame of input 1+0x0: there is no entry of version 1, 3 or 4 here (version 9); compile it again with -g, or without',
    });
    expect(errorOf(() => read(put(0, 0xf0, 0xff))).message).toMatch(
      /^\.debug_frame of input 1\+0x4: \d+ more bytes are needed/,
    );
  });

  test('whose instructions make no sense is refused', () => {
    const first = size - 8;
    expect(errorOf(() => read(put(first, 0x3f))).code).toMatch(/^DWARF_/);
    expect(errorOf(() => read(put(first, 0x0b))).message).toContain('a state is restored that nobody remembered');
  });

  test('cut or changed anywhere gives a row or a coded error, never anything else', () => {
    for (let at = 0; at < size; at++) {
      for (const value of [0, 1, 0x0b, 0x40, 0x7f, 0x80, 0xff]) {
        try {
          read(put(at, value));
        } catch (error) {
          expect(error).toBeInstanceOf(BarewireError);
          expect((error as BarewireError).code).toMatch(/^DWARF_/);
        }
      }
    }
    for (let length = 0; length < size; length++) {
      try {
        read(damaged((bytes) => bytes.subarray(0, length)));
      } catch (error) {
        expect((error as BarewireError).code).toMatch(/^DWARF_/);
      }
    }
  });
});

describe.each(['-gdwarf-5', '-gdwarf-4'])('inlined calls, %s', (version) => {
  const SOURCE = `struct P { int z;
  int get() const { return z; } };
static inline int third(P *p) {
  return p->get();
}
extern "C" int f(P *p, int n) {
  int sum = n;
  sum += third(p);
  return sum;
}
auto g = [](P *p) { return third(p) + 1; };
extern "C" int h(P *p) { return g(p); }`;
  const object = readObject(compileBytes(SOURCE, { core: 'v7-m', flags: ['-Os', version] }), 'input 1');
  const info = readDebugInfo(object);

  /** The deepest chain of functions at any instruction of `name`, innermost first. */
  function deepest(name: string): string[] {
    const symbol = object.symbols.find((each) => each.name === name)!;
    let best: string[] = [];
    for (let offset = 0; offset < symbol.sizeBytes; offset += 2) {
      const frames = info.framesAt({ section: symbol.section as number, offset: (symbol.value & ~1) + offset });
      const chain = frames.map(({ symbol, line, inlined }) => `${symbol} ${line?.line}${inlined ? ' inlined' : ''}`);
      if (chain.length > best.length) best = chain;
    }
    return best;
  }

  test('stand one in the other, each with the line of its call', () => {
    expect(deepest('f')).toEqual(['_ZNK1P3getEv 2 inlined', '_ZL5thirdP1P 4 inlined', 'f 8']);
  });

  test('go through lambdas', () => {
    const chain = deepest('h');
    expect(chain.slice(0, 2)).toEqual(['_ZNK1P3getEv 2 inlined', '_ZL5thirdP1P 4 inlined']);
    expect(chain.at(-1)).toBe('h 12');
    expect(chain).toHaveLength(4);
  });

  test('are none where no function is', () => {
    expect(info.framesAt({ section: 9999, offset: 0 })).toEqual([]);
  });
});
