// Golden relocations: the same object, linked by us and by lld at the same addresses, gives the same bytes.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readObject } from '../../host/elf/read-object.js';
import { LinkSession } from '../../host/link/session.js';
import { type CompileOptions, type Core, compileBytes, tool } from '../unit/link-support.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'barewire-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Links `object` both ways and compares every section that went to the board.
 *  @returns names of the relocations that were applied */
function compareWithLld(object: Uint8Array, core: Core): Set<string> {
  // Without the merge flags strings stay where they are, in lld's result too.
  const input = join(dir, 'input.o');
  writeFileSync(input, object);
  const names = readObject(object, 'input.o').sections.map((section) => section.name);
  const strings = [...new Set(names.filter((name) => name.startsWith('.rodata.')))];
  const flags = strings.map((name) => `--set-section-flags=${name}=alloc,readonly`);
  execFileSync(tool('llvm-objcopy'), [...flags, input]);

  const ours = readObject(readFileSync(input), 'input.o');
  const session = new LinkSession({
    arch: core === 'v6-m' ? 'armv6-m' : 'armv7-m',
    arena: { addr: 0x2000_0000, sizeBytes: 1 << 20 },
    heapBytes: 0,
    archives: [],
  });
  const staged = session.stage(ours, { input: 1 });
  const sections = staged.blocks.flatMap((block) => block.sections.map((section) => ({ block, section })));
  const script = [
    'SECTIONS {',
    ...sections.map(({ section }, i) => `.out${i} 0x${section.addr.toString(16)} : { *("${section.name}") }`),
    '.rest 0x28000000 : { *(.text* .rodata* .data* .bss*) }',
    '/DISCARD/ : { *(.debug* .ARM.* .init_array* .comment) }',
    '}',
  ];
  writeFileSync(join(dir, 'link.ld'), script.join('\n'));
  const output = join(dir, 'output.elf');
  execFileSync(
    tool('ld.lld'),
    ['-T', join(dir, 'link.ld'), '-e', '0', '--target2=rel', '--no-check-sections', input, '-o', output],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const theirs = readObject(readFileSync(output), 'output.elf');
  const applied = new Set<string>();
  for (const [i, { block, section }] of sections.entries()) {
    const golden = theirs.sections.find((candidate) => candidate.name === `.out${i}`);
    expect(golden?.addr, section.name).toBe(section.addr);
    const start = section.addr - block.addr;
    if (section.kind !== 'bss') {
      const mine = block.bytes.subarray(start, start + section.sizeBytes);
      expect(hexOf(mine), `${section.name} of ${core}`).toBe(hexOf(golden!.bytes));
    }
    for (const relocation of section.section?.relocations ?? []) applied.add(`${relocation.type}`);
  }
  return applied;
}

const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(.{8})/g, '$1 ');

const CONSTRUCTS = `
  struct Shape { virtual ~Shape(); virtual int area() const { return 0; } int tag = 1; };
  Shape::~Shape() {}
  struct Square final : Shape { int side; Square(int s) : side(s) {} int area() const override; };
  void operator delete(void *, unsigned) {}
  void operator delete(void *) {}
  extern "C" int __cxa_atexit(void (*)(void *), void *, void *) { return 0; }
  extern "C" { void *__dso_handle; }
  extern "C" int __aeabi_idivmod(int, int) { return 0; }
  extern "C" int __aeabi_idiv(int, int) { return 0; }
  extern "C" void __aeabi_memclr4(void *, unsigned) {}
  extern "C" void __aeabi_memclr(void *, unsigned) {}
  extern "C" void __aeabi_memcpy4(void *, const void *, unsigned) {}
  extern "C" void *memset(void *p, int, unsigned) { return p; }
  __attribute__((noinline)) int Square::area() const { return side * side; }
  int counter = 3, zeros[50];
  const int table[] = {1, 4, 9, 16, 25};
  const char *names[] = {"red", "green", "blue"};
  struct Node { Node *next; int *value; } a, b = {&a, &counter}, c = {&b, &zeros[7]};
  int add(int x, int y) { return x + y; }
  int (*operation)(int, int) = add;
  int (Shape::*member)() const = &Shape::area;
  __attribute__((noinline)) int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
  __attribute__((noinline)) int pick(int n) {
    switch (n) { case 0: return counter; case 1: return zeros[3]; case 2: return table[n]; case 3: return fib(n);
      case 4: return names[n % 3][0]; case 5: return add(n, counter); case 6: return 77; default: return -1; }
  }
  int tail(int n) { return pick(n + 1); }
  int conditional(int n) { if (n) return pick(n); return fib(n); }
  int once() { static int calls = 40; return ++calls; }
  __attribute__((weak)) int overridable() { return 5; }
  extern "C" __attribute__((weak)) int absent(int);
  int maybe(int n) { return absent ? absent(n) : n; }
  template <class T> T twice(T x) { return x + x + once(); }
  int useTemplate(int n) { return twice(n) + overridable(); }
  Square square(4);
  int total = square.area() + tail(2);
  total += useTemplate(counter);
  operation = [](int x, int y) { return x * y; };
  names[1] = "magenta";
`;

describe.each(['v6-m', 'v7-m'] as const)('%s: every section has the bytes that lld gives it', (core) => {
  test.each(['-O0', '-O1', '-Os', '-Oz', '-O2'])('common constructs at %s', (level) => {
    const applied = compareWithLld(compileBytes(CONSTRUCTS, { core, flags: [level] }), core);
    // ABS32 and calls at least.
    expect([...applied]).toEqual(expect.arrayContaining(['2', '10']));
  });

  test('code that knows no absolute address (-fropi)', () => {
    const source =
      'extern const int k; const int k = 4; int f(void); int g(void) { return f() + k; } int f(void) { return 2; } void *p(void) { return (void *)&f; } const int *q(void) { return &k; }';
    const applied = compareWithLld(compileBytes(source, { core, language: 'c', flags: ['-Os', '-fropi'] }), core);
    expect([...applied]).toContain(core === 'v6-m' ? '3' : '49');
  });
});

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
