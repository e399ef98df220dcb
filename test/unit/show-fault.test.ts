import { describe, expect, test } from 'vitest';
import { describeFault, type FaultContext, type FaultRecord, type FaultReport } from '../../host/show/fault.js';
import { exceptionName, FAULT_BITS } from '../../host/show/fault-tables.js';
import { FAULT_WORDS } from '../../protocol/messages.js';

const THUMB = 0x0100_0000;
const STACK = { addr: 0x2000_8000, sizeBytes: 4096 };
const M3: FaultContext = {
  arch: 'armv7-m',
  stack: STACK,
  arena: { addr: 0x2000_0000, sizeBytes: 0x8000 },
  regions: [
    { name: 'flash', addr: 0, sizeBytes: 0x4000, access: 'rx' },
    { name: 'sram', addr: 0x2000_0000, sizeBytes: 0xa000, access: 'rwx' },
  ],
};
const M0: FaultContext = { ...M3, arch: 'armv6-m' };
const USUAL = { exception: 3, sp: 0x2000_8f00, lr: 0x2000_0101, pc: 0x2000_0044, xpsr: THUMB };

const wordsOf = (record: Partial<FaultRecord>): Uint32Array =>
  Uint32Array.from(FAULT_WORDS.cortexm.map((name) => ({ ...USUAL, ...record })[name] ?? 0));

/** A context in which these halfwords stand at pc, and all of the arena below 0x20001000 is code. */
const withCode = (context: FaultContext, ...code: number[]): FaultContext => ({
  ...context,
  isCode: (addr) => addr >= 0x2000_0000 && addr < 0x2000_1000,
  halfwordAt: (addr) => code[(addr - USUAL.pc) >> 1],
});
const report = (record: Partial<FaultRecord>, context: FaultContext = M3): Promise<FaultReport> =>
  describeFault(wordsOf(record), context);
const verdict = async (record: Partial<FaultRecord>, context: FaultContext = M3): Promise<(string | undefined)[]> => {
  const { cause, mistake } = await report(record, context);
  return [cause, mistake];
};

/** ldr r0, [r3, #8] */
const LDR = 0x6898;

describe('cause from the fault registers', () => {
  test.each<[string, Partial<FaultRecord>, string, string?]>([
    ['division by zero', { cfsr: 1 << 25 }, 'integer division by zero'],
    ['unaligned access', { cfsr: 1 << 24 }, 'unaligned memory access'],
    ['undefined instruction', { cfsr: 1 << 16 }, 'undefined instruction'],
    ['coprocessor', { cfsr: 1 << 19 }, 'floating-point or coprocessor instruction while that unit is off or absent'],
    [
      'call through an even pointer',
      { cfsr: 1 << 17, pc: 0x2000_0100, xpsr: 0 },
      'call or jump to the even address 0x20000100: Thumb code has odd addresses',
    ],
    [
      'call through a null pointer',
      { cfsr: 1 << 17, pc: 0, xpsr: 0 },
      'call or jump to 0x00000000',
      'null function pointer',
    ],
    ['return value of an exception', { cfsr: 1 << 18 }, 'return from an exception with a damaged return value'],
    [
      'instruction bus error',
      { cfsr: 1 << 8, pc: 0x6000_0000 },
      'execution of memory that is not there, at 0x60000000',
    ],
    ['execute never', { cfsr: 1, pc: 0x2000_9100 }, 'execution of memory that holds no code, at 0x20009100'],
    [
      'precise bus error',
      { cfsr: (1 << 9) | (1 << 15), bfar: 0x6000_0004 },
      'access at 0x60000004, where no memory is',
    ],
    ['protected memory', { cfsr: (1 << 1) | (1 << 7), mmfar: 8 }, 'access at 0x00000008', 'null pointer + 8'],
    ['null pointer', { cfsr: (1 << 1) | (1 << 7), mmfar: 0 }, 'access at 0x00000000', 'null pointer'],
    ['imprecise', { cfsr: 1 << 10, bfar: 0x1234 }, 'a write to memory that is not there'],
    ['vector table', { hfsr: 1 << 1 }, 'the vector table could not be read'],
    ['breakpoint', { hfsr: 0x8000_0000 }, 'breakpoint instruction without a debugger'],
  ])('%s', async (_, record, cause, mistake) => {
    expect(await verdict({ hfsr: 1 << 30, ...record })).toEqual([cause, mistake]);
  });

  test('names an address only when its VALID bit is set', async () => {
    expect(await verdict({ cfsr: 1 << 9, bfar: 0x6000_0004 })).toEqual([
      'access to memory: where nothing answers',
      undefined,
    ]);
    expect(await verdict({ cfsr: 1 << 1, mmfar: 8 })).toEqual(['access to memory: which is protected', undefined]);
    // The other register's bit does not count, nor does what the instruction would say.
    const context = withCode(M3, LDR);
    expect(await verdict({ cfsr: (1 << 9) | (1 << 7), bfar: 0x6000_0004, r3: 4 }, context)).toEqual([
      'read of 4 bytes to memory: where nothing answers',
      undefined,
    ]);
  });

  test('says what the instruction wanted, and what the pointer was', async () => {
    const context = withCode(M3, LDR);
    const bus = { cfsr: (1 << 9) | (1 << 15), bfar: 0x6000_0008, r3: 0x6000_0000 };
    expect(await verdict(bus, context)).toEqual([
      'read of 4 bytes at 0x60000008, where no memory is',
      'wild pointer: [r3, #8] with r3 = 0x60000000',
    ]);
    const write = { cfsr: (1 << 1) | (1 << 7), mmfar: 0x208, r3: 0x200 };
    expect(await verdict(write, withCode(M3, 0x6098))).toEqual([
      'write of 4 bytes at 0x00000208',
      'null pointer + 520',
    ]);
    const flash = { cfsr: (1 << 1) | (1 << 7), mmfar: 0x2008, r3: 0x2000 };
    expect((await verdict(flash, withCode(M3, 0x6098)))[0]).toBe(
      'write of 4 bytes at 0x00002008, where code and constants lie (flash)',
    );
    const stub = { cfsr: (1 << 1) | (1 << 7), mmfar: 0x2000_9008, r3: 0x2000_9000 };
    expect((await verdict(stub, withCode(M3, 0x6098)))[0]).toBe(
      "write of 4 bytes at 0x20009008, in the stub's own memory",
    );
  });

  test('says what it can when no bit is set', async () => {
    expect(await verdict({ exception: 21 })).toEqual(['interrupt 5 without a reported cause', undefined]);
  });
});

describe('cause on a core without fault registers', () => {
  const rows: [string, number[], Partial<FaultRecord>, string, string?][] = [
    ['jump to null', [], { pc: 0, xpsr: 0 }, 'call or jump to 0x00000000', 'null function pointer'],
    [
      'jump to an even address',
      [],
      { pc: 0x2000_0100, xpsr: 0 },
      'call or jump to the even address 0x20000100: Thumb code has odd addresses',
    ],
    [
      'read where nothing is',
      [LDR],
      { r3: 0x6000_0000 },
      'read of 4 bytes at 0x60000008, where no memory is',
      'wild pointer: [r3, #8] with r3 = 0x60000000',
    ],
    ['null pointer', [LDR], { r3: 0 }, 'read of 4 bytes at 0x00000008', 'null pointer + 8'],
    [
      'null pointer with a large index',
      [0x58d0], // ldr r0, [r2, r3]
      { r2: 0, r3: 0x6000_0000 },
      'read of 4 bytes at 0x60000000, where no memory is',
      'null pointer + 1,610,612,736',
    ],
    [
      'just behind memory',
      [0x7018], // strb r0, [r3]
      { r3: 0x2000_a000 },
      'write of 1 byte at 0x2000a000, right behind the end of sram',
      'wild pointer: [r3] with r3 = 0x2000a000',
    ],
    [
      'a little behind memory',
      [0x8018],
      { r3: 0x2000_a010 },
      'write of 2 bytes at 0x2000a010, 16 bytes behind the end of sram',
      'wild pointer: [r3] with r3 = 0x2000a010',
    ],
    [
      'unaligned word',
      [LDR],
      { r3: 0x2000_0001 },
      'unaligned read of 4 bytes at 0x20000009, which is no multiple of 4',
      'wild pointer: [r3, #8] with r3 = 0x20000001',
    ],
    [
      'unaligned halfword',
      [0x8018],
      { r3: 0x2000_0001 },
      'unaligned write of 2 bytes at 0x20000001, which is no multiple of 2',
      'wild pointer: [r3] with r3 = 0x20000001',
    ],
    [
      'list of registers',
      [0xcb07], // ldm r3!, {r0, r1, r2}
      { r3: 0x6000_0000 },
      'read of 12 bytes at 0x60000000, where no memory is',
      'wild pointer: [r3] with r3 = 0x60000000',
    ],
    [
      'write to code',
      [0x7018],
      { r3: 0x3000 },
      'write of 1 byte at 0x00003000, where code and constants lie (flash)',
      'wild pointer: [r3] with r3 = 0x00003000',
    ],
    ['UDF', [0xde03], {}, 'undefined instruction (udf #3)'],
    ['division by zero', [0xdef9], {}, 'integer division by zero'],
    [
      '__builtin_trap',
      [0xdefe],
      {},
      'the program trapped: __builtin_trap(), or what must not happen, such as the end of a function without `return`',
    ],
    ['breakpoint', [0xbe01], {}, 'breakpoint instruction (bkpt #1) without a debugger'],
    ['supervisor call', [0xdf01], {}, 'supervisor call (svc #1) that nobody takes'],
    ['an instruction of larger cores', [0xfbb0, 0xf0f1], {}, 'undefined instruction'],
    [
      'access that seems fine',
      [LDR],
      { r3: 0x2000_0000 },
      'read of 4 bytes at 0x20000008, where the access was refused',
      'wild pointer: [r3, #8] with r3 = 0x20000000',
    ],
    ['anything else', [0x0000], {}, 'bad access or undefined instruction: this core does not tell which'],
    ['execution of data', [], { pc: 0x2000_4000 }, 'execution of data, at 0x20004000'],
    ['execution of the stack', [], { pc: 0x2000_8100 }, 'execution of data: the stack, at 0x20008100'],
    ['data that ran on', [], { pc: 0x2000_a000 }, 'execution of data up to the end of sram, at 0x2000a000'],
    ['execution of nothing', [], { pc: 0x6000_0000 }, 'execution of memory that is not there, at 0x60000000'],
    [
      'overwritten sp',
      [],
      { sp: 0x3000_0000 },
      'stack pointer overwritten: sp is 0x30000000, the stack ends at 0x20009000',
    ],
    [
      'push beyond the stack',
      [0xb5f0], // push {r4-r7, lr}
      { sp: 0x2000_8010 },
      'stack overflow, 4,100 bytes wanted, 4,096 are there',
    ],
    [
      'large frame',
      [],
      { sp: 0x2000_0000 },
      'stack overflow, 36,864 bytes wanted, 4,096 are there',
      'a local variable too large for the stack',
    ],
  ];
  test.each(rows)('%s', async (_, code, record, cause, mistake) => {
    expect(await verdict(record, withCode(M0, ...code))).toEqual([cause, mistake]);
  });

  test('is marked as inferred where it is', async () => {
    const note = 'inferred from the instruction at pc: this core does not tell the cause';
    expect((await report({ r3: 0 }, withCode(M0, LDR))).details).toContain(note);
    expect((await report({ pc: 0, xpsr: 0 }, withCode(M0))).details).not.toContain(note);
    expect((await report({ cfsr: (1 << 9) | (1 << 15) }, withCode(M3, LDR))).details).not.toContain(note);
  });
});

describe('details of a report', () => {
  const context: FaultContext = {
    ...M3,
    symbolAt: (addr) =>
      addr >= 0x2000_0040 && addr < 0x2000_0080
        ? { name: '_Z1fi', offset: addr - 0x2000_0040 }
        : { name: '_ZNSt6vectorIiSaIiEE9push_backERKi', offset: (addr & ~1) - 0x2000_00f0 },
  };

  test('are pc and lr by name, registers, stack use and status', async () => {
    const { details } = await report({ cfsr: 1 << 25, hfsr: 1 << 30, r0: 1, r12: 0xdeadbeef, exception: 6 }, context);
    expect(details).toEqual([
      'pc 0x20000044 f(int)+4, lr 0x20000101 std::vector<int>::push_back(int const&)+16',
      'r0 00000001  r1 00000000  r2 00000000  r3 00000000  r4 00000000  r5 00000000  r6 00000000',
      'r7 00000000  r8 00000000  r9 00000000  r10 00000000  r11 00000000  r12 deadbeef',
      'sp 20008f00  xpsr 01000000  stack: 256 of 4,096 bytes used',
      'UsageFault, cfsr 02000000 hfsr 40000000 (DIVBYZERO)',
    ]);
  });

  test('warn that an imprecise report points behind the culprit', async () => {
    expect((await report({ cfsr: 1 << 10 })).details[0]).toBe(
      'caution: the report is imprecise: a buffered write failed some instructions before pc',
    );
  });

  test('leave out registers that were lost, and say so', async () => {
    const { details } = await report({ cfsr: 1 << 12, sp: 0x2000_7ff0, lr: 0, pc: 0, xpsr: 0, r4: 5 });
    expect(details).toEqual([
      'caution: the stack had no room for registers r0 to r3, r12, lr and pc: they are not known',
      'r4 00000005  r5 00000000  r6 00000000  r7 00000000  r8 00000000  r9 00000000  r10 00000000',
      'r11 00000000',
      'sp 20007ff0  stack: all 4,096 bytes used',
      'HardFault, cfsr 00001000 hfsr 00000000 (STKERR)',
    ]);
  });

  test('recognise an exception return in lr', async () => {
    expect((await report({ lr: 0xfffffffd })).details[0]).toBe(
      'pc 0x20000044, lr 0xfffffffd (return from an exception)',
    );
  });

  test('say that words are missing, and still describe the rest', async () => {
    const { cause, details } = await describeFault(wordsOf({ cfsr: 1 << 25 }).subarray(0, 5), { arch: 'armv7-m' });
    expect(cause).toBe('integer division by zero');
    expect(details).toContain('caution: the record is short, 5 of 23 words came');
  });
});

describe("the user's line", () => {
  const at = (text: string, column: number): FaultContext => ({
    ...withCode(M3, 0xdefe),
    symbolAt: () => ({ name: '_Z1fi', offset: 4 }),
    framesAt: () => [{ symbol: '_Z1fi', line: { file: './input_3', line: 2, column }, inlined: false }],
    sourceLine: (file, line) => (file === './input_3' && line === 2 ? text : undefined),
  });

  test('is shown with a mark under the place, tabs kept', async () => {
    expect((await report({ cfsr: 1 << 16 }, at('\treturn a / b;', 11))).place).toEqual([
      'at input_3:2:11 in f(int)',
      '    2 | \treturn a / b;',
      '      | \t         ^',
    ]);
  });

  test('has no mark without a column', async () => {
    expect((await report({ cfsr: 1 << 16 }, at('return a / b;', 0))).place).toEqual([
      'at input_3:2 in f(int)',
      '    2 | return a / b;',
    ]);
  });

  test('is cut around the place when it is long', async () => {
    const text = `${'x'.repeat(200)}HERE${'y'.repeat(200)}`;
    const [, line, mark] = (await report({ cfsr: 1 << 16 }, at(text, 201))).place;
    expect(line!.length).toBeLessThan(120);
    expect(line!.slice(mark!.indexOf('^'))).toMatch(/^HEREy/);
  });

  test('is the only one of the input when no frame knows better', async () => {
    const context: FaultContext = {
      ...M0,
      inputFile: 'input_4',
      sourceLine: (_, line) => (line === 1 ? 'f();' : undefined),
    };
    expect((await report({ pc: 0, xpsr: 0 }, context)).place).toEqual(['at input_4:1', '    1 | f();']);
    const longer: FaultContext = { ...context, sourceLine: () => 'f();' };
    expect((await report({ pc: 0, xpsr: 0 }, longer)).place).toEqual([]);
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
