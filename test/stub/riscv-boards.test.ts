// The RISC-V images on simulated boards, spoken to over the real link: what only the architecture part can get wrong.
// Code is given as halfwords, so that no compiler or linker stands between the test and the stub.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BOARDS } from '../../boards/index.js';
import { buildFirmware } from '../../firmware-stub/build.js';
import { findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import type { BatchReply } from '../../protocol/batch.js';
import { FAULT_WORDS } from '../../protocol/messages.js';
import { PLAYED_BOARDS } from '../support/played-boards.js';
import { startThumbBoard, stopOnceDead, type ThumbBoard } from './thumb-board.js';

vi.setConfig({ testTimeout: 10_000 });

type TrapWord = (typeof FAULT_WORDS.rv32)[number];
const CAUSE = { fetch: 1, illegal: 2, breakpoint: 3, load: 5, store: 7, software: 0x8000_0003 };

function trapOf({ failure }: BatchReply): Record<TrapWord, number> {
  const record = Buffer.from(failure.record!);
  expect(record).toHaveLength(4 * FAULT_WORDS.rv32.length);
  const entries = FAULT_WORDS.rv32.map((name, index) => [name, record.readUInt32LE(index * 4)]);
  return Object.fromEntries(entries) as Record<TrapWord, number>;
}

beforeAll(() => {
  buildFirmware(findFirmwareTools());
});

const RISCV_BOARDS = [...BOARDS, ...PLAYED_BOARDS].filter((board) => board.arch === 'rv32');

describe.each(RISCV_BOARDS.map((board) => ({ name: board.name, board })))('stub on $name', ({ board }) => {
  let stub: ThumbBoard;

  beforeAll(async () => {
    stub = await startThumbBoard(board);
  });
  afterAll(() => stub?.close());
  stopOnceDead(() => stub);

  it('tells its arena, its stack at the start of RAM, and its build id', () => {
    const { stackAddr, arenaAddr, arenaSize, arch } = stub.link.hello;
    const regionOf = (addr: number) =>
      board.regions.find((each) => addr >= each.addr && addr < each.addr + each.sizeBytes)!;
    expect(arch).toBe('rv32');
    expect(stackAddr).toBe(regionOf(stackAddr).addr);
    const { addr, sizeBytes, access } = regionOf(arenaAddr);
    expect([arenaAddr + arenaSize, access]).toEqual([addr + sizeBytes, 'rwx']);
    expect(stub.link.hello.buildId).toMatch(/^[0-9a-f]{16}$/);
  });

  it('runs code on the user stack, with tp = 0, and measures it', async () => {
    const reply = await stub.run([0x850a, 0x8082]); // c.mv a0, sp; c.jr ra
    expect(reply.status).toBe('OK');
    const result = reply.results[1] as { value: number; micros: number };
    expect(result.value).toBe(stub.link.hello.stackAddr + stub.link.hello.stackSize);
    expect(result.micros).toBeLessThan(1_000_000);
    expect((await stub.run([0x8512, 0x8082])).results[1]).toMatchObject({ value: 0 }); // c.mv a0, tp; c.jr ra
  });

  it('survives code that keeps no register it must keep, and masks interrupts', async () => {
    // c.li s0, gp, s1, s2, s11, 0; csrci mstatus, 8; csrw mie, zero; c.jr ra
    const mask = [0x7073, 0x3004, ...(board.image === 'esp32-c3' ? [] : [0x1073, 0x3040])]; // that has no mie
    const code = [0x4401, 0x4181, 0x4481, 0x4901, 0x4d81, ...mask, 0x8082];
    expect((await stub.run(code)).status).toBe('OK');
    await stub.expectAlive();
    expect((await stub.breakInto([0xa001])).status).toBe('BROKEN');
  });

  it.each([
    ['', [0x0001, 0x0001]],
    [' with interrupts masked', [0x7073, 0x3004]],
  ])('ends with the code given to bw_exit%s', async (_, first) => {
    // first; auipc t0, 0; lw t1, 16(t0); addi a0, zero, 77; c.jr t1; c.nop
    const code = [...first, 0x0297, 0, 0xa303, 0x0102, 0x0513, 0x04d0, 0x8302, 0x0001];
    expect(await stub.run(code, [stub.entryOf('bw_exit')])).toMatchObject({ status: 'EXITED', failure: { value: 77 } });
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
    ['an endless loop', [0xa001]],
    ['a loop that moves the stack pointer', [0x1141, 0x0141, 0xbff5]],
    ['code that sleeps', [0x0073, 0x1050, 0xbff5]],
    ['code that has lost its stack', [0x4101, 0xa001]],
  ])('stops %s at BREAK and says where it was', async (_, tail) => {
    const reply = await stub.breakInto(tail);
    expect(reply.status).toBe('BROKEN');
    const { mcause, mepc } = trapOf(reply);
    expect(mcause).toBe(CAUSE.software);
    if (mepc >= stub.arena) expect(mepc).toBeLessThan(stub.arena + 24); // else still within bw_output
    await stub.expectAlive();
  });

  it.each([
    ['a call of address 0', [0x4501, 0x8502], CAUSE.fetch, 0],
    ['a read through null', [0x2503, 0x0040, 0x8082], CAUSE.load, 4], // lw a0, 4(zero)
    ['a write through null', [0x2423, 0x0000, 0x8082], CAUSE.store, 8], // sw zero, 8(zero)
    ['a breakpoint', [0x9002], CAUSE.breakpoint, undefined],
    ['no instruction', [0x0000], CAUSE.illegal, undefined],
    ['a fault with interrupts masked', [0x7073, 0x3004, 0x0000], CAUSE.illegal, undefined],
  ])('captures %s', async (_, code, cause, value) => {
    const reply = await stub.run(code);
    expect(reply.status).toBe('FAULT');
    const trap = trapOf(reply);
    expect(trap.mcause).toBe(cause);
    if (value !== undefined) expect(trap.mtval).toBe(value);
    await stub.expectAlive();
  });

  it('captures a stack that overflows: it leaves RAM, or meets the protected image', async () => {
    const reply = await stub.run([0x7139, 0xc006, 0xbff5]); // c.addi16sp -64; c.swsp ra, 0; again
    const trap = trapOf(reply);
    expect(trap).toMatchObject({ mcause: CAUSE.store, mtval: stub.link.hello.stackAddr - 64, sp: trap.mtval });
    await stub.expectAlive();
  });

  it('keeps code from writing over the stub', async () => {
    const reply = await stub.run([0x0297, 0, 0xa303, 0x0102, 0x2023, 0x0003, 0x8082, 0x0001], [stub.addrOf('bw_exit')]);
    // QEMU's flash of the FE310 is a ROM in front of the PMP: either way the write is refused.
    expect(trapOf(reply)).toMatchObject({ mcause: CAUSE.store, mtval: stub.addrOf('bw_exit') });
    await stub.expectAlive();
  });

  it('gives all registers and the place of the fault', async () => {
    // c.li a0, 17; c.li t1, -3; c.li s11, 9; c.li t6, 30; illegal
    const reply = await stub.run([0x4545, 0x5375, 0x4da5, 0x4ff9, 0x0000]);
    expect(trapOf(reply)).toMatchObject({
      a0: 17,
      t1: 0xffff_fffd,
      s11: 9,
      t6: 30,
      mepc: stub.arena + 8,
      sp: stub.link.hello.stackAddr + stub.link.hello.stackSize,
    });
  });

  it('answers READ of an address that nothing answers at with FAULT', async () => {
    const reply = await stub.link.execute([{ op: 'READ', addr: 0xf000_0000, len: 4 }]);
    expect(reply.status).toBe('FAULT');
    expect(trapOf(reply)).toMatchObject({ mcause: CAUSE.load, mtval: 0xf000_0000 });
    await stub.expectAlive();
  });
});
