// Interrupt handlers of the user's run between inputs too, also while the callers of a function are patched.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { NEEDS, onBoards } from '../support/on-boards.js';

const SET_UP = `
#include <barewire.h>
alignas(512) void (*vectors[96])();
int answer(int) { return 1; }
volatile unsigned ticks, wrong;
extern "C" void tick() {
  const int got = answer(0);
  if (got < 1 || got > 60) wrong = wrong + 1;
  ticks = ticks + 1;
}
void listen() {
  volatile unsigned *const vtor = (volatile unsigned *)0xE000ED08;
  void (**from)() = (void (**)())*vtor;
  for (int i = 0; i < 64; i++) vectors[i] = from[i];
  vectors[15] = tick;
  *vtor = (unsigned)vectors;
  volatile unsigned *const systick = (volatile unsigned *)0xE000E010;
  systick[1] = 2000;
  systick[2] = 0;
  systick[0] = 7;
}
`;

onBoards(['pico-sim', 'qemu-mps2-an385'], [NEEDS.vectorTable], ({ name: board }) => {
  let session: Session;
  beforeAll(async () => {
    session = await openSession({ board });
    await session.evaluate(SET_UP);
  });
  afterAll(() => session?.close());

  test('a handler calls a function that is redefined meanwhile, the old one or the new one, never half of each', async () => {
    await session.evaluate('listen();');
    for (let round = 2; round <= 30; round++) {
      await session.evaluate(`int answer(int) { return ${round}; }`);
    }
    const ticks = (await session.evaluate('ticks')).value;
    expect(Number(/\d+/.exec(ticks!.replace('(unsigned int) ', ''))![0])).toBeGreaterThan(30);
    expect((await session.evaluate('wrong')).value).toBe('(unsigned int) 0');
    expect((await session.evaluate('tick(); answer(0)')).value).toBe('(int) 30');
  });

  test('a fault in a handler is told with its line, and variables are kept', async () => {
    await session.evaluate('int kept = 5;');
    await session.evaluate('extern "C" void tick() { *(volatile int *)0xE1000000 = 1; }');
    const error = await session.evaluate('listen(); for (;;);').catch((cause) => cause);
    expect(error.code).toBe('SESSION_FAULT');
    const lines = error.message.split('\n');
    expect(lines[0]).toMatch(/faulted: write of 4 bytes at 0xe1000000/);
    expect(error.message).toMatch(/\nat input_\d+:1:\d+ in tick\n/);
    expect(lines).toContain('in the handler of SysTick');
    expect(error.message).toContain('\nvariables are kept; peripherals are as after a reset');
    expect((await session.evaluate('kept')).value).toBe('(int) 5');
  });
});
