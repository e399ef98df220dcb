// Golden relocations: the same object, linked by us and by lld at the same addresses, gives the same bytes.

import { describe, expect, test } from 'vitest';
import { CONSTRUCTS, compareWithLld, FLOATS, WEAK_CALL } from '../support/compare-with-lld.js';
import { type CompileOptions, compileBytes } from '../unit/link-support.js';

describe.each(['v6-m', 'v7-m', 'v7e-m', 'v8-m'] as const)(
  '%s: every section has the bytes that lld gives it',
  (core) => {
    test.each(['-O0', '-O1', '-Os', '-Oz', '-O2'])('common constructs at %s', (level) => {
      const applied = compareWithLld(
        compileBytes(CONSTRUCTS + WEAK_CALL + (core === 'v7e-m' || core === 'v8-m' ? FLOATS : ''), {
          core,
          flags: [level],
        }),
        core,
      );
      // ABS32 and calls at least.
      expect([...applied]).toEqual(expect.arrayContaining(['2', '10']));
    });

    test('code that knows no absolute address (-fropi)', () => {
      const source =
        'extern const int k; const int k = 4; int f(void); int g(void) { return f() + k; } int f(void) { return 2; } void *p(void) { return (void *)&f; } const int *q(void) { return &k; }';
      const applied = compareWithLld(compileBytes(source, { core, language: 'c', flags: ['-Os', '-fropi'] }), core);
      expect([...applied]).toContain(core === 'v6-m' ? '3' : '49');
    });
  },
);

test('v6-M: addresses built byte by byte for execute-only memory', () => {
  const source =
    'int x, y[9]; int f(); int g() { return x + y[3] + f(); } int f() { return 2; } auto *p() { return &f; } int *q() { return &y[2]; }';
  const options: CompileOptions = { core: 'v6-m', flags: ['-Os', '-mexecute-only'] };
  const applied = compareWithLld(compileBytes(source, options), 'v6-m');
  expect([...applied]).toEqual(expect.arrayContaining(['132', '133', '134', '135']));
});

const ASSEMBLER = `
  .syntax unified
  .macro fn name
    .section .text.\\name, "ax"
    .globl \\name
    .type \\name, %function
    .thumb_func
    \\name:
  .endm
  fn near
    bx lr
  .data
  .globl thing
  thing: .word 7
  .section .rodata.words, "a"
  .globl words
  words: .word near, thing + 12, near - ., thing - . + 4
`;

test('v7-M: branches and literals written by hand', () => {
  const source = `${ASSEMBLER}
    .section .text.user, "ax"
    .globl user
    .type user, %function
    .thumb_func
    user:
      bl near
      b.w near
      beq.w near
      movw r0, #:lower16:thing
      movt r0, #:upper16:thing
      movw r1, #:lower16:near
      movt r1, #:upper16:near
      movw r2, #:lower16:(thing + 20)
      movt r2, #:upper16:(thing + 20)
      .reloc ., R_ARM_THM_PC12, words
      ldr.w r3, [pc, #-4]
      .reloc ., R_ARM_THM_ALU_PREL_11_0, words
      adr.w r4, . + 0
      nop
    .section .rodata.more, "a"
      .globl more
      more: .word 4
      .reloc 0, R_ARM_PREL31, near
  `;
  const applied = compareWithLld(compileBytes(source, { core: 'v7-m', language: 'assembler' }), 'v7-m');
  expect([...applied]).toEqual(expect.arrayContaining(['10', '30', '51', '47', '48', '54', '53', '42', '3']));
});

test('v6-M: short branches written by hand', () => {
  const source = `${ASSEMBLER}
    .section .text.near2, "ax"
    .globl user
    .type user, %function
    .thumb_func
    user:
      bl near
      .reloc ., R_ARM_THM_JUMP11, near
      .short 0xe7fe
      .reloc ., R_ARM_THM_JUMP8, near
      .short 0xd0fe
      nop
  `;
  const applied = compareWithLld(compileBytes(source, { core: 'v6-m', language: 'assembler' }), 'v6-m');
  expect([...applied]).toEqual(expect.arrayContaining(['10', '102', '103']));
});
