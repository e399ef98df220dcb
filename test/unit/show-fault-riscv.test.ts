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
  lineAt: (addr) => (addr === 0x8002_0010 ? 'input 3:1:12' : undefined),
};
const USUAL: Partial<Record<Word, number>> = { mepc: 0x8002_0010, sp: 0x8001_0f80, ra: 0x8000_0200, s1: 7 };

const describeTrap = (record: Partial<Record<Word, number>>, context = CONTEXT) =>
  describeFault(Uint32Array.from(FAULT_WORDS.rv32.map((name) => ({ ...USUAL, ...record })[name] ?? 0)), context);

describe('the cause', () => {
  test.each([
    [{ mcause: 0 }, 'call or jump to an odd address, at 0x80020010'],
    [{ mcause: 1, mepc: 0 }, 'execution of memory that is not there, at 0x00000000 (null function pointer)'],
    [{ mcause: 2, mtval: 0xffff_ffff }, 'undefined instruction 0xffffffff'],
    [{ mcause: 2 }, 'undefined instruction'],
    [{ mcause: 3 }, 'breakpoint instruction without a debugger'],
    [{ mcause: 4, mtval: 0x8002_0001 }, 'unaligned read, at 0x80020001'],
    [{ mcause: 5, mtval: 0 }, 'read of memory that is not there, or protected, at 0x00000000 (null pointer)'],
    [{ mcause: 5, mtval: 12 }, 'read of memory that is not there, or protected, at 0x0000000c (null pointer + 12)'],
    [{ mcause: 6, mtval: 0x8002_0003 }, 'unaligned write, at 0x80020003'],
    [{ mcause: 7, mtval: 0x8000_0000 }, 'write to memory that is not there, or protected, at 0x80000000'],
    [{ mcause: 11 }, 'system call, which nobody answers'],
    [{ mcause: 7, sp: 0x8000_fff0 }, 'stack overflow: sp is 16 bytes below the stack of 4,096 bytes'],
    [{ mcause: 0x8000_0007 }, 'timer interrupt without a handler'],
    [{ mcause: 24 }, 'exception 24 without a handler'],
  ] as const)('%o is: %s', (record, cause) => {
    expect(describeTrap(record).cause).toBe(cause);
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

test('the lines say where, all registers, how full the stack is, and what the core reported', () => {
  const { lines } = describeTrap({ mcause: 5, mtval: 4 });
  expect(lines[0]).toBe('pc 0x80020010 f(int) + 4 at input 3:1:12');
  expect(lines[1]).toBe('ra 0x80000200');
  expect(lines).toContain('sp  0x80010f80 (128 of 4,096 bytes used)');
  expect(lines.at(-1)).toBe('Load access fault: mcause 0x00000005 mtval 0x00000004');
  const text = lines.join('\n');
  for (const name of FAULT_WORDS.rv32.slice(5)) expect(text).toMatch(new RegExp(`\\b${name} +0x`));
  expect(text).toContain('s1  0x00000007');
});

test('a record that came short says so', () => {
  const { lines } = describeFault(Uint32Array.of(2, 0x8002_0010), CONTEXT);
  expect(lines.at(-1)).toBe('caution: the record is short, 2 of 34 words came');
});
