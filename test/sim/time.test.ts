// Time on the board: micros() counts on, whatever interrupt its port counts periods with.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { onBoards } from '../support/on-boards.js';

/** Several periods of the ports that count them with SysTick (50 and 250 ms). */
const WATCH = `
#include <barewire.h>
unsigned long back;
unsigned long watch(unsigned long us) {
  const auto start = micros();
  for (auto last = start; micros() - start < us;) {
    const auto now = micros();
    if (now - last > 0x80000000u) back = back + 1;
    last = now;
  }
  return micros() - start;
}
`;

onBoards(
  ['qemu-lm3s6965evb', 'qemu-netduinoplus2', 'qemu-mps2-an385', 'qemu-microbit', 'qemu-virt-rv32'],
  [],
  ({ name: board }) => {
    let session: Session;
    const number = async (text: string) => Number((await session.evaluate(text)).value!.replace(/\(.*\) /, ''));
    beforeAll(async () => {
      session = await openSession({ board });
    });
    afterAll(() => session?.close());

    test('microseconds count from zero', async () => {
      await session.evaluate('#include <barewire.h>');
      expect(await number('bw_micros()')).toBeLessThan(600_000_000);
      await session.reset();
      expect(await number('bw_micros()')).toBeLessThan(600_000_000);
    });

    test('microseconds never go back, and waiting takes as long as asked for', async () => {
      await session.evaluate(WATCH);
      expect(await number('watch(600000)')).toBeGreaterThanOrEqual(600_000);
      expect(await number('back')).toBe(0);
      expect(await number('const auto begin = micros(); delay_ms(300); micros() - begin')).toBeGreaterThanOrEqual(
        300_000,
      );
    });
  },
);
