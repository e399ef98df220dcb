// Every fault that code can make: the words, the line, the call stack, and that nothing of the session is lost. On a core
// without fault registers (M0), on one with them and an MPU (M3), and on the built-in board.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { LM3S6965EVB } from '../../boards/lm3s6965evb.js';
import { MICROBIT } from '../../boards/microbit.js';
import { MPS2_AN385 } from '../../boards/mps2-an385.js';
import { PICO_SIM } from '../../boards/pico-sim.js';
import type { BarewireError } from '../../host/diag/error.js';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { expectFault, type FaultCase } from '../support/fault-cases.js';
import { NEEDS, type Need, onBoards } from '../support/on-boards.js';

/** What is declared before the faults; the lines of their code are named below. */
const DECLARATIONS = `int kept_out; struct P { int x, y, z; };
static inline int third(P *p) { return p->z; }
int read(P *p) {
  volatile int sum = 1;
  return sum + third(p);
}
void put(char *to) { *to = 1; }
long long pair(char *from) { return *(volatile long long *)from; }
void stop() { asm volatile("udf #3"); }
int (*callback)(int);
int call(int n) { return callback(n) + 1; }
int quotient(int a, int b) {
  return a / b;
}
long long quotient(long long a, long long b) { return a / b; }
int deeper(int n) { volatile int pad[4]; pad[n & 3] = n; return deeper(n + 1) + pad[n & 3]; }
int even(int n);
int odd(int n) { volatile int pad[2]; pad[n & 1] = n; return even(n + 1) + pad[n & 1]; }
int even(int n) { volatile int pad[6]; pad[n & 1] = n; return odd(n + 1) + pad[n & 1]; }
int wide(int n) { volatile char room[100000]; room[n] = 1; return room[n] + 1; }
unsigned data[2] = {0xde01de01, 0xde01de01};
__attribute__((noinline)) int twice(int n) { return n * 2; }
__attribute__((noinline)) int smash(int n) {
  volatile unsigned words[2];
  volatile unsigned *p = words;
  asm("" : "+r"(p));
  int sum = twice(n);
  for (int i = 0; i < 12; i++) p[i] = 0x61616161;
  return sum + 1;
}
int guarded(int n) { volatile int room[40]; room[n] = smash(n); return room[n]; }
int unreturned(int n) { kept_out = n; }
struct Inner { int get(P *p) {
  return p->z; } };
template <class T> int through(T *p) {
  return p->z; }`;

interface Case extends FaultCase {
  /** Where the access is a fault. */
  readonly needs?: Need;
}

const CASES: readonly Case[] = [
  {
    name: 'a null pointer to a struct',
    input: 'read(nullptr)',
    cause: /^read of 4 bytes at 0x00000008$/,
    likely: /^null pointer \+ 8$/,
    line: 2,
    calls: ['third(P*)', 'read(P*)', 'input'],
    needs: NEEDS.mpu, // flash lies there, and no MPU denies it
  },
  {
    name: 'a write through a null pointer',
    input: 'put(nullptr);',
    cause: /^write of 1 byte at 0x00000000$/,
    likely: /^null pointer$/,
    line: 7,
    needs: NEEDS.mpu,
  },
  {
    name: 'a wild pointer that is read',
    input: 'read((P *)0x6f000000)',
    cause: /^read of 4 bytes at 0x6f000008, where no memory is$/,
    likely: /^wild pointer: \[r\d, #8\] with r\d = 0x6f000000$/,
    line: 2,
    calls: ['third(P*)', 'read(P*)', 'input'],
    needs: NEEDS.bus,
  },
  {
    name: 'a wild pointer that is written',
    input: 'put((char *)0x6f000001);',
    cause: /^write of 1 byte at 0x6f000001, where no memory is$/,
    likely: /^wild pointer: \[r0\] with r0 = 0x6f000001$/,
    needs: NEEDS.bus,
    line: 7,
  },
  {
    name: 'an unaligned access',
    input: 'pair((char *)data + 1)',
    cause: /^unaligned read of [48] bytes at 0x[23][0-9a-f]{7}, which is no multiple of 4$/,
    likely: /^wild pointer: \[r0(?:, #4)?\] with r0 = 0x[23][0-9a-f]{7}, data/,
    line: 8,
  },
  { name: 'an undefined instruction', input: 'stop();', cause: /^undefined instruction \(udf #3\)$/, line: 9 },
  {
    name: 'a call through a zeroed pointer',
    input: 'call(1)',
    cause: /^call or jump to 0x00000000$/,
    likely: /^null function pointer$/,
    line: 11,
    calls: ['call(int)', 'input'],
  },
  {
    name: 'a call through an even pointer',
    input: 'callback = (int (*)(int))((int)stop & ~1); call(1)',
    cause: /^call or jump to the even address 0x[23][0-9a-f]{7}: Thumb code has odd addresses$/,
    line: 11,
    calls: ['call(int)', 'input'],
  },
  {
    name: 'a call of nowhere',
    input: 'callback = (int (*)(int))0x6f000001; call(1)',
    cause: /^execution of memory that is not there, at 0x6f000000$/,
    likely: /^wild function pointer: r\d = 0x6f000001$/,
    needs: NEEDS.bus,
    line: 11,
    calls: ['call(int)', 'input'],
  },
  { name: 'a division by zero', input: 'quotient(1, 0)', cause: /^integer division by zero$/, line: 13 },
  { name: 'a long division by zero', input: 'quotient(1ll, 0ll)', cause: /^integer division by zero$/, line: 15 },
  {
    name: 'endless recursion',
    input: 'deeper(0)',
    cause: /^stack overflow in `deeper\(int\)`, [\d,]+ bytes deep in [\d,]+ calls$/,
    likely: /^endless recursion$/,
    line: 16,
  },
  {
    name: 'endless recursion through two functions',
    input: 'odd(0)',
    cause: /^stack overflow in `(?:odd|even)\(int\)`, [\d,]+ bytes deep in [\d,]+ calls$/,
    likely: /^endless recursion$/,
  },
  {
    name: 'a local variable that is larger than the stack',
    input: 'wide(3)',
    // On the M3 it saves no return address: who it was is not known.
    cause:
      /^stack overflow(?: in `wide\(int\)`, [\d,]+ bytes deep in 2 calls|, 100,\d\d\d bytes wanted, [\d,]+ are there)$/,
    likely: /^a local variable too large for the stack$/,
  },
  {
    name: 'execution of data',
    input: 'callback = (int (*)(int))((int)data | 1); call(1)',
    cause: /^execution of data: data, at 0x[23][0-9a-f]{7}$/,
    likely: /^wild function pointer: r\d = 0x[23][0-9a-f]{7}$/,
    line: 11,
    calls: ['call(int)', 'input'],
  },
  {
    name: 'a return address that was overwritten',
    input: 'guarded(3)',
    cause: /^execution of memory that (?:is not there|holds no code), at 0x61616160$/,
    likely: /^return address overwritten: `smash\(int\)` returned to 0x61616160$/,
    line: 27,
    needs: NEEDS.bus,
  },
  {
    name: 'the end of a function without return',
    input: 'unreturned(3)',
    cause: /^the program trapped: .* the end of a function without `return`$/,
    line: 32,
    calls: ['unreturned(int)', 'input'],
  },
  {
    name: 'a null pointer that the optimizer sees',
    input: '[](P *p) { return p->z; }(nullptr)',
    cause: /^read of 4 bytes at 0x00000008$/,
    likely: /^null pointer \+ 8$/,
    needs: NEEDS.mpu,
  },
  {
    name: 'a null pointer in a member that an earlier input defined in its class',
    input: 'Inner{}.get(nullptr)',
    cause: /^read of 4 bytes at 0x00000008$/,
    likely: /^null pointer \+ 8$/,
    line: 34,
    calls: ['Inner::get(P*)', 'input'],
    needs: NEEDS.mpu,
  },
  {
    name: 'a null pointer in a template of an earlier input',
    input: 'through<P>(nullptr)',
    cause: /^read of 4 bytes at 0x00000008$/,
    likely: /^null pointer \+ 8$/,
    line: 36,
    needs: NEEDS.mpu,
  },
  { name: 'a supervisor call', input: 'asm volatile("svc 0");', cause: /^supervisor call \(svc\) that nobody takes$/ },
  { name: 'a trap', input: '__builtin_trap();', cause: /^the program trapped: __builtin_trap\(\)/ },
];

onBoards([MICROBIT.name, MPS2_AN385.name, PICO_SIM.name], [NEEDS.cortexM], (board) => {
  let session: Session;
  let kept = 7;

  async function failure(input: string): Promise<BarewireError> {
    return session.evaluate(input).then(
      ({ value }) => expect.fail(`${input} gave ${value}`),
      (error) => error,
    );
  }

  beforeAll(async () => {
    session = await openSession({ board: board.name });
    await session.evaluate(DECLARATIONS);
    await session.evaluate(`int kept = ${kept};`);
  });
  afterAll(() => session?.close());

  for (const { name, needs } of CASES) {
    if (needs?.isMet(board) === false) test.skip(`${name} needs ${needs.words}`, () => {});
  }
  test.each(CASES.filter(({ needs }) => needs?.isMet(board) ?? true))('$name', async (each) => {
    kept = Number(/\d+/.exec((await session.evaluate('kept')).value!)![0]);
    const error = await failure(`kept++; ${each.input}`);
    expectFault(error, each);
    expect(error.message).toMatch(/\nr4 [0-9a-f]{8}|\nr0 [0-9a-f]{8}/);
    expect(error.message).toContain(' stack: ');

    // What the input had done before stays done, and everything else is as it was.
    kept++;
    expect((await session.evaluate('kept')).value).toBe(`(int) ${kept}`);
    expect((await session.evaluate('twice(21)')).value).toBe('(int) 42');
  });

  test('tells how deep endless recursion was, and shows both ends of it', async () => {
    const { message } = await failure('deeper(0)');
    const [, bytes, calls] = /, ([\d,]+) bytes deep in ([\d,]+) calls\n/
      .exec(message)!
      .map((text) => Number(text.replaceAll(',', '')));
    const { stackSize } = session.link.hello;
    expect(bytes).toBe(stackSize);
    // pad, r4, r7, lr and what keeps it aligned
    expect(bytes! / calls!).toBeGreaterThan(24);
    expect(bytes! / calls!).toBeLessThan(48);
    expect(message).toMatch(/#0 +deeper\(int\).*\n {2}#1 +deeper\(int\) +input_1:16:\d+\n/);
    expect(message).toMatch(/… [\d,]+ more\n(?:.*deeper.*\n){3} {2}#\d+ +input \d+ +input_\d+:1:1\n/);
  });

  test.each(['while (true) kept_out = kept_out;', '{ int i = 0; for (;;) i++; }'])(
    'runs and stops a loop that has no effect: %s',
    async (input) => {
      const error = await session.evaluate(input, { runTimeoutMs: 100 }).catch((cause) => cause);
      expect(error.message).toMatch(/^input \d+ was stopped\nat input_\d+:1/);
    },
  );

  test('does not run an input that Ctrl-C met while it was compiled', async () => {
    const evaluation = session.evaluate('kept_out = 77; while (true);').catch((cause) => cause);
    session.interrupt();
    expect((await evaluation).message).toMatch(/^input \d+ was stopped before it ran: nothing has changed$/);
    expect((await session.evaluate('kept_out == 77')).value).toBe('(bool) false');
  });

  test('says that code was stopped, and where, with the call stack and without registers', async () => {
    await session.evaluate(
      'volatile bool done;\nvoid wait() {\n  while (!done);\n}\nint waitFor(int n) { wait(); return n; }',
    );
    const error = await session.evaluate('waitFor(3)', { runTimeoutMs: 100 }).catch((cause) => cause);
    expect(error.code).toBe('SESSION_STOPPED');
    const lines = error.message
      .split('\n')
      .map((line: string) => line.replace(/\d+(?=:1:1$|$| {2}input| was)/, 'N').replace(/input_\d+/, 'input_N'));
    expect(lines[0]).toMatch(/^input N was stopped$/);
    expect(lines[1]).toMatch(/^at input_N:3:\d+ in wait\(\)$/);
    expect(lines[2]).toBe('    3 |   while (!done);');
    expect(lines[4]).toBe('call stack');
    expect(lines.slice(5).map((line: string) => line.replace(/^ {2}#\d (\S+(?: N)?).*/, '$1'))).toEqual([
      'wait()',
      'waitFor(int)',
      'input',
    ]);
  });
});

onBoards([MICROBIT.name, MPS2_AN385.name, PICO_SIM.name, 'qemu-virt-rv32', 'wasm'], [], ({ name: board }) => {
  test('a division by zero in a statement is told, also when the optimizer sees it', async () => {
    const session = await openSession({ board });
    try {
      await session.evaluate('int nought = 0;');
      for (const input of ['1 / nought', '7 % nought', '1 / 0', 'int n = 0; n = 3 / n;', 'int lost = 4 / nought;']) {
        const error = await session.evaluate(input).catch((cause) => cause);
        expect(error.details?.cause, input).toBe('integer division by zero');
        expect(error.message, input).toMatch(/^input \d+ faulted: .*\nat input_\d+:1/);
      }
      expect((await session.evaluate('7 / 2')).value).toBe('(int) 3');
    } finally {
      await session.close();
    }
  });
});

test('an access that the bus of the Stellaris refuses to refuse is caught by the MPU where it counts', async () => {
  const session = await openSession({ board: LM3S6965EVB.name });
  try {
    const error = await session.evaluate('*(volatile int *)8 = 1;').catch((cause) => cause);
    expect(error.message).toMatch(
      /^input 1 faulted: write of 4 bytes at 0x00000008\nlikely: null pointer \+ 8\nat input_1:1/,
    );
  } finally {
    await session.close();
  }
});
