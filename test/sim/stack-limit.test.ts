// Stacks that are used up where the processor has a stack limit (Armv8-M): the stack pointer is lost, and what earlier
// code has left on the stack must not be taken for the calls of now.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';

let session: Session;
const fault = (text: string): Promise<string> =>
  session.evaluate(text).then(
    () => expect.fail('it did not fail'),
    (error: Error) => error.message,
  );

beforeAll(async () => {
  session = await openSession({ board: 'qemu-mps2-an505' });
  await session.evaluate(
    'int deeper(int n) { volatile int pad[4]; pad[n & 3] = n; return deeper(n + 1) + pad[n & 3]; }',
  );
  await session.evaluate(`int even(int n);
int odd(int n) { volatile int pad[2]; pad[n & 1] = n; return even(n + 1) + pad[n & 1]; }
int even(int n) { volatile int pad[6]; pad[n & 1] = n; return odd(n + 1) + pad[n & 1]; }`);
  await session.evaluate('int wide(int n) { volatile char room[100000]; room[n] = 1; return room[n] + 1; }');
});
afterAll(() => session?.close());

test('recursion is told by its own functions, whatever recursion there was before', async () => {
  for (const [input, mine, others] of [
    ['odd(0)', /in `(?:odd|even)\(int\)`/, 'deeper'],
    ['deeper(0)', /in `deeper\(int\)`/, 'odd'],
    ['odd(1)', /in `(?:odd|even)\(int\)`/, 'deeper'],
  ] as const) {
    const message = await fault(input);
    expect(message).toMatch(mine);
    expect(message).toContain('\nlikely: endless recursion\n');
    expect(message).not.toContain(others);
  }
});

test('a variable that is too large is told with what it wanted, and registers that are known without a caution', async () => {
  const message = await fault('wide(3)');
  expect(message).toMatch(
    /stack overflow in `wide\(int\)`, [\d,]+ bytes deep in 2 calls\nlikely: a local variable too large/,
  );
  expect(message).not.toContain('caution');
});
