// The images on simulated boards, spoken to over the real link: what only the architecture part can get wrong.
// Code is given as Thumb halfwords, so that no compiler or linker stands between the test and the stub.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BOARDS } from '../../boards/index.js';
import { buildFirmware } from '../../firmware-stub/build.js';
import { findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import { PLAYED_BOARDS } from '../support/played-boards.js';
import { recordOf, startThumbBoard, stopOnceDead, type ThumbBoard } from './thumb-board.js';

vi.setConfig({ testTimeout: 10_000 });

const CFSR = {
  divideByZero: 1 << 25,
  unaligned: 1 << 24,
  noThumb: 1 << 17,
  noCode: 1 << 0,
  undefined: 1 << 16,
  stackLimit: 1 << 20,
  stacking: 1 << 4,
  writeRefused: 1 << 1,
  busPrecise: 1 << 9,
};
const EXCEPTION = { hardFault: 3, memManage: 4, busFault: 5, usageFault: 6, pendSv: 14 };

type FaultRow = [name: string, code: readonly number[], cfsr: number, exception: number];
const DIVISION: FaultRow = [
  'a division by zero',
  [0x2001, 0x2100, 0xfbb0, 0xf0f1],
  CFSR.divideByZero,
  EXCEPTION.usageFault,
];
const NULL_WRITE: FaultRow = ['a write through null', [0x2000, 0x6000, 0x4770], CFSR.writeRefused, EXCEPTION.memManage];

beforeAll(() => {
  buildFirmware(findFirmwareTools());
});

/** The others are in riscv-boards.test.ts. */
const THUMB_BOARDS = [...BOARDS, ...PLAYED_BOARDS].filter((board) => board.arch.startsWith('arm'));

describe.each(THUMB_BOARDS.map((board) => ({ name: board.name, board })))('stub on $name', ({ board }) => {
  let stub: ThumbBoard;

  beforeAll(async () => {
    stub = await startThumbBoard(board);
  });
  afterAll(() => stub?.close());
  stopOnceDead(() => stub);

  it('tells its arena, its stack at the start of RAM, and its build id', () => {
    const ram = board.regions.find(({ access }) => access === 'rwx')!;
    expect(stub.link.hello).toMatchObject({ arch: board.arch, stackAddr: ram.addr });
    expect(stub.arena + stub.link.hello.arenaSize).toBe(ram.addr + ram.sizeBytes);
    expect(stub.link.hello.buildId).toMatch(/^[0-9a-f]{16}$/);
  });

  it('runs code on the user stack and measures it', async () => {
    const reply = await stub.run([0x4668, 0x4770]); // mov r0, sp; bx lr
    expect(reply.status).toBe('OK');
    const result = reply.results[1] as { value: number; micros: number };
    expect(result.value).toBe(stub.link.hello.stackAddr + stub.link.hello.stackSize);
    expect(result.micros).toBeLessThan(1_000_000);
    await stub.expectAlive();
  });

  it('survives code that keeps no register it must keep, and one that masks interrupts', async () => {
    // movs r4..r7, #0; mov r8..r11, r4; cpsid i; bx lr
    const reply = await stub.run([0x2400, 0x2500, 0x2600, 0x2700, 0x46a0, 0x46a1, 0x46a2, 0x46a3, 0xb672, 0x4770]);
    expect(reply.status).toBe('OK');
    await stub.expectAlive();
  });

  it('sends what code prints before its reply', async () => {
    const printed: number[] = [];
    stub.link.onOutput((bytes) => printed.push(...bytes));
    // push {r3, lr}; ldr r0, text; movs r1, #4; ldr r2, bw_output; blx r2; pop {r3, pc}
    const reply = await stub.run(
      [0xb508, 0x4802, 0x2104, 0x4a02, 0x4790, 0xbd08],
      [stub.markAddr, stub.entryOf('bw_output')],
    );
    expect(reply.status).toBe('OK');
    expect(printed).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ['', 0xbf00],
    [' with interrupts masked', 0xb672],
  ])('ends with the code given to bw_exit%s', async (_, first) => {
    // first; movs r0, #77; ldr r1, bw_exit; blx r1
    const reply = await stub.run([first, 0x204d, 0x4900, 0x4788], [stub.entryOf('bw_exit')]);
    expect(reply).toMatchObject({ status: 'EXITED', failure: { value: 77 } });
    await stub.expectAlive();
  });

  it.skipIf(board.arch === 'armv6-m').each([
    ['faults', [0xb671]], // cpsid f
    ['interrupts by priority', [0x2020, 0xf380, 0x8811]], // movs r0, #32; msr basepri, r0
  ])('hears BREAK after code that masked %s and returned, or ended with bw_exit', async (_, masked) => {
    expect((await stub.run([...masked, 0x4770])).status).toBe('OK');
    expect((await stub.breakInto([0xe7fe])).status).toBe('BROKEN');
    // masked; movs r0, #77; ldr r1, bw_exit; blx r1
    const reply = await stub.run([...masked, 0x204d, 0x4900, 0x4788], [stub.entryOf('bw_exit')]);
    expect(reply).toMatchObject({ status: 'EXITED', failure: { value: 77 } });
    expect((await stub.breakInto([0xe7fe])).status).toBe('BROKEN');
    await stub.expectAlive();
  });

  it('counts microseconds on', async () => {
    const micros = async () => {
      const reply = await stub.link.execute([{ op: 'RUN', entry: stub.entryOf('bw_micros') }]);
      return (reply.results[0] as { value: number }).value;
    };
    const before = await micros();
    expect(((await micros()) - before) >>> 0).toBeGreaterThan(0);
  });

  it.each([
    ['an endless loop', [0xe7fe]],
    ['a loop that pushes and pops', [0xb4ff, 0xbcff, 0xe7fc]],
    ['code that sleeps', [0xbf30, 0xe7fd]],
  ])('stops %s at BREAK and says where it was', async (_, tail) => {
    const reply = await stub.breakInto(tail);
    expect(reply.status).toBe('BROKEN');
    const { exception, pc } = recordOf(reply);
    expect(exception).toBe(EXCEPTION.pendSv);
    if (pc >= stub.arena) expect(pc).toBeLessThan(stub.arena + 16); // else still within bw_output
    await stub.expectAlive();
  });

  describe('faults', () => {
    it.each<[string, readonly number[], number, number]>([
      ['a call of address 0', [0x2000, 0x4700], CFSR.noCode, EXCEPTION.memManage], // movs r0, #0; bx r0
      // movs r0, #32; lsls r0, r0, #24; bx r0
      ['a call of an even address', [0x2020, 0x0600, 0x4700], CFSR.noThumb, EXCEPTION.usageFault],
      ['an undefined instruction', [0xde00], CFSR.undefined, EXCEPTION.usageFault], // udf
      ['a word read at an odd address', [0xa001, 0x3001, 0xc802, 0x4770], CFSR.unaligned, EXCEPTION.usageFault],
      board.capabilities.stackLimit // push {r0-r7}; again
        ? ['endless recursion', [0xb4ff, 0xe7fd], CFSR.stackLimit, EXCEPTION.usageFault]
        : ['endless recursion', [0xb4ff, 0xe7fd], CFSR.stacking, EXCEPTION.memManage],
      ...(board.capabilities.divideTrap === 'core' ? [DIVISION] : []),
      ...(board.capabilities.protection.startsWith('mpu') ? [NULL_WRITE] : []),
    ])('captures %s', async (_, code, cfsr, exception) => {
      const reply = await stub.run(code);
      expect(reply.status).toBe('FAULT');
      const record = recordOf(reply);
      const status = board.arch === 'armv6-m' ? 0 : cfsr; // that core does not tell
      expect(record.exception).toBe(board.arch === 'armv6-m' ? EXCEPTION.hardFault : exception);
      expect(record.cfsr & cfsr).toBe(status);
      await stub.expectAlive();
    });

    it('gives registers, stack pointer and place of the fault', async () => {
      // movs r0, #17; movs r3, #34; movs r7, #51; mov r10, r7; movs r1, #0; udf
      const reply = await stub.run([0x2011, 0x2322, 0x2733, 0x46ba, 0x2100, 0xde00]);
      expect(recordOf(reply)).toMatchObject({
        r0: 0x11,
        r1: 0,
        r3: 0x22,
        r7: 0x33,
        r10: 0x33,
        pc: stub.arena + 10,
        sp: stub.link.hello.stackAddr + stub.link.hello.stackSize,
      });
    });

    it('captures a fault of code that masked interrupts, as a hard fault', async () => {
      const reply = await stub.run([0xb672, 0x2000, 0x4700]); // cpsid i; movs r0, #0; bx r0
      expect(recordOf(reply)).toMatchObject({ exception: EXCEPTION.hardFault });
      await stub.expectAlive();
    });

    it.runIf(board.capabilities.stackLimit)('says where a stack pointer went below its limit', async () => {
      const reply = await stub.run([0x2000, 0x4685, 0xe7fe]); // movs r0, #0; mov sp, r0; loop
      expect(reply.status).toBe('FAULT');
      const record = recordOf(reply);
      expect(record).toMatchObject({ exception: EXCEPTION.usageFault, pc: stub.arena + 2, r0: 0 });
      expect(record.cfsr & CFSR.stackLimit).toBe(CFSR.stackLimit);
      await stub.expectAlive();
    });

    // Where there is a stack limit no stack pointer gets there.
    it.skipIf(board.capabilities.stackLimit)('does not trust a stack pointer outside of RAM', async () => {
      // Nothing lies below 0 (but in QEMU's nRF51, where nothing lies below 0x30000000).
      const top = board.image === 'microbit' ? 3 : 0;
      // movs r0, #top; lsls r0, r0, #28; mov sp, r0; loop: the interrupt that brings BREAK cannot stack its frame
      const code = [0x2000 | top, 0x0700, 0x4685, 0xe7fe];
      let reply = await stub.breakInto(code);
      for (let tries = 0; tries < 20 && reply.status === 'BROKEN'; tries++) {
        reply = await stub.breakInto(code); // BREAK was there before the stack pointer was gone
      }
      expect(reply.status).toBe('FAULT');
      expect(recordOf(reply)).toMatchObject({ sp: (top * 2 ** 28 - 32) >>> 0, pc: 0, lr: 0 });
      await stub.expectAlive();
    });

    it.skipIf(board.image !== 'mps2-an385')(
      'answers READ of an address that nothing answers at with FAULT',
      async () => {
        const reply = await stub.link.execute([{ op: 'READ', addr: 0x6000_0000, len: 4 }]);
        expect(reply.status).toBe('FAULT');
        expect(recordOf(reply)).toMatchObject({ exception: EXCEPTION.busFault, bfar: 0x6000_0000 });
        expect(recordOf(reply).cfsr & CFSR.busPrecise).toBe(CFSR.busPrecise);
        await stub.expectAlive();
      },
    );
  });
});
