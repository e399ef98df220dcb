// Code that keeps interrupts off hears nothing; the watchdog's NMI stops it, where the board has one.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BOARDS } from '../../boards/index.js';
import { buildFirmware } from '../../firmware-stub/build.js';
import { findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import { IMAGES } from '../../firmware-stub/tools/images.js';
import { assemble } from './assemble.js';
import { recordOf, startThumbBoard, stopOnceDead, type ThumbBoard } from './thumb-board.js';

vi.setConfig({ testTimeout: 20_000 });

const NMI = 2;
const WATCHED = IMAGES.filter(({ defines }) => defines.includes('STUB_WATCHDOG')).map(({ name }) => name);

beforeAll(() => {
  buildFirmware(findFirmwareTools());
});

describe.each(BOARDS.filter(({ image }) => WATCHED.includes(image)))('the watchdog of $name', (board) => {
  let stub: ThumbBoard;

  beforeAll(async () => {
    stub = await startThumbBoard(board);
  });
  afterAll(() => stub?.close());
  stopOnceDead(() => stub);

  it.each([
    ['masks interrupts', 'cpsid i'],
    ...(board.arch === 'armv6-m'
      ? []
      : [
          ['masks interrupts by priority', 'movs r0, #32; msr basepri, r0'],
          ['masks faults', 'cpsid f'],
        ]),
  ])('stops code that %s and does not end, and says where it was', async (_, mask) => {
    const reply = await stub.runBytes(assemble(`${mask}; here: b here`, board.cpu));
    expect(reply.status).toBe('STALLED');
    const { exception, pc, restart } = recordOf(reply);
    expect(exception).toBe(NMI);
    expect(pc).toBeGreaterThanOrEqual(stub.arena);
    expect(pc).toBeLessThan(stub.arena + 16);
    expect(restart).toBe(0);
    await stub.expectAlive();
  });

  it('lets code run as long as it likes that leaves interrupts on', async () => {
    const text = `
      push {r4, r5, r6, lr}
      ldr r5, =micros
      blx r5
      mov r4, r0
      ldr r6, =3000000
    1:
      blx r5
      subs r0, r0, r4
      cmp r0, r6
      blo 1b
      pop {r4, r5, r6, pc}`;
    const reply = await stub.runBytes(assemble(text, board.cpu, { micros: stub.entryOf('bw_micros') }));
    expect(reply.status).toBe('OK');
    await stub.expectAlive();
  });
});
