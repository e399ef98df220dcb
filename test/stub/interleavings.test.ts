// Runs, output, faults, exits and BREAK in random order on every simulated board, with PING thrown in at random
// moments: receive interrupt, service interrupt and code meet at instructions that no single test aims at. The order
// follows a seed; where the interrupts fall follows the machine's own load.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BoardRecord } from '../../boards/board.js';
import { BOARDS } from '../../boards/index.js';
import { buildFirmware } from '../../firmware-stub/build.js';
import { findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import type { BatchReply } from '../../protocol/batch.js';
import type { StatusName } from '../../protocol/messages.js';
import { startThumbBoard, stopOnceDead, type ThumbBoard } from './thumb-board.js';

vi.setConfig({ testTimeout: 20_000 });

const SEED = 20;
const STEPS = { qemu: 500, rp2040js: 100 };

interface Step {
  readonly name: string;
  readonly start: (stub: ThumbBoard) => Promise<BatchReply>;
  readonly endsWith: readonly StatusName[];
}

const print = [0x4803, 0x2104, 0x4a03, 0x4790]; // ldr r0, mark; movs r1, #4; ldr r2, bw_output; blx r2
const printed = (stub: ThumbBoard) => [stub.markAddr, stub.entryOf('bw_output')];

const EVERYWHERE: readonly Step[] = [
  { name: 'return', start: (stub) => stub.run([0x4770]), endsWith: ['OK'] },
  {
    name: 'print and return', // push {r3, lr}; nop; print; pop {r3, pc}; nop
    start: (stub) => stub.run([0xb508, 0xbf00, ...print, 0xbd08, 0xbf00, 0xbf00, 0xbf00], printed(stub)),
    endsWith: ['OK'],
  },
  {
    name: 'exit', // movs r0, #77; nop; ldr r1, bw_exit; blx r1
    start: (stub) => stub.run([0x204d, 0xbf00, 0x4900, 0x4788], [stub.entryOf('bw_exit')]),
    endsWith: ['EXITED'],
  },
  { name: 'BREAK into a loop', start: (stub) => stub.breakInto([0xe7fe]), endsWith: ['BROKEN'] },
  { name: 'BREAK into pushes', start: (stub) => stub.breakInto([0xb4ff, 0xbcff, 0xe7fc]), endsWith: ['BROKEN'] },
  { name: 'BREAK into sleep', start: (stub) => stub.breakInto([0xbf30, 0xe7fd]), endsWith: ['BROKEN'] },
  { name: 'call of address 0', start: (stub) => stub.run([0x2000, 0x4700]), endsWith: ['FAULT'] },
  { name: 'endless recursion', start: (stub) => stub.run([0xb4ff, 0xe7fd]), endsWith: ['FAULT'] },
  { name: 'fault with interrupts masked', start: (stub) => stub.run([0xb672, 0x2000, 0x4700]), endsWith: ['FAULT'] },
  {
    name: 'BREAK without a stack', // movs r0, #0; mov sp, r0; loop
    start: (stub) => stub.breakInto([0x2000, 0x4685, 0xe7fe]),
    endsWith: ['FAULT', 'BROKEN'],
  },
];

/** Nothing answers at this address: the frame being sent breaks off. */
const WITH_HOLES: readonly Step[] = [
  ...EVERYWHERE,
  {
    name: 'fault within output',
    start: (stub) => stub.run([...print, 0xbf00, 0xbf00, 0xbf00, 0xbf00], [0x6000_0000, stub.entryOf('bw_output')]),
    endsWith: ['FAULT'],
  },
];

const RV32: readonly Step[] = [
  { name: 'return', start: (stub) => stub.run([0x8082]), endsWith: ['OK'] },
  {
    name: 'exit', // auipc t0, 0; lw t1, 16(t0); addi a0, zero, 77; c.jr t1; c.nop
    start: (stub) => stub.run([0x0297, 0, 0xa303, 0x0102, 0x0513, 0x04d0, 0x8302, 0x0001], [stub.entryOf('bw_exit')]),
    endsWith: ['EXITED'],
  },
  { name: 'BREAK into a loop', start: (stub) => stub.breakInto([0xa001]), endsWith: ['BROKEN'] },
  // c.addi16sp -16; c.addi16sp 16; c.j back
  { name: 'BREAK into pushes', start: (stub) => stub.breakInto([0x1141, 0x0141, 0xbff5]), endsWith: ['BROKEN'] },
  { name: 'BREAK into sleep', start: (stub) => stub.breakInto([0x0073, 0x1050, 0xbff5]), endsWith: ['BROKEN'] },
  { name: 'call of address 0', start: (stub) => stub.run([0x4501, 0x8502]), endsWith: ['FAULT'] },
  // c.addi16sp -64; c.swsp ra, 0; c.j back
  { name: 'endless recursion', start: (stub) => stub.run([0x7139, 0xc006, 0xbff5]), endsWith: ['FAULT'] },
  // csrci mstatus, 8; illegal
  { name: 'fault with interrupts masked', start: (stub) => stub.run([0x7073, 0x3004, 0x0000]), endsWith: ['FAULT'] },
  // c.li sp, 0; c.j .
  { name: 'BREAK without a stack', start: (stub) => stub.breakInto([0x4101, 0xa001]), endsWith: ['BROKEN'] },
];

/** QEMU's Stellaris takes accesses everywhere. */
function stepsFor({ image, arch }: BoardRecord): readonly Step[] {
  if (arch === 'rv32') return RV32;
  return image === 'lm3s6965evb' ? EVERYWHERE : WITH_HOLES;
}

/** Numbers below `end` from a linear congruential generator (Numerical Recipes, 7.1). */
function randomFrom(seed: number): (end: number) => number {
  let state = seed >>> 0;
  return (end) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}

beforeAll(() => {
  buildFirmware(findFirmwareTools());
});

const SIMULATED = BOARDS.flatMap((board) => {
  return board.simulator === undefined || board.simulator.kind === 'wasm'
    ? []
    : [{ name: board.name, kind: board.simulator.kind, board }];
});

describe.each(SIMULATED)('the stub on $name', ({ board, kind }) => {
  let stub: ThumbBoard;

  beforeAll(async () => {
    stub = await startThumbBoard(board);
  });
  afterAll(() => stub?.close());
  stopOnceDead(() => stub);

  it('ends every run as it should, whenever it is spoken to', async () => {
    const random = randomFrom(SEED);
    const steps = stepsFor(board);
    for (let at = 0; at < STEPS[kind]; at++) {
      const { name, start, endsWith } = steps[random(steps.length)]!;
      const ended = start(stub);
      for (let pings = random(4); pings > 0; pings--) {
        if (random(2) === 0) stub.ping();
        else setImmediate(stub.ping);
      }
      const { status } = await ended.catch((error) => {
        throw new Error(`step ${at}, ${name}`, { cause: error });
      });
      expect(endsWith, `step ${at}, ${name}`).toContain(status);
      if (random(3) !== 0) await stub.expectAlive();
    }
    expect(stub.link.counters).toMatchObject({ restarts: 0, resyncs: 0 });
  });
});
