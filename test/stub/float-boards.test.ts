// Boards with a floating-point unit: its registers wait to be saved while a handler runs (lazy stacking), the exception
// frame is longer, and code that is abandoned must leave nothing behind that is saved later.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOARDS } from '../../boards/index.js';
import { buildFirmware } from '../../firmware-stub/build.js';
import { findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import { assemble } from './assemble.js';
import { recordOf, startThumbBoard, stopOnceDead, type ThumbBoard } from './thumb-board.js';

const UNDEFINED = 1 << 16;

beforeAll(() => {
  buildFirmware(findFirmwareTools());
});

const WITH_UNIT = BOARDS.filter(
  ({ arch, capabilities }) => arch.startsWith('arm') && capabilities.floatUnit !== 'none',
);

describe.each(WITH_UNIT)('the floating-point unit of $name', (board) => {
  let stub: ThumbBoard;

  beforeAll(async () => {
    stub = await startThumbBoard(board);
  });
  afterAll(() => stub?.close());
  stopOnceDead(() => stub);

  const unit = board.capabilities.floatUnit === 'double' ? 'fpv5-d16' : 'fpv4-sp-d16';
  const run = (text: string) => stub.runBytes(assemble(`.fpu ${unit}\n${text}`, board.cpu));
  const resultOf = async (text: string) => {
    const reply = await run(text);
    expect(reply.status).toBe('OK');
    return (reply.results[1] as { value: number }).value;
  };

  it('computes', async () => {
    const sum = 'vmov.f32 s0, #1.5; vmov.f32 s1, #2.0; vadd.f32 s0, s0, s1; vmov r0, s0; bx lr';
    expect(await resultOf(sum)).toBe(0x4060_0000); // 3.5
  });

  it.runIf(board.capabilities.floatUnit === 'double')('computes in double precision', async () => {
    const product = 'vmov.f64 d0, #1.5; vmul.f64 d0, d0, d0; vmov r0, r1, d0; mov r0, r1; bx lr';
    expect(await resultOf(product)).toBe(0x4002_0000); // upper word of 2.25
  });

  it('counts the longer frame when it says where the stack pointer was', async () => {
    const reply = await run('push {r4, lr}; vmov.f32 s0, #1.0; udf #0');
    expect(reply.status).toBe('FAULT');
    const record = recordOf(reply);
    expect(record.cfsr & UNDEFINED).toBe(UNDEFINED);
    expect(record.sp).toBe(stub.link.hello.stackAddr + stub.link.hello.stackSize - 8);
  });

  it('is left by code that is abandoned: nothing of its registers is saved later', async () => {
    // 104 bytes below the top of the stack are where the abandoned code's registers were to go.
    const untouched = `
      sub sp, #104; mov r0, sp; movs r1, #26; ldr r2, =0x5aa55aa5
      1: str r2, [r0]; adds r0, #4; subs r1, #1; bne 1b
      vmov.f32 s0, #3.0
      movs r0, #0; mov r3, sp; movs r1, #26
      2: ldr r12, [r3]; cmp r12, r2; it ne; addne r0, r0, #1; adds r3, #4; subs r1, #1; bne 2b
      add sp, #104; bx lr`;
    for (let round = 0; round < 3; round++) {
      expect((await run('vmov.f32 s0, #1.0; vmov.f32 s1, #2.0; udf #0')).status).toBe('FAULT');
      expect(await resultOf(untouched)).toBe(0);
    }
  });

  it('keeps its registers while interrupts come', async () => {
    // s16 counts in steps of one up to 2^22; every interrupt finds it in use.
    const count = `
      ldr r1, =0x400000; vmov.f32 s16, #1.0; vmov.f32 s1, #1.0
      1: vadd.f32 s16, s16, s1; subs r1, #1; bne 1b
      vmov r0, s16; bx lr`;
    const counted = resultOf(count);
    const pings = setInterval(() => stub.ping(), 1);
    expect(await counted.finally(() => clearInterval(pings))).toBe(0x4a80_0002); // 2^22 + 1
    await stub.expectAlive();
  });

  it('is stopped by BREAK in the middle of a loop', async () => {
    // vadd.f32 s0, s0, s0; b back
    const reply = await stub.breakInto([0xee30, 0x0a00, 0xe7fc]);
    expect(reply.status).toBe('BROKEN');
    expect(recordOf(reply).sp).toBe(stub.link.hello.stackAddr + stub.link.hello.stackSize);
    await stub.expectAlive();
  });
});
