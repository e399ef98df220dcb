import { describe, expect, test } from 'vitest';
import { describeFault, type FaultContext, type FaultRecord } from '../../host/show/fault.js';
import { exceptionName, FAULT_BITS } from '../../host/show/fault-tables.js';
import { FAULT_WORDS } from '../../protocol/messages.js';

const THUMB = 0x0100_0000;
const STACK = { addr: 0x2000_8000, sizeBytes: 4096 };
const M3: FaultContext = { arch: 'armv7-m', stack: STACK, arena: { addr: 0x2000_0000, sizeBytes: 0x8000 } };
const M0: FaultContext = { ...M3, arch: 'armv6-m' };
const USUAL = { exception: 3, sp: 0x2000_8f00, lr: 0x2000_0101, pc: 0x2000_0044, xpsr: THUMB };

const wordsOf = (record: Partial<FaultRecord>): Uint32Array =>
  Uint32Array.from(FAULT_WORDS.cortexm.map((name) => ({ ...USUAL, ...record })[name] ?? 0));
const causeOf = (record: Partial<FaultRecord>, context = M3): string => describeFault(wordsOf(record), context).cause;

describe('cause from the fault registers', () => {
  test.each<[string, Partial<FaultRecord>, string]>([
    ['division by zero', { cfsr: 1 << 25 }, 'integer division by zero'],
    ['unaligned access', { cfsr: 1 << 24 }, 'unaligned memory access'],
    ['undefined instruction', { cfsr: 1 << 16 }, 'undefined instruction'],
    ['coprocessor', { cfsr: 1 << 19 }, 'floating-point or coprocessor instruction while that unit is off or absent'],
    [
      'call through an even pointer',
      { cfsr: 1 << 17, pc: 0x2000_0100, xpsr: 0 },
      'call or jump to an even address, which is no Thumb code, 0x20000100',
    ],
    [
      'call through a null pointer',
      { cfsr: 1 << 17, pc: 0, xpsr: 0 },
      'call or jump to an even address, which is no Thumb code, 0x00000000 (null function pointer)',
    ],
    [
      'return value of an exception',
      { cfsr: 1 << 18 },
      'return from an exception with a damaged return value, at 0x20000044',
    ],
    [
      'instruction bus error',
      { cfsr: 1 << 8, pc: 0x6000_0000 },
      'execution of memory that is not there, at 0x60000000',
    ],
    ['execute never', { cfsr: 1, pc: 0xe000_0000 }, 'execution of memory that holds no code, at 0xe0000000'],
    [
      'precise bus error',
      { cfsr: (1 << 9) | (1 << 15), bfar: 0x6000_0004 },
      'access to memory that is not there, at 0x60000004',
    ],
    [
      'protected memory',
      { cfsr: (1 << 1) | (1 << 7), mmfar: 8 },
      'access to protected memory, at 0x00000008 (null pointer + 8)',
    ],
    [
      'null pointer',
      { cfsr: (1 << 1) | (1 << 7), mmfar: 0 },
      'access to protected memory, at 0x00000000 (null pointer)',
    ],
    ['imprecise', { cfsr: 1 << 10, bfar: 0x1234 }, 'a write to memory that is not there'],
    ['vector table', { hfsr: 1 << 1 }, 'the vector table could not be read'],
    ['breakpoint', { hfsr: 0x8000_0000 }, 'breakpoint instruction without a debugger'],
    ['stacking', { cfsr: 1 << 12 }, 'registers could not be saved on the stack'],
    ['stack limit', { cfsr: 1 << 20 }, 'the stack limit was reached'],
  ])('%s', (_, record, cause) => {
    expect(causeOf({ hfsr: 1 << 30, ...record })).toBe(cause);
  });

  test('names an address only when its VALID bit is set', () => {
    expect(causeOf({ cfsr: 1 << 9, bfar: 0x6000_0004 })).toBe('access to memory that is not there');
    expect(causeOf({ cfsr: 1 << 1, mmfar: 8 })).toBe('access to protected memory');
    // The other register's bit does not count.
    expect(causeOf({ cfsr: (1 << 9) | (1 << 7), bfar: 0x6000_0004 })).toBe('access to memory that is not there');
  });

  test('believes an overflowed stack before anything else', () => {
    expect(causeOf({ cfsr: (1 << 9) | (1 << 15), bfar: 0x2000_7ff0, sp: 0x2000_7c00 })).toBe(
      'stack overflow: sp is 1,024 bytes below the stack of 4,096 bytes',
    );
  });

  test('believes a failed stacking before the access that followed', () => {
    expect(causeOf({ cfsr: (1 << 4) | (1 << 9) })).toBe('registers could not be saved on the stack');
  });

  test('says what it can when no bit is set', () => {
    expect(causeOf({ exception: 21 })).toBe('interrupt 5 without a reported cause');
  });
});

describe('cause on a core without fault registers', () => {
  test.each<[string, Partial<FaultRecord>, string]>([
    ['jump to null', { pc: 0, xpsr: 0 }, 'call or jump to 0x00000000: null function pointer'],
    [
      'jump to an even address',
      { pc: 0x2000_0100, xpsr: 0 },
      'call or jump to an even address, which is no Thumb code, 0x20000100',
    ],
    ['stack overflow', { sp: 0x2000_7ffc }, 'stack overflow: sp is 4 bytes below the stack of 4,096 bytes'],
    ['overwritten sp', { sp: 0x3000_0000 }, 'sp 0x30000000 lies above its stack: it was overwritten'],
    [
      'everything else',
      {},
      'unaligned access, access to memory that is not there, or undefined instruction (this core does not tell which)',
    ],
  ])('%s', (_, record, cause) => {
    expect(causeOf(record, M0)).toBe(cause);
  });

  test('knows from the symbols that pc is in no code', () => {
    expect(causeOf({ pc: 0x2000_4000 }, { ...M0, symbolAt: () => undefined })).toBe(
      'execution of memory that holds no code, at 0x20004000',
    );
  });
});

describe('lines of a report', () => {
  const context: FaultContext = {
    ...M3,
    symbolAt: (addr) =>
      addr >= 0x2000_0040 && addr < 0x2000_0080
        ? { name: '_Z1fi', offset: addr - 0x2000_0040 }
        : { name: '_ZNSt6vectorIiSaIiEE9push_backERKi', offset: (addr & ~1) - 0x2000_00f0 },
    lineAt: (addr) => (addr === 0x2000_0044 ? 'input 3:1:12' : undefined),
  };

  test('give place, registers, stack use and status', () => {
    const { lines } = describeFault(
      wordsOf({ cfsr: 1 << 25, hfsr: 1 << 30, r0: 1, r12: 0xdeadbeef, exception: 6 }),
      context,
    );
    expect(lines).toEqual([
      'pc 0x20000044 f(int)+4 at input 3:1:12',
      'lr 0x20000101 std::vector<int>::push_back(int const&)+16',
      'r0  0x00000001  r1  0x00000000  r2  0x00000000  r3  0x00000000',
      'r4  0x00000000  r5  0x00000000  r6  0x00000000  r7  0x00000000',
      'r8  0x00000000  r9  0x00000000  r10 0x00000000  r11 0x00000000',
      'r12 0xdeadbeef',
      'sp  0x20008f00 (256 of 4,096 bytes used)  xpsr 0x01000000',
      'UsageFault: cfsr 0x02000000 hfsr 0x40000000 (DIVBYZERO)',
    ]);
  });

  test('warn that an imprecise report points behind the culprit', () => {
    expect(describeFault(wordsOf({ cfsr: 1 << 10 }), M3).lines).toContain(
      'caution: the report is imprecise: a buffered write failed some instructions before pc',
    );
  });

  test('warn that unsaved registers may be wrong', () => {
    expect(describeFault(wordsOf({ cfsr: 1 << 12 }), M3).lines).toContain(
      'caution: registers r0 to r3, r12, lr and pc were not saved, they may be wrong',
    );
  });

  test('recognise an exception return in lr', () => {
    expect(describeFault(wordsOf({ lr: 0xfffffffd }), M3).lines[1]).toBe('lr 0xfffffffd (return from an exception)');
  });

  test('say that words are missing, and still describe the rest', () => {
    const { cause, lines } = describeFault(wordsOf({ cfsr: 1 << 25 }).subarray(0, 5), { arch: 'armv7-m' });
    expect(cause).toBe('integer division by zero');
    expect(lines.at(-1)).toBe('caution: the record is short, 5 of 22 words came');
  });
});

test('every fault bit stands once in the table', () => {
  const keys = FAULT_BITS.map((row) => `${row.register} ${row.bit}`);
  expect(new Set(keys).size).toBe(keys.length);
});

test('exceptions are named, interrupts counted from 0', () => {
  expect([3, 4, 5, 6, 16, 47, 9].map(exceptionName)).toEqual([
    'HardFault',
    'MemManage fault',
    'BusFault',
    'UsageFault',
    'interrupt 0',
    'interrupt 31',
    'exception 9',
  ]);
});
