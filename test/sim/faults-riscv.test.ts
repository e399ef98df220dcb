// The faults of RISC-V: the words, the line, the call stack, and that nothing of the session is lost.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BarewireError } from '../../host/diag/error.js';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { expectFault, type FaultCase } from '../support/fault-cases.js';
import { NEEDS, onBoards } from '../support/on-boards.js';

const DECLARATIONS = `struct P { int x, y, z; };
static inline int third(P *p) { return p->z; }
int read(P *p) { volatile int sum = 1; return sum + third(p); }
int twice(P *p) { int a = read(p); volatile int b = a; return a + b; }
void put(char *to) { *to = 1; }
int (*callback)(int);
int call(int n) { return callback(n) + 1; }
int deeper(int n) { volatile int pad[4]; pad[n & 3] = n; return deeper(n + 1) + pad[n & 3]; }
int wide(int n) { volatile char room[100000]; room[n] = 1; return room[n] + 1; }
__attribute__((noinline)) int same(int n) { return n * 2; }
__attribute__((noinline)) int smash(int n) {
  volatile unsigned words[2];
  volatile unsigned *p = words;
  asm("" : "+r"(p));
  int sum = same(n);
  for (int i = 0; i < 12; i++) p[i] = 0x61616161;
  return sum + 1;
}
int guarded(int n) { volatile int room[40]; room[n] = smash(n); return room[n]; }
void stop() { asm volatile(".word 0xffffffff"); }
int quotient(int a, int b) { return a / b; }
int kept = 0;`;

const CASES: readonly FaultCase[] = [
  {
    name: 'a null pointer to a struct',
    input: 'twice(nullptr)',
    cause: /^read of 4 bytes at 0x00000008$/,
    likely: /^null pointer \+ 8$/,
    line: 2,
    calls: ['third(P*)', 'read(P*)', 'twice(P*)', 'input'],
  },
  {
    name: 'a wild pointer that is read',
    input: 'read((P *)0xe0000000)',
    cause: /^read of 4 bytes at 0xe0000008, where no memory is$/,
    likely: /^wild pointer: 8\(a\d\) with a\d = 0xe0000000$/,
    line: 2,
    calls: ['third(P*)', 'read(P*)', 'input'],
  },
  {
    name: 'a wild pointer that is written',
    input: 'put((char *)0xe0000001);',
    cause: /^write of 1 byte at 0xe0000001, where no memory is$/,
    likely: /^wild pointer: 0\(a0\) with a0 = 0xe0000001$/,
    line: 5,
  },
  {
    name: "a write to the stub's code",
    input: 'put((char *)CODE);',
    cause: /^write of 1 byte at 0x[0-9a-f]{8}, where code and constants lie/,
    likely: /^wild pointer: 0\(a0\)/,
    line: 5,
  },
  {
    name: 'a call through a zeroed pointer',
    input: 'call(1)',
    cause: /^call or jump to 0x00000000$/,
    likely: /^null function pointer$/,
    line: 7,
    calls: ['call(int)', 'input'],
  },
  {
    name: 'a call through a wild pointer',
    input: 'callback = (int (*)(int))0xe0000000; call(1)',
    cause: /^execution of memory that is not there, at 0xe0000000$/,
    likely: /^wild function pointer: [ast]\d+ = 0xe0000000$/,
    line: 7,
    calls: ['call(int)', 'input'],
  },
  {
    name: 'a return address that was written over',
    input: 'guarded(1)',
    cause: /^execution of memory that is not there, at 0x61616160$/,
    likely: /^return address overwritten: a function returned to 0x61616160$/,
  },
  {
    name: 'endless recursion',
    input: 'deeper(1)',
    cause: /^stack overflow in `deeper\(int\)`, [\d,]+ bytes deep in [\d,]+ calls$/,
    likely: /^endless recursion$/,
    line: 8,
  },
  {
    name: 'a variable too large for the stack',
    input: 'wide(1)',
    cause: /^stack overflow in `wide\(int\)`, [\d,]+ bytes deep in 2 calls$/,
    likely: /^a local variable too large for the stack$/,
    line: 9,
    calls: ['wide(int)', 'input'],
  },
  { name: 'an undefined instruction', input: 'stop();', cause: /^undefined instruction 0xffffffff$/, line: 20 },
  { name: 'a breakpoint', input: 'asm volatile("ebreak");', cause: /^breakpoint instruction without a debugger$/ },
  { name: 'a system call', input: 'asm volatile("ecall");', cause: /^system call, which nobody answers$/ },
  { name: 'a division by zero', input: 'int nought = 0; 1 / nought', cause: /^integer division by zero$/ },
];

onBoards(['qemu-virt-rv32', 'qemu-sifive-e'], [NEEDS.trapCauses], ({ name: board }) => {
  let session: Session;
  let code: number;
  beforeAll(async () => {
    session = await openSession({ board });
    await session.evaluate(DECLARATIONS);
    code = session.board.regions.find(({ access }) => access === 'rx')!.addr;
  });
  afterAll(() => session?.close());

  test.each(CASES)('tells $name', async (each) => {
    const before = Number((await session.evaluate('kept = kept + 1; kept')).value!.replace('(int) ', ''));
    const text = each.input.replace('CODE', `0x${code.toString(16)}`);
    const error = await session.evaluate(text).then(
      () => expect.unreachable(`${text} should fault`),
      (thrown: unknown) => thrown as BarewireError,
    );
    expectFault(error, each);
    if (each.line === undefined) expect(error.message).toMatch(/\nat input_\d+:1/);
    expect((await session.evaluate('kept')).value).toBe(`(int) ${before}`);
  });

  test('says where code was when it is stopped, with the call stack', async () => {
    await session.evaluate('void wait() { for (volatile int i = 0;; i = i + 1) {} }');
    await session.evaluate('int waits(int n) { wait(); return n; }');
    const error = await session.evaluate('waits(1)', { runTimeoutMs: 200 }).catch((cause) => cause);
    expect(error.code).toBe('SESSION_STOPPED');
    expect(error.message).toMatch(/\ncall stack\n {2}#0 wait\(\)[^\n]*\n {2}#1 waits\(int\)[^\n]*\n {2}#2 input/);
  });
});
