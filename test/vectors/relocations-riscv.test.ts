// Golden relocations of RISC-V: the same object, linked by us and by lld at the same addresses, gives the same bytes.

import { describe, expect, test } from 'vitest';
import { CONSTRUCTS, compareWithLld } from '../support/compare-with-lld.js';
import { type CompileOptions, compileBytes } from '../unit/link-support.js';

const LEVELS = ['-O0', '-O1', '-Os', '-Oz', '-O2'];

function applied(source: string, flags: readonly string[], language: CompileOptions['language'] = 'c++'): string[] {
  return [...compareWithLld(compileBytes(source, { core: 'rv32', flags, language }), 'rv32')];
}

// The names the ABI's runtime functions have on Arm are plain names here.
describe.each(LEVELS)('common constructs at %s', (level) => {
  test('by absolute addresses', () => {
    // CALL_PLT, HI20, LO12_I.
    expect(applied(CONSTRUCTS, [level])).toEqual(expect.arrayContaining(['19', '26', '27']));
  });

  test('by addresses relative to pc', () => {
    // PCREL_HI20 and its two halves.
    const found = applied(CONSTRUCTS, [level, '-mcmodel=medany']);
    expect(found).toEqual(expect.arrayContaining(['19', '23', '24']));
    expect(found).not.toContain('26');
  });

  test('as for a linker that relaxes', () => {
    expect(applied(CONSTRUCTS, [level, '-mrelax'])).toEqual(expect.arrayContaining(['19', '51']));
  });
});

test('stores, and one HI20 for two loads', () => {
  const source = 'int a[4], b; void f(int x) { a[1] = x; b = x; } int g() { return a[2] + a[3]; }';
  expect(applied(source, ['-Os'])).toEqual(expect.arrayContaining(['26', '28']));
  expect(applied(source, ['-Os', '-mcmodel=medany'])).toEqual(expect.arrayContaining(['23', '25']));
});

const LABELS = `
  .section .text.near, "ax"
  .globl near
  .type near, @function
  near: ret
  .data
  .globl thing
  thing: .word 7
`;

test('branches and jumps between sections', () => {
  const source = `${LABELS}
    .section .text.user, "ax"
    .globl user
    .type user, @function
    user:
      .reloc user, R_RISCV_CALL, near
      .word 0x00000097, 0x000080e7
      .reloc user + 8, R_RISCV_BRANCH, near
      .word 0x00b50063
      .reloc user + 12, R_RISCV_RVC_BRANCH, near
      .half 0xc101
      .reloc user + 14, R_RISCV_RVC_JUMP, near
      .half 0x2001
      call near
      tail near
      jal near
      beq a0, a1, near
  `;
  expect(applied(source, [], 'assembler')).toEqual(expect.arrayContaining(['16', '17', '18', '19', '44', '45']));
});

test('data: addresses, distances, and differences that the linker adds up', () => {
  const source = `${LABELS}
    .section .rodata.words, "a"
    .globl words
    words:
      .word near, thing + 12
      .word near - .
      .reloc ., R_RISCV_32_PCREL, near + 4
      .word 0
      .reloc ., R_RISCV_PLT32, near
      .word 0
    .section .rodata.more, "a"
    .globl more
    more:
      .reloc ., R_RISCV_ADD8, user_end
      .reloc ., R_RISCV_SUB8, user
      .byte 3
      .reloc ., R_RISCV_SET6, user_end
      .reloc ., R_RISCV_SUB6, user
      .byte 0xc0
      .reloc ., R_RISCV_ADD16, user_end
      .reloc ., R_RISCV_SUB16, user
      .half 1
      .reloc ., R_RISCV_ADD32, user_end
      .reloc ., R_RISCV_SUB32, user
      .word 5
      .reloc ., R_RISCV_ADD64, user
      .reloc ., R_RISCV_SUB64, user_end
      .quad 2
      .reloc ., R_RISCV_SET8, small
      .byte 0
      .reloc ., R_RISCV_SET16, small
      .reloc .+2, R_RISCV_SET32, thing
      .half 0
      .word 0
      .reloc ., R_RISCV_SET_ULEB128, user_end
      .reloc ., R_RISCV_SUB_ULEB128, user
      .byte 0x80, 0x80, 0
    .globl small
    small = 0x55
    .section .text.user, "ax"
    .globl user, user_end
    user: call near
      .rept 99
      nop
      .endr
    user_end: nop
  `;
  expect(applied(source, [], 'assembler')).toEqual(
    expect.arrayContaining([1, 33, 34, 35, 36, 37, 38, 39, 40, 52, 53, 54, 55, 56, 57, 59, 60, 61].map(String)),
  );
});
