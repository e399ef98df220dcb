// Loads and stores of RISC-V, with the encodings that llvm-mc gives them.

import { expect, test } from 'vitest';
import { RISCV_CALLS } from '../../host/show/calls-riscv.js';
import { riscvAccessAt, riscvRegisterName } from '../../host/show/riscv.js';

const codeOf = (bytes: readonly number[], at = 0) => ({
  halfwordAt: (addr: number) => {
    const offset = addr - at;
    return offset >= 0 && offset + 2 <= bytes.length ? bytes[offset]! | (bytes[offset + 1]! << 8) : undefined;
  },
});

test.each<[string, number[], string, number, 'read' | 'write']>([
  ['c.lw a0, 8(a1)', [0x88, 0x45], '8(a1)', 4, 'read'],
  ['lhu t3, -4(s2)', [0x03, 0x5e, 0xc9, 0xff], '-4(s2)', 2, 'read'],
  ['lb a0, 2047(a5)', [0x03, 0x85, 0xf7, 0x7f], '2047(a5)', 1, 'read'],
  ['sw a0, -2048(a1)', [0x23, 0xa0, 0xa5, 0x80], '-2048(a1)', 4, 'write'],
  ['sb zero, 1(a0)', [0xa3, 0x00, 0x05, 0x00], '1(a0)', 1, 'write'],
  ['lr.w a0, (a1)', [0x2f, 0xa5, 0x05, 0x10], '0(a1)', 4, 'read'],
  ['amoadd.w a0, a2, (a1)', [0x2f, 0xa5, 0xc5, 0x00], '0(a1)', 4, 'write'],
  ['c.lw a0, 124(s1)', [0xe8, 0x5c], '124(s1)', 4, 'read'],
  ['c.sw s0, 64(a5)', [0xa0, 0xc3], '64(a5)', 4, 'write'],
  ['c.lwsp ra, 252(sp)', [0xfe, 0x50], '252(sp)', 4, 'read'],
  ['c.swsp a7, 196(sp)', [0xc6, 0xc3], '196(sp)', 4, 'write'],
])('%s', (_, bytes, operand, unitBytes, direction) => {
  const access = riscvAccessAt(0, codeOf(bytes))!;
  expect(access).toMatchObject({ operand, unitBytes, direction });
  const registers = Array.from({ length: 33 }, (_, i) => 0x1000 * i);
  const [, offset, name] = /^(-?\d+)\((\w+)\)$/.exec(operand)!;
  const base = Array.from({ length: 32 }, (_, i) => i).find((i) => riscvRegisterName(i) === name)!;
  expect(access.addr(registers)).toBe(registers[base]! + Number(offset));
});

test.each([
  ['add a0, a1, a2', [0x33, 0x85, 0xc5, 0x00]],
  ['c.mv a0, a1', [0x2e, 0x85]],
])('%s touches no memory', (_, bytes) => expect(riscvAccessAt(0, codeOf(bytes))).toBeUndefined());

test.each<[string, number[], { targetAddr?: number; register?: number } | undefined]>([
  ['jal ra, 0x20', [0xef, 0x00, 0x00, 0x02], { targetAddr: 0x1020 }],
  ['jal ra, -0x10', [0xef, 0xf0, 0x1f, 0xff], { targetAddr: 0xff0 }],
  ['jalr ra, 0(a5)', [0xe7, 0x80, 0x07, 0x00], { register: 15 }],
  ['auipc ra, 1; jalr ra, -8(ra)', [0x97, 0x10, 0x00, 0x00, 0xe7, 0x80, 0x80, 0xff], { targetAddr: 0x1ff8 }],
  ['c.jalr a5', [0x82, 0x97], { register: 15 }],
  ['c.jal 0x10', [0x01, 0x28], {}],
  ['addi a0, a0, 1', [0x13, 0x05, 0x15, 0x00], undefined],
])('the call before a return address: %s', (_, bytes, call) => {
  expect(RISCV_CALLS.callBefore(0x1000 + bytes.length, codeOf(bytes, 0x1000))).toEqual(call);
});
