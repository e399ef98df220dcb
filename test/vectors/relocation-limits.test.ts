// The limits of every relocation that has any, with lld as the oracle: at the last value in reach both write the same bytes,
// one step further lld refuses or puts a thunk in between, and we refuse (veneers are decided on that refusal). And what
// clang makes of real programs at every level has no relocation without a row.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../host/diag/package-root.js';
import { SHF_ALLOC } from '../../host/elf/elf-constants.js';
import { readObject } from '../../host/elf/read-object.js';
import type { Architecture, RelocationRow } from '../../host/link/arch/architecture.js';
import { ARM_V6M, ARM_V7M } from '../../host/link/arch/arm.js';
import { RV32 } from '../../host/link/arch/riscv.js';
import type { Atom, Target } from '../../host/link/atom.js';
import { applyFixup } from '../../host/link/relocate.js';
import { CONSTRUCTS } from '../support/compare-with-lld.js';
import { type Core, compileBytes, tool } from '../unit/link-support.js';

const PLACE = 0x2200_0000;

/** The instruction around each field, as words of two or four bytes; what it points to is code or data. */
const FIELDS: readonly [core: Core, name: string, instruction: string, target: 'code' | 'data'][] = [
  ['v6-m', 'R_ARM_THM_CALL', '.inst.n 0xf7ff, 0xfffe', 'code'],
  ['v7-m', 'R_ARM_THM_CALL', '.inst.n 0xf7ff, 0xfffe', 'code'],
  ['v7-m', 'R_ARM_THM_JUMP24', '.inst.n 0xf7ff, 0xbffe', 'code'],
  ['v7-m', 'R_ARM_THM_JUMP19', '.inst.n 0xf43f, 0xaffe', 'code'],
  ['v6-m', 'R_ARM_THM_JUMP11', '.inst.n 0xe7fe', 'code'],
  ['v6-m', 'R_ARM_THM_JUMP8', '.inst.n 0xd0fe', 'code'],
  ['v6-m', 'R_ARM_THM_PC8', '.inst.n 0x48ff', 'data'],
  ['v7-m', 'R_ARM_THM_PC12', '.inst.n 0xf85f, 0x3004', 'data'],
  ['v7-m', 'R_ARM_THM_ALU_PREL_11_0', '.inst.n 0xf2af, 0x0404', 'data'],
  ['rv32', 'R_RISCV_BRANCH', '.word 0x00b50063', 'code'],
  ['rv32', 'R_RISCV_JAL', '.word 0x0000006f', 'code'],
  ['rv32', 'R_RISCV_RVC_BRANCH', '.half 0xc101', 'code'],
  ['rv32', 'R_RISCV_RVC_JUMP', '.half 0xa001', 'code'],
];

const ARCHS: Readonly<Record<Core, Architecture>> = {
  'v6-m': ARM_V6M,
  'v7-m': ARM_V7M,
  'v7e-m': ARM_V7M,
  'v8-m': ARM_V7M,
  rv32: RV32,
};

interface Linked {
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
}

/** Links one field so that its value is `value`. */
function link(core: Core, row: RelocationRow, instruction: string, target: 'code' | 'data', value: number): Linked {
  const thumb = core === 'rv32' ? '' : '.syntax unified\n.thumb\n';
  const start = core === 'rv32' ? '.type target, @function' : '.type target, %function\n.thumb_func';
  const source = `${thumb}.section .text.user, "ax"\nuser: .reloc user, ${row.name}, target\n${instruction}
.section .text.target, "ax"\n.globl target\n${target === 'code' ? start : ''}\ntarget: ${core === 'rv32' ? 'ret' : 'bx lr'}\n`;
  const object = compileBytes(source, { core, language: 'assembler', flags: core === 'rv32' ? ['-mno-relax'] : [] });
  const dir = mkdtempSync(join(tmpdir(), 'barewire-'));
  try {
    const file = readObject(object, 'input.o');
    const user = file.sections.find(({ name }) => name === '.text.user')!;
    const bytes = user.bytes.slice();
    const view = new DataView(bytes.buffer);
    const addend = user.relocations[0]!.addend ?? row.form.decode(view, 0);
    const targetAddr = PLACE + value - addend;
    const to: Target = { kind: 'absolute', addr: targetAddr, thumb: target === 'code' && core !== 'rv32' ? 1 : 0 };
    const atom = { addr: PLACE, name: '.text.user', object: file, start: 0 } as unknown as Atom;
    const fixup = { row, offset: 0, addend, symbol: 'target', target: to, via: undefined };
    let ours: string | undefined;
    try {
      applyFixup({ arch: ARCHS[core], atom, fixup, target: to, via: undefined }, view, 0);
      ours = Buffer.from(bytes).toString('hex');
    } catch (error) {
      expect((error as { code: string }).code).toBe('LINK_OUT_OF_RANGE');
    }
    writeFileSync(join(dir, 'input.o'), object);
    const places = [
      [PLACE, 'user'],
      [targetAddr, 'target'],
    ] as const;
    const sorted = [...places].sort(([a], [b]) => a - b);
    const out = sorted.map(([at, name]) => `.${name} 0x${at.toString(16)} : { *(.text.${name}) }`);
    writeFileSync(join(dir, 'link.ld'), `SECTIONS { ${out.join(' ')} /DISCARD/ : { *(.ARM.*) } }`);
    const args = ['-T', 'link.ld', '-e', '0', '--no-check-sections', '--no-relax', 'input.o', '-o', 'output.elf'];
    const { status } = spawnSync(tool('ld.lld'), args, { cwd: dir });
    if (status !== 0) return { ours, theirs: undefined };
    const linked = readObject(readFileSync(join(dir, 'output.elf')), 'output.elf');
    const thunk = linked.symbols.some(({ name }) => /Thunk/i.test(name));
    const theirs = linked.sections.find(({ name }) => name === '.user')!.bytes;
    return { ours, theirs: thunk ? undefined : Buffer.from(theirs).toString('hex') };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test.each(FIELDS)('%s: %s ends where it ends for lld', (core, name, instruction, target) => {
  const row = [...ARCHS[core].relocations.values()].find((each) => each.name === name)!;
  for (const value of [row.min, row.max, 16 * row.align]) {
    const { ours, theirs } = link(core, row, instruction, target, value);
    expect(theirs, `lld at ${value}`).toBeDefined();
    expect(ours, `at ${value}`).toBe(theirs);
  }
  for (const value of [row.min - row.align, row.max + row.align]) {
    expect(link(core, row, instruction, target, value), `at ${value}`).toEqual({ ours: undefined, theirs: undefined });
  }
});

/** Programs that do work, and the support library's C, which has what compilers are asked for on bare metal. */
const PROGRAMS = ['fibonacci', 'matrix-multiplication', 'prime-finder', 'sorting-algorithms'].map((name) => ({
  name: `${name}.cpp`,
  text: withoutHeaders(readFileSync(join(packageRoot(), 'examples', `${name}.cpp`), 'utf8')),
}));

/** The tests' compiler has no library: what the programs need of it is declared. */
function withoutHeaders(text: string): string {
  const declared = `
    using int8_t = signed char; using uint8_t = unsigned char; using int16_t = short; using uint16_t = unsigned short;
    using int32_t = int; using uint32_t = unsigned; using int64_t = long long; using uint64_t = unsigned long long;
    using size_t = __SIZE_TYPE__;
    extern "C" { int printf(const char *, ...); int puts(const char *); int putchar(int); void *memcpy(void *, const void *, size_t); }
    namespace std { using ::printf; using ::puts; using ::size_t; template <class T> void swap(T &a, T &b) { T c = a; a = b; b = c; } }
  `;
  return declared + text.replace(/^#include .*$/gm, '');
}

describe.each(['v6-m', 'v7-m', 'v7e-m', 'v8-m', 'rv32'] as const)('clang for %s', (core) => {
  test.each(['-O0', '-O1', '-Os', '-Oz', '-O2'])('makes no relocation at %s that has no row', (level) => {
    const { relocations } = ARCHS[core];
    let seen = 0;
    for (const { name, text } of [...PROGRAMS, { name: 'constructs', text: CONSTRUCTS }]) {
      const object = readObject(compileBytes(text, { core, flags: [level, '-g', '-fexceptions'] }), name);
      for (const section of object.sections.filter(({ flags }) => (flags & SHF_ALLOC) !== 0)) {
        for (const { type } of section.relocations) {
          expect(relocations.has(type), `${name} ${section.name}: relocation ${type}`).toBe(true);
          seen++;
        }
      }
    }
    expect(seen).toBeGreaterThan(100);
  });
});
