// RISC-V trap records in words.

import { describe, expect, test } from 'vitest';
import type { FaultContext } from '../../host/show/fault.js';
import { describeFault } from '../../host/show/fault.js';
import { TRAPS, trapName } from '../../host/show/fault-riscv.js';
import { FAULT_WORDS } from '../../protocol/messages.js';

type Word = (typeof FAULT_WORDS.rv32)[number];

const CONTEXT: FaultContext = {
  arch: 'rv32',
  stack: { addr: 0x8001_0000, sizeBytes: 4096 },
  arena: { addr: 0x8002_0000, sizeBytes: 65536 },
  symbolAt: (addr) => (addr === 0x8002_0010 ? 'f(int) + 4' : undefined),
  framesAt: () => [{ symbol: '_Z1fi', line: { file: 'input_3', line: 1, column: 12 }, inlined: false }],
  sourceLine: (file) => (file === 'input_3' ? 'int f(int a) { return *p; }' : undefined),
};
const USUAL: Partial<Record<Word, number>> = { mepc: 0x8002_0010, sp: 0x8001_0f80, ra: 0x8000_0200, s1: 7 };

const describeTrap = (record: Partial<Record<Word, number>>, context = CONTEXT) =>
  describeFault(Uint32Array.from(FAULT_WORDS.rv32.map((name) => ({ ...USUAL, ...record })[name] ?? 0)), context);

describe('the cause', () => {
  test.each<[Partial<Record<Word, number>>, string, string?]>([
    [{ mcause: 0 }, 'call or jump to an odd address, at 0x80020010'],
    [{ mcause: 1, mepc: 0 }, 'execution of memory that is not there, at 0x00000000', 'null function pointer'],
    [{ mcause: 2, mtval: 0xffff_ffff }, 'undefined instruction 0xffffffff'],
    [{ mcause: 2 }, 'undefined instruction'],
    [{ mcause: 3 }, 'breakpoint instruction without a debugger'],
    [{ mcause: 4, mtval: 0x8002_0001 }, 'unaligned read, at 0x80020001'],
    [{ mcause: 5, mtval: 0 }, 'read of memory that is not there, or protected, at 0x00000000', 'null pointer'],
    [{ mcause: 5, mtval: 12 }, 'read of memory that is not there, or protected, at 0x0000000c', 'null pointer + 12'],
    [{ mcause: 6, mtval: 0x8002_0003 }, 'unaligned write, at 0x80020003'],
    [{ mcause: 7, mtval: 0x8000_0000 }, 'write to memory that is not there, or protected, at 0x80000000'],
    [{ mcause: 11 }, 'system call, which nobody answers'],
    [{ mcause: 7, sp: 0x8000_fff0 }, 'stack overflow in `f(int)`, 4,112 bytes wanted, 4,096 are there'],
    [{ mcause: 0x8000_0007 }, 'timer interrupt without a handler'],
    [{ mcause: 24 }, 'exception 24 without a handler'],
  ])('%o is: %s', async (record, cause, mistake) => {
    expect(await describeTrap(record)).toMatchObject({ cause, mistake });
  });

  test('every trap of the table has a name and a cause of its own kind', () => {
    for (const [number, { name, cause }] of Object.entries(TRAPS)) {
      expect(trapName(Number(number))).toBe(name);
      expect(cause).not.toBe('');
    }
    expect(trapName(0x8000_000b)).toBe('external interrupt');
    expect(trapName(0x8000_0010)).toBe('number 16 interrupt');
  });
});

test('the report says where, all registers, how full the stack is, and what the core reported', async () => {
  const { place, details } = await describeTrap({ mcause: 5, mtval: 4 });
  expect(place).toEqual(['at input_3:1:12 in f(int)', '    1 | int f(int a) { return *p; }', '      |            ^']);
  expect(details[0]).toBe('pc 0x80020010 f(int) + 4, ra 0x80000200');
  expect(details).toContain('sp 80010f80  stack: 128 of 4,096 bytes used');
  expect(details.at(-1)).toBe('Load access fault, mcause 00000005 mtval 00000004');
  const text = details.join('\n');
  for (const name of FAULT_WORDS.rv32.slice(5, -2)) expect(text).toMatch(new RegExp(`\\b${name} [0-9a-f]{8}`));
  expect(text).toContain('s1 00000007');
});

test('a record that came short says so', async () => {
  const { details } = await describeFault(Uint32Array.of(2, 0x8002_0010), CONTEXT);
  expect(details[0]).toBe('caution: the record is short, 2 of 36 words came');
});
