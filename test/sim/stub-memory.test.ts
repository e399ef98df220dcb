// Code that writes to the stub's own memory: refused by the MPU where there is one, else noticed by the stub's checksum
// when the code ends. Nothing of the session is lost either way.

import { afterEach, expect, test } from 'vitest';
import { LM3S6965EVB } from '../../boards/lm3s6965evb.js';
import { MICROBIT } from '../../boards/microbit.js';
import { MPS2_AN385 } from '../../boards/mps2-an385.js';
import { MPS2_AN500 } from '../../boards/mps2-an500.js';
import { MPS2_AN505 } from '../../boards/mps2-an505.js';
import { NETDUINOPLUS2 } from '../../boards/netduinoplus2.js';
import { PICO_SIM } from '../../boards/pico-sim.js';
import { VIRT_RV32 } from '../../boards/virt-rv32.js';
import type { BarewireError } from '../../host/diag/error.js';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { NEEDS, onBoards } from '../support/on-boards.js';

const DECLARATIONS = `void fill(char *to, int count) {
  for (int i = 0; i < count; i++)
    to[i] = 0x5a;
}
int overrun(int count) { char room[16]; char *p = room; asm("" : "+r"(p)); fill(p, count); return p[3]; }
int kept = 41;`;

const GUARDED = [MPS2_AN385, LM3S6965EVB, PICO_SIM, NETDUINOPLUS2, MPS2_AN500, MPS2_AN505].map(({ name }) => name);

let session: Session;
afterEach(() => session.close());

const value = async (text: string): Promise<string | undefined> => (await session.evaluate(text)).value;
const failure = (text: string): Promise<BarewireError> =>
  session.evaluate(text).then(
    () => expect.unreachable(`${text} should fail`),
    (error: unknown) => error as BarewireError,
  );

/** The first byte of the stub's state, behind the stack of user code. */
const stubAddr = (): number => session.link.hello.stackAddr + session.link.hello.stackSize;

onBoards(GUARDED, [NEEDS.mpu], (board) => {
  test('a wild write to the stub is a fault that says so, with safe on and off', async () => {
    session = await openSession({ board: board.name });
    const { bootId } = session.link.hello;
    await session.evaluate(DECLARATIONS);
    for (const safe of [false, true]) {
      if (safe) await session.safe.on();
      for (const offset of [0, 124, 5000]) {
        const error = await failure(`kept = kept + 1; fill((char *)${stubAddr() + offset}, 1)`);
        expect(error.code).toBe('SESSION_FAULT');
        const at = (stubAddr() + offset).toString(16);
        expect(error.message).toContain(`write of 1 byte at 0x${at}, in the stub's own memory`);
        expect(error.message).toContain('to[i] = 0x5a;');
      }
    }
    expect(await value('kept')).toBe('(int) 44');
    expect(await value('kept += 1')).toBe('(int) 45');
    expect(session.link.hello.bootId).toBe(bootId);
  }, 60_000);

  test('a buffer on the stack that is overrun stops at the stub', async () => {
    session = await openSession({ board: board.name });
    await session.evaluate(DECLARATIONS);
    const error = await failure('overrun(2000)');
    expect(error.message).toContain(`at 0x${stubAddr().toString(16)}, in the stub's own memory`);
    expect(error.message).toContain('fill(char*, int)');
    expect(await value('kept')).toBe('(int) 41');
  }, 60_000);

  test('what the stub itself writes while code runs is not refused', async () => {
    session = await openSession({ board: board.name });
    let output = '';
    session.onOutput((bytes) => {
      output += Buffer.from(bytes).toString();
    });
    await session.evaluate('#include <cstdio>');
    await session.evaluate('for (int i = 0; i < 200; i++) printf("line %d\\n", i);');
    expect(output).toBe(Array.from({ length: 200 }, (_, i) => `line ${i}\n`).join(''));
  }, 60_000);
});

onBoards([MICROBIT.name, VIRT_RV32.name, 'wasm'], [NEEDS.noMpu], (board) => {
  test('without an MPU the stub notices when the code ends', async () => {
    session = await openSession({ board: board.name });
    await session.evaluate(DECLARATIONS);
    const error = await failure(`fill((char *)${stubAddr()}, 120)`);
    expect(error.message).toContain("the code wrote over the stub's own memory");
    expect(await value('kept')).toBe('(int) 41');
  }, 60_000);
});
