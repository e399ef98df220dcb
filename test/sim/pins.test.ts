// The pins of the simulated Pico, worked from the prompt: what a program sees of them, and the interrupts that they ask for.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sessionCommands } from '../../host/cli/prompt.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { findCommand } from '../../host/repl/commands.js';
import type { ReplHandle } from '../../host/repl/repl.js';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';

let session: Session;
const board = async (words: string): Promise<string | undefined> => {
  const commands = sessionCommands(session, { value: () => {}, error: () => {} });
  return findCommand(commands, 'board')!.run(words, {} as ReplHandle);
};
const value = async (text: string): Promise<string | undefined> => (await session.evaluate(text)).value;

beforeAll(async () => {
  session = await openSession({ board: 'pico-sim' });
  await session.evaluate(readFileSync(join(packageRoot(), 'examples', 'gpio-interrupt.cpp'), 'utf8'));
});
afterAll(() => session?.close());

test('a falling edge on a pin calls the handler once, and no other edge does', async () => {
  await board('pin 5 high');
  await session.evaluate('listen();');
  for (const [words, presses] of [
    ['pin 5 low', 1],
    ['pin 5 low', 1],
    ['pin 5 high', 1],
    ['pin 6 high', 1],
    ['pin 6 low', 1],
    ['pin 5 low', 2],
  ] as const) {
    await board(words);
    expect(await value('presses')).toBe(`(unsigned int) ${presses}`);
  }
});

test('an edge wakes code that waits for it', async () => {
  await board('pin 5 high');
  await session.evaluate('presses = 0; listen(); extern "C" void bw_output(const char *, unsigned long);');
  const waits = new Promise<void>((resolve) => {
    session.onOutput((bytes) => Buffer.from(bytes).includes('waits') && resolve());
  });
  const running = value('bw_output("waits", 5); while (presses == 0) asm volatile("wfi"); presses');
  await waits;
  await board('pin 5 low');
  expect(await running).toBe('(unsigned int) 1');
});

test('a level stays on through a reset of the board, and outputs are shown', async () => {
  await board('pin 7 high');
  await session.reset();
  await session.evaluate('#include <barewire.h>');
  await session.evaluate('bw::Register<>{0x4001C004}[7].write(1u << 6); bw::Register<>{0x400140CC}.write(5);');
  await session.evaluate('bw::Register<>{0xD0000014}.write(1u << 25); bw::Register<>{0xD0000024}.write(1u << 25);');
  expect(await value('bw::Register<>{0xD0000004}.read() >> 7 & 1')).toMatch(/1$/);
  expect(await board('')).toMatch(/\noutputs 25 high\nput on {2}5 low, 6 low, 7 high$/);
});

test('what is no pin is told, with what there is', async () => {
  expect(await board('pin 77 low')).toBe('pin 77 low: the board can `pin N high` and `pin N low`');
});
