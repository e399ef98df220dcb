// The images on simulated boards, spoken to over the real link: what only the architecture part can get wrong.
// Code is given as Thumb halfwords, so that no compiler or linker stands between the test and the stub.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOARDS } from '../../boards/index.js';
import { startSimulator } from '../../boards/sim/index.js';
import { buildFirmware, firmwareFolder } from '../../firmware-stub/build.js';
import { findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import { readObject } from '../../host/elf/read-object.js';
import { DeviceLink } from '../../host/wire/link.js';
import type { BatchReply, Op } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import { FAULT_WORDS } from '../../protocol/messages.js';

type FaultWord = (typeof FAULT_WORDS.cortexm)[number];

const CFSR = { divideByZero: 1 << 25, noThumb: 1 << 17, stacking: 1 << 4, writeRefused: 1 << 1, busPrecise: 1 << 9 };
const EXCEPTION = { hardFault: 3, memManage: 4, busFault: 5, usageFault: 6, pendSv: 14 };

beforeAll(() => {
  buildFirmware(findFirmwareTools());
});

describe.each(BOARDS.map((board) => ({ name: board.name, board })))('stub on $name', ({ board }) => {
  const image = join(firmwareFolder(), 'build', `${board.image}.elf`);
  let link: DeviceLink;
  let arena: number;
  let symbol: (name: string) => number;

  beforeAll(async () => {
    link = await DeviceLink.connect(await startSimulator(board, image));
    arena = link.hello.arenaAddr;
    const { symbols } = readObject(new Uint8Array(readFileSync(image)), image);
    symbol = (name) => symbols.find((each) => each.name === name)!.value;
  });
  afterAll(() => link?.close());

  /** Writes a program of halfwords, with words behind it, and runs it. */
  function runCode(halfwords: readonly number[], words: readonly number[] = []): Promise<BatchReply> {
    const code = Buffer.alloc(halfwords.length * 2 + words.length * 4);
    halfwords.forEach((value, index) => {
      code.writeUInt16LE(value, index * 2);
    });
    words.forEach((value, index) => {
      code.writeUInt32LE(value >>> 0, halfwords.length * 2 + index * 4);
    });
    const ops: Op[] = [
      { op: 'WRITE', addr: arena, data: new Uint8Array(code) },
      { op: 'RUN', entry: arena + 1 },
    ];
    return link.execute(ops);
  }

  function wordsOf({ failure }: BatchReply): Record<FaultWord, number> {
    const record = Buffer.from(failure.record!);
    expect(record).toHaveLength(4 * FAULT_WORDS.cortexm.length);
    const entries = FAULT_WORDS.cortexm.map((name, index) => [name, record.readUInt32LE(index * 4)]);
    return Object.fromEntries(entries) as Record<FaultWord, number>;
  }

  /** Memory as it was, and code that runs: what must hold after everything below. */
  async function expectAlive(): Promise<void> {
    const markAddr = arena + 512;
    const reply = await link.execute([
      { op: 'CHECK', addr: markAddr, len: 4, crc: crc32(Uint8Array.of(1, 2, 3, 4)) },
      { op: 'WRITE', addr: arena, data: Uint8Array.of(0x2a, 0x20, 0x70, 0x47) }, // movs r0, #42; bx lr
      { op: 'RUN', entry: arena + 1 },
    ]);
    expect(reply.status).toBe('OK');
    expect(reply.results[2]).toMatchObject({ op: 'RUN', value: 42 });
  }

  beforeAll(async () => {
    const mark: Op = { op: 'WRITE', addr: arena + 512, data: Uint8Array.of(1, 2, 3, 4) };
    expect((await link.execute([mark])).status).toBe('OK');
  });

  it('tells its arena, its stack at the start of RAM, and its build id', () => {
    const ram = board.regions.find(({ addr }) => addr === 0x2000_0000)!;
    expect(link.hello).toMatchObject({ arch: board.arch, stackAddr: ram.addr });
    expect(arena + link.hello.arenaSize).toBe(ram.addr + ram.sizeBytes);
    expect(link.hello.buildId).toMatch(/^[0-9a-f]{16}$/);
  });

  it('runs code on the user stack and measures it', async () => {
    const reply = await runCode([0x4668, 0x4770]); // mov r0, sp; bx lr
    expect(reply.status).toBe('OK');
    const result = reply.results[1] as { value: number; micros: number };
    expect(result.value).toBe(link.hello.stackAddr + link.hello.stackSize);
    expect(result.micros).toBeLessThan(1_000_000);
    await expectAlive();
  });

  it('survives code that keeps no register it must keep, and one that masks interrupts', async () => {
    // movs r4..r7, #0; mov r8..r11, r4; cpsid i; bx lr
    const reply = await runCode([0x2400, 0x2500, 0x2600, 0x2700, 0x46a0, 0x46a1, 0x46a2, 0x46a3, 0xb672, 0x4770]);
    expect(reply.status).toBe('OK');
    await expectAlive();
  });

  it('sends what code prints before its reply', async () => {
    const printed: number[] = [];
    link.onOutput((bytes) => printed.push(...bytes));
    // push {r3, lr}; ldr r0, text; movs r1, #4; ldr r2, bw_output; blx r2; pop {r3, pc}
    const reply = await runCode(
      [0xb508, 0x4802, 0x2104, 0x4a02, 0x4790, 0xbd08],
      [arena + 512, symbol('bw_output') | 1],
    );
    expect(reply.status).toBe('OK');
    expect(printed).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ['', 0xbf00],
    [' with interrupts masked', 0xb672],
  ])('ends with the code given to bw_exit%s', async (_, first) => {
    // first; movs r0, #77; ldr r1, bw_exit; blx r1
    const reply = await runCode([first, 0x204d, 0x4900, 0x4788], [symbol('bw_exit') | 1]);
    expect(reply).toMatchObject({ status: 'EXITED', failure: { value: 77 } });
    await expectAlive();
  });

  it('counts microseconds on', async () => {
    const micros = async () => {
      const reply = await link.execute([{ op: 'RUN', entry: symbol('bw_micros') | 1 }]);
      return (reply.results[0] as { value: number }).value;
    };
    const before = await micros();
    expect(((await micros()) - before) >>> 0).toBeGreaterThan(0);
  });

  /** Runs code that first prints and then goes on with `tail`; sends BREAK once the output is there. */
  async function breakInto(tail: readonly number[]): Promise<BatchReply> {
    // ldr r0, text; movs r1, #4; ldr r2, bw_output; blx r2
    const at = (offset: number) => ((16 - ((offset + 4) & ~3)) >> 2) & 0xff;
    const code = [0x4800 | at(0), 0x2104, 0x4a00 | (at(4) + 1), 0x4790, ...tail];
    while (code.length < 8) code.push(0xbf00);
    const printed = new Promise<void>((resolve) => link.onOutput(() => resolve()));
    const ended = runCode(code, [arena + 512, symbol('bw_output') | 1]);
    await printed;
    link.break();
    return ended;
  }

  it.each([
    ['an endless loop', [0xe7fe]],
    ['a loop that pushes and pops', [0xb4ff, 0xbcff, 0xe7fc]],
    ['code that sleeps', [0xbf30, 0xe7fd]],
  ])('stops %s at BREAK and says where it was', async (_, tail) => {
    const reply = await breakInto(tail);
    expect(reply.status).toBe('BROKEN');
    const { exception, pc } = wordsOf(reply);
    expect(exception).toBe(EXCEPTION.pendSv);
    if (pc >= arena) expect(pc).toBeLessThan(arena + 16); // else still within bw_output
    await expectAlive();
  });

  describe.skipIf(board.simulator?.kind !== 'qemu')('faults', () => {
    it.each([
      ['a call of address 0', [0x2000, 0x4700], [], CFSR.noThumb, EXCEPTION.usageFault], // movs r0, #0; bx r0
      ['a division by zero', [0x2001, 0x2100, 0xfbb0, 0xf0f1, 0x4770], [], CFSR.divideByZero, EXCEPTION.usageFault],
      ['a write through null', [0x2000, 0x6000, 0x4770], [], CFSR.writeRefused, EXCEPTION.memManage],
      ['endless recursion', [0xb4ff, 0xe7fd], [], CFSR.stacking, EXCEPTION.memManage], // push {r0-r7}; again
    ])('captures %s', async (_, code, words, cfsr, exception) => {
      const reply = await runCode(code, words);
      expect(reply.status).toBe('FAULT');
      const record = wordsOf(reply);
      expect(record.exception).toBe(exception);
      expect(record.cfsr & cfsr).toBe(cfsr);
      await expectAlive();
    });

    it('gives registers, stack pointer and place of the fault', async () => {
      // movs r0, #17; movs r3, #34; movs r7, #51; mov r10, r7; movs r1, #0; udf
      const reply = await runCode([0x2011, 0x2322, 0x2733, 0x46ba, 0x2100, 0xde00]);
      expect(wordsOf(reply)).toMatchObject({
        r0: 0x11,
        r1: 0,
        r3: 0x22,
        r7: 0x33,
        r10: 0x33,
        pc: arena + 10,
        sp: link.hello.stackAddr + link.hello.stackSize,
      });
    });

    it('captures a fault of code that masked interrupts, as a hard fault', async () => {
      const reply = await runCode([0xb672, 0x2000, 0x4700]); // cpsid i; movs r0, #0; bx r0
      expect(wordsOf(reply)).toMatchObject({ exception: EXCEPTION.hardFault });
      await expectAlive();
    });

    it('does not trust a stack pointer outside of RAM', async () => {
      // movs r0, #0; mov sp, r0; loop: the interrupt that brings BREAK cannot stack its frame
      let reply = await breakInto([0x2000, 0x4685, 0xe7fe]);
      for (let tries = 0; tries < 20 && reply.status === 'BROKEN'; tries++) {
        reply = await breakInto([0x2000, 0x4685, 0xe7fe]); // BREAK was there before the stack pointer was gone
      }
      expect(reply.status).toBe('FAULT');
      expect(wordsOf(reply)).toMatchObject({ sp: 0xffff_ffe0, pc: 0, lr: 0 });
      await expectAlive();
    });

    it.skipIf(board.image !== 'mps2-an385')(
      'answers READ of an address that nothing answers at with FAULT',
      async () => {
        const reply = await link.execute([{ op: 'READ', addr: 0x6000_0000, len: 4 }]);
        expect(reply.status).toBe('FAULT');
        expect(wordsOf(reply)).toMatchObject({ exception: EXCEPTION.busFault, bfar: 0x6000_0000 });
        expect(wordsOf(reply).cfsr & CFSR.busPrecise).toBe(CFSR.busPrecise);
        await expectAlive();
      },
    );
  });
});
