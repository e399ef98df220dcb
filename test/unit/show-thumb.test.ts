// The decoder of loads and stores, held against what clang's assembler makes of their text.

import { describe, expect, test } from 'vitest';
import { decodeThumb, type Instruction, isWideThumb } from '../../host/show/thumb.js';
import { type Core, compile } from './link-support.js';

/** Registers that tell which of them was used: rN is 0x1000 * (N + 1). */
const REGISTERS = Array.from({ length: 16 }, (_, register) => 0x1000 * (register + 1));
REGISTERS[15] = 0x2000_0000;

/** Assembles instructions and decodes each. */
function decoded(core: Core, lines: readonly string[]): Instruction[] {
  const text = `.syntax unified\n.thumb\n.fpu fpv4-sp-d16\n.section .text.f,"ax"\n${lines.join('\n')}\n`;
  const fpu = core === 'v7-m' ? text : text.replace('.fpu fpv4-sp-d16\n', '');
  const object = compile(fpu, 1, { core, language: 'assembler', flags: ['-Wno-unused-command-line-argument'] });
  const { bytes } = object.sections.find(({ name }) => name === '.text.f')!;
  const halfword = (at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
  const found: Instruction[] = [];
  for (let at = 0; at < bytes.length; ) {
    const wide = isWideThumb(halfword(at));
    found.push(decodeThumb(halfword(at), wide ? halfword(at + 2) : 0, core !== 'v6-m'));
    at += wide ? 4 : 2;
  }
  return found;
}

/** `read 4 at [r3, #8] = 0x4008` */
function textOf(instruction: Instruction): string {
  if (instruction.kind !== 'access') {
    const { kind, ...rest } = instruction;
    return [kind, ...Object.values(rest)].join(' ');
  }
  const { direction, unitBytes, count, operand, addr } = instruction;
  const times = count === 1 ? '' : `×${count}`;
  return `${direction} ${unitBytes}${times} at ${operand} = 0x${addr(REGISTERS).toString(16)}`;
}

type Row = readonly [assembler: string, decoded: string];

const V6: readonly Row[] = [
  ['ldr r0, [r3, #8]', 'read 4 at [r3, #8] = 0x4008'],
  ['str r0, [r3, #124]', 'write 4 at [r3, #124] = 0x407c'],
  ['ldrb r0, [r3, #31]', 'read 1 at [r3, #31] = 0x401f'],
  ['strb r7, [r6]', 'write 1 at [r6] = 0x7000'],
  ['ldrh r0, [r3, #62]', 'read 2 at [r3, #62] = 0x403e'],
  ['strh r0, [r3, #2]', 'write 2 at [r3, #2] = 0x4002'],
  ['ldr r0, [r3, r2]', 'read 4 at [r3, r2] = 0x7000'],
  ['ldrh r0, [r3, r2]', 'read 2 at [r3, r2] = 0x7000'],
  ['ldrb r0, [r3, r2]', 'read 1 at [r3, r2] = 0x7000'],
  ['ldrsh r0, [r3, r2]', 'read 2 at [r3, r2] = 0x7000'],
  ['ldrsb r0, [r3, r2]', 'read 1 at [r3, r2] = 0x7000'],
  ['str r0, [r3, r2]', 'write 4 at [r3, r2] = 0x7000'],
  ['strh r0, [r3, r2]', 'write 2 at [r3, r2] = 0x7000'],
  ['strb r0, [r3, r2]', 'write 1 at [r3, r2] = 0x7000'],
  ['ldr r0, [sp, #16]', 'read 4 at [sp, #16] = 0xe010'],
  ['str r0, [sp]', 'write 4 at [sp] = 0xe000'],
  ['ldr r0, [pc, #8]', 'read 4 at [pc, #8] = 0x2000000c'],
  ['ldm r3!, {r0, r1}', 'read 4×2 at [r3] = 0x4000'],
  ['stm r3!, {r0, r1, r2}', 'write 4×3 at [r3] = 0x4000'],
  ['push {r4, r5, lr}', 'write 4×3 at [sp] = 0xdff4'],
  ['pop {r4, pc}', 'read 4×2 at [sp] = 0xe000'],
  ['udf #3', 'trap udf 3'],
  ['bkpt #4', 'trap bkpt 4'],
  ['svc #5', 'trap svc 5'],
  ['bx lr', 'jump 14 false'],
  ['blx r3', 'jump 3 true'],
  ['adds r0, r1, r2', 'other'],
  ['muls r0, r1, r0', 'other'],
  ['mov r8, r1', 'other'],
  ['add sp, #8', 'other'],
  ['uxtb r0, r1', 'other'],
  ['rev r0, r1', 'other'],
  ['cpsid i', 'other'],
  ['nop', 'other'],
  ['beq #4', 'other'],
  ['b #4', 'other'],
  ['bl #2048', 'call 2048'],
  ['bl #-2048', 'call -2048'],
  ['dmb sy', 'other'],
  ['mrs r0, primask', 'other'],
  ['.inst.w 0xf7f0a009', 'trap udf 9'],
];

const V7: readonly Row[] = [
  ['ldr.w r8, [r9, #4000]', 'read 4 at [r9, #4000] = 0xafa0'],
  ['strb.w r8, [r9, #1]', 'write 1 at [r9, #1] = 0xa001'],
  ['ldrsh.w r8, [r9, #6]', 'read 2 at [r9, #6] = 0xa006'],
  ['ldr r8, [r9, #-8]', 'read 4 at [r9, #-8] = 0x9ff8'],
  ['str r8, [r9, #16]!', 'write 4 at [r9, #16] = 0xa010'],
  ['ldr r8, [r9], #16', 'read 4 at [r9] = 0xa000'],
  ['ldr.w r8, [r9, r10, lsl #2]', 'read 4 at [r9, r10, lsl #2] = 0x36000'],
  ['ldrb.w r8, [r9, r10]', 'read 1 at [r9, r10] = 0x15000'],
  ['ldr.w r8, [pc, #-8]', 'read 4 at [pc, #-8] = 0x1ffffffc'],
  ['ldrd r0, r1, [r3, #-16]', 'read 4×2 at [r3, #-16] = 0x3ff0'],
  ['strd r0, r1, [r3], #8', 'write 4×2 at [r3] = 0x4000'],
  ['ldrex r0, [r3, #8]', 'read 4 at [r3, #8] = 0x4008'],
  ['strex r0, r1, [r3]', 'write 4 at [r3] = 0x4000'],
  ['ldm.w r9, {r0, r1, r8}', 'read 4×3 at [r9] = 0xa000'],
  ['stmdb r9!, {r0, r1, r8}', 'write 4×3 at [r9] = 0x9ff4'],
  ['push.w {r4, r8, lr}', 'write 4×3 at [sp] = 0xdff4'],
  ['pop.w {r4, r8, pc}', 'read 4×3 at [sp] = 0xe000'],
  ['tbb [r3, r2]', 'read 1 at [r3, r2] = 0x7000'],
  ['sdiv r0, r1, r2', 'divide 2'],
  ['udiv r0, r1, r3', 'divide 3'],
  ['vldr s0, [r3, #8]', 'read 4 at [r3, #8] = 0x4008'],
  ['vstr d1, [r3, #-8]', 'write 4×2 at [r3, #-8] = 0x3ff8'],
  ['vpush {s0, s1, s2}', 'write 4×3 at [sp] = 0xdff4'],
  ['cbz r0, #4', 'other'],
  ['it eq\nmoveq r0, r1', 'other'],
  ['movw r0, #1234', 'other'],
  ['add.w r0, r1, r2', 'other'],
];

describe('on ARMv6-M', () => {
  const found = decoded(
    'v6-m',
    V6.map(([line]) => line),
  );
  test.each(V6.map(([line, text], index) => [line, text, index] as const))('%s', (_, text, index) => {
    expect(textOf(found[index]!)).toBe(text);
  });

  test('what only larger cores have is undefined', () => {
    expect(decodeThumb(0xb100, 0, false)).toEqual({ kind: 'undefined' }); // cbz
    expect(decodeThumb(0xbf08, 0, false)).toEqual({ kind: 'undefined' }); // it
    expect(decodeThumb(0xfbb0, 0xf0f1, false)).toEqual({ kind: 'undefined' }); // udiv
    expect(decodeThumb(0xe8bd, 0x83b0, false)).toEqual({ kind: 'undefined' }); // pop.w
  });
});

describe('on ARMv7-M', () => {
  const found = decoded(
    'v7-m',
    V7.map(([line]) => line),
  ).filter((each, index, all) => {
    // IT and the instruction behind it are one line.
    return !(each.kind === 'other' && all[index - 1]?.kind === 'other' && index === V7.length - 2);
  });
  test.each(V7.map(([line, text], index) => [line.split('\n')[0], text, index] as const))('%s', (_, text, index) => {
    expect(textOf(found[index]!)).toBe(text);
  });

  test('reads everything that ARMv6-M has the same way', () => {
    const common = V6;
    const found = decoded(
      'v7-m',
      common.map(([line]) => line),
    );
    expect(found.map(textOf)).toEqual(common.map(([, text]) => text));
  });
});
