// Links an object by us and by lld at the same addresses and compares the bytes: lld is the oracle of relocations.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readObject } from '../../host/elf/read-object.js';
import { LinkSession } from '../../host/link/session.js';
import { ARCH_OF, type Core, tool } from '../unit/link-support.js';

/** Links `object` both ways and compares every section that went to the board.
 *  @returns names of the relocations that were applied */
export function compareWithLld(object: Uint8Array, core: Core): Set<string> {
  const dir = mkdtempSync(join(tmpdir(), 'barewire-'));
  try {
    return compareIn(dir, object, core);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function compareIn(dir: string, object: Uint8Array, core: Core): Set<string> {
  // Without the merge flags strings stay where they are, in lld's result too.
  const input = join(dir, 'input.o');
  writeFileSync(input, object);
  const names = readObject(object, 'input.o').sections.map((section) => section.name);
  const strings = [...new Set(names.filter((name) => name.startsWith('.rodata.')))];
  const flags = strings.map((name) => `--set-section-flags=${name}=alloc,readonly`);
  execFileSync(tool('llvm-objcopy'), [...flags, input]);

  const ours = readObject(readFileSync(input), 'input.o');
  const session = new LinkSession({
    arch: ARCH_OF[core],
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
    ['-T', join(dir, 'link.ld'), '-e', '0', ...LLD_FLAGS[core], '--no-check-sections', input, '-o', output],
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

const LLD_FLAGS: Readonly<Record<Core, readonly string[]>> = {
  'v6-m': ['--target2=rel'],
  'v7-m': ['--target2=rel'],
  'v7e-m': ['--target2=rel'],
  'v8-m': ['--target2=rel'],
  rv32: ['--no-relax'],
};

const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(.{8})/g, '$1 ');

/** What compilers make of C++ in general. */
export const CONSTRUCTS = `
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
  template <class T> T twice(T x) { return x + x + once(); }
  int useTemplate(int n) { return twice(n) + overridable(); }
  Square square(4);
  int total = square.area() + tail(2);
  total += useTemplate(counter);
  operation = [](int x, int y) { return x * y; };
  names[1] = "magenta";
`;

/** Floating-point constants and calls, where the core has a unit for them. */
export const FLOATS = `
  float ratio = 0.1f, small = 1e-3f;
  const float steps[] = {0.5f, 2.75f};
  __attribute__((noinline)) float blend(float a, float b) { return a * ratio + b * small + steps[int(b) & 1]; }
  float twiceBlend(float a) { return blend(a, 3.25f) + blend(a + 12345.678f, 2); }
`;

/** A call that is not made, since nobody defines the function. */
export const WEAK_CALL = `
  extern "C" __attribute__((weak)) int absent(int);
  int maybe(int n) { return absent ? absent(n) : n; }
`;
