// Code in interrupt handlers: BREAK and faults there end in a restart of the board that keeps memory, the sequence
// and the failed batch's answer. Handlers are put into a copy of the vector table, so a core without VTOR is left out.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BOARDS } from '../../boards/index.js';
import { buildFirmware } from '../../firmware-stub/build.js';
import { findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import { assemble } from './assemble.js';
import { recordOf, startThumbBoard, stopOnceDead, type ThumbBoard } from './thumb-board.js';

vi.setConfig({ testTimeout: 10_000 });

/** An interrupt that no peripheral of the boards uses. */
const IRQ = 27;

beforeAll(() => {
  buildFirmware(findFirmwareTools());
});

const WITH_VTOR = BOARDS.filter(({ arch, cpu }) => arch.startsWith('arm') && cpu !== 'cortex-m0');

describe.each(WITH_VTOR)('interrupt handlers on $name', (board) => {
  let stub: ThumbBoard;

  beforeAll(async () => {
    stub = await startThumbBoard(board);
  });
  afterAll(() => stub?.close());
  stopOnceDead(() => stub);

  /** Raises an interrupt whose handler prints the mark and goes on with `text`. */
  const program = (text: string, priority?: number): Uint8Array => {
    const names = {
      table: (stub.arena + 1024 + 511) & ~511,
      start: stub.arena,
      mark: stub.markAddr,
      output: stub.entryOf('bw_output'),
      exit: stub.entryOf('bw_exit'),
      irq: IRQ,
      priority: priority ?? 0,
    };
    const setPriority = 'ldr r0, =0xE000E400 + irq / 4 * 4; ldr r1, =priority * 0x01010101; str r1, [r0]';
    return assemble(
      `push {r4, lr}
       ldr r4, =0xE000ED08     // VTOR
       ldr r0, [r4]
       ldr r1, =table
       movs r2, #64
     1:
       ldr r3, [r0]
       str r3, [r1]
       adds r0, r0, #4
       adds r1, r1, #4
       subs r2, r2, #1
       bne 1b
       ldr r1, =table
       str r1, [r4]
       ldr r0, =start + handler + 1
       str r0, [r1, #4 * (16 + 15)]
       adds r1, r1, #4 * (irq - 15)
       str r0, [r1, #4 * (16 + 15)]
       ${priority === undefined ? '' : setPriority}
       ldr r0, =0xE000E100     // ISER, ISPR
       ldr r1, =1 << irq
       str r1, [r0]
       adds r0, r0, #0x80
       adds r0, r0, #0x80
       str r1, [r0]
       dsb
       isb
       pop {r4, pc}
       .align 2
       .equ handler, . - begin
       push {r4, lr}
       ldr r0, =mark
       movs r1, #4
       ldr r2, =output
       blx r2
       ${text}`.replace('push {r4, lr}', 'begin: push {r4, lr}'),
      board.cpu,
      names,
    );
  };

  it.each([
    ['an endless loop', 'here: b here'],
    ['a loop that sleeps', 'here: wfi; b here'],
  ])('stops %s at BREAK, with the answer after a restart', async (_, loop) => {
    const { bootId } = stub.link.hello;
    const reply = await stub.breakBytes(program(loop));
    expect(reply.status).toBe('BROKEN');
    const record = recordOf(reply);
    expect(record.xpsr & 0x1ff).toBe(16 + IRQ);
    expect(record.restart).toBe((bootId + 1) | 0x80);
    if (record.pc >= stub.arena) expect(record.pc).toBeLessThan(stub.arena + 256); // else still within bw_output
    expect(stub.link.hello.bootId).toBe(record.restart);
    await stub.expectAlive();
    expect(stub.link.counters).toMatchObject({ restarts: 0, resyncs: 0 });
  });

  it('ends with what a handler gives to bw_exit', async () => {
    const reply = await stub.runBytes(program('movs r0, #9; ldr r1, =exit; blx r1'));
    expect(reply).toMatchObject({ status: 'EXITED', failure: { value: 9 } });
    await stub.expectAlive();
  });

  it.skipIf(board.simulator?.kind !== 'qemu')('answers a fault of a handler, after a restart', async () => {
    const reply = await stub.runBytes(program('movs r0, #0; bx r0'));
    expect(reply.status).toBe('FAULT');
    expect(recordOf(reply)).toMatchObject({ pc: 0, restart: stub.link.hello.bootId });
    await stub.expectAlive();
  });

  it('lets a handler that returns go on', async () => {
    const reply = await stub.runBytes(program('pop {r4, pc}'));
    expect(reply.status).toBe('OK');
    await stub.expectAlive();
  });
});
