// What the MPU catches while user code runs, and what the stub leaves to support code: a hook in the exception path
// and the regions it does not use. On the boards with an MPU.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOARDS } from '../../boards/index.js';
import { buildFirmware } from '../../firmware-stub/build.js';
import { findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import type { BatchReply } from '../../protocol/batch.js';
import { assemble } from './assemble.js';
import { recordOf, startThumbBoard, stopOnceDead, type ThumbBoard } from './thumb-board.js';

const DATA_REFUSED = (1 << 7) | (1 << 1);
const PAGE_OFFSET = 1024;
const SEEN_OFFSET = 2048;
const HOOK_OFFSET = 256;

beforeAll(() => {
  buildFirmware(findFirmwareTools());
});

describe.each(BOARDS.filter((board) => board.cpu === 'cortex-m3'))('the MPU on $name', (board) => {
  let stub: ThumbBoard;
  let page: number;

  beforeAll(async () => {
    stub = await startThumbBoard(board);
    page = (stub.arena + PAGE_OFFSET + 31) & ~31;
    await stub.link.execute([{ op: 'FILL', addr: page, len: 64, value: 0 }]);
  });
  afterAll(() => stub?.close());
  stopOnceDead(() => stub);

  const run = (text: string, names: Readonly<Record<string, number>> = {}): Promise<BatchReply> =>
    stub.runBytes(assemble(text, board.cpu, names));

  it.each([
    ['a read through null', 'movs r0, #0; ldr r1, [r0]; bx lr', 0],
    ['a read of a member behind null', 'movs r0, #0; ldr r1, [r0, #8]; bx lr', 8],
    ['a write through null', 'movs r0, #0; str r0, [r0]; bx lr', 0],
    ['a read at the end of the first KiB', 'ldr r0, =1020; ldr r1, [r0]; bx lr', 1020],
  ])('refuses %s and says where', async (_, text, addr) => {
    const reply = await run(text);
    expect(reply.status).toBe('FAULT');
    const record = recordOf(reply);
    expect(record.cfsr & DATA_REFUSED).toBe(DATA_REFUSED);
    expect(record.mmfar).toBe(addr);
    await stub.expectAlive();
  });

  it('refuses a write to code of the stub', async () => {
    const code = stub.entryOf('bw_output') & ~1;
    const reply = await run('ldr r0, =code; str r0, [r0]; bx lr', { code });
    expect(reply.status).toBe('FAULT');
    expect(recordOf(reply)).toMatchObject({ exception: 4, mmfar: code });
    await stub.expectAlive();
  });

  it.each([
    ['the first byte of the state', 'stub', 0],
    ['a frame buffer', 'stub_slots', 100],
    ['the last word before what support code may write', '__stub_open_start', -4],
  ])('refuses a write to %s, and the stub goes on', async (_, name, offset) => {
    const place = stub.addrOf(name) + offset;
    const reply = await run('ldr r0, =place; strb r0, [r0]; bx lr', { place });
    expect(reply.status).toBe('FAULT');
    expect(recordOf(reply).cfsr & DATA_REFUSED).toBe(DATA_REFUSED);
    expect(recordOf(reply).mmfar).toBe(place);
    await stub.expectAlive();
  });

  it("lets what is the stub's be read, and what is open be written", async () => {
    const [from, open] = [stub.addrOf('stub'), stub.addrOf('__stub_open_start')];
    const text = 'ldr r0, =from; ldr r0, [r0]; ldr r0, =open; movs r1, #0; str r1, [r0]; bx lr';
    expect((await run(text, { from, open })).status).toBe('OK');
  });

  it('does not keep the protocol from reading the first KiB', async () => {
    const reply = await stub.link.execute([{ op: 'READ', addr: 0, len: 8 }]);
    expect(reply.status).toBe('OK');
  });

  describe('with a page that support code has made read-only', () => {
    const protect = async (): Promise<void> => {
      const text = `
        ldr r0, =0xE000ED9C   // MPU_RBAR, MPU_RASR
        ldr r1, =page + 0x10 + 3
        str r1, [r0]
        ldr r1, =(6 << 24) | (1 << 17) | (4 << 1) | 1 // read-only, 32 bytes
        str r1, [r0, #4]
        bx lr`;
      expect((await run(text, { page })).status).toBe('OK');
    };
    const setHook = async (entry: number): Promise<void> => {
      const hook = stub.addrOf('bw_fault_hook');
      expect((await run('ldr r0, =hook; ldr r1, =entry; str r1, [r0]; bx lr', { hook, entry })).status).toBe('OK');
    };
    const writeHook = async (answer: number): Promise<void> => {
      const text = `
        ldr r1, =seen
        str r0, [r1]
        ldr r1, =0xE000ED9C
        movs r2, #0x13
        str r2, [r1]
        movs r2, #0
        str r2, [r1, #4]
        movs r0, #answer
        bx lr`;
      const data = assemble(text, board.cpu, { seen: stub.arena + SEEN_OFFSET, answer });
      await stub.link.execute([{ op: 'WRITE', addr: stub.arena + HOOK_OFFSET, data }]);
    };
    const wordAt = async (addr: number): Promise<number> => {
      const reply = await stub.link.execute([{ op: 'READ', addr, len: 4 }]);
      return Buffer.from((reply.results[0] as { data: Uint8Array }).data).readUInt32LE();
    };
    const store = 'ldr r0, =page; ldr r1, =value; str r1, [r0, #4]; bx lr';

    it('a write faults, and the page is as it was', async () => {
      await protect();
      await setHook(0);
      const reply = await run(store, { page, value: 7 });
      expect(recordOf(reply)).toMatchObject({ exception: 4, mmfar: page + 4 });
      expect(await wordAt(page + 4)).toBe(0);
    });

    it('WRITE and FILL of the protocol pass', async () => {
      await protect();
      const reply = await stub.link.execute([
        { op: 'WRITE', addr: page, data: Uint8Array.of(1, 2, 3, 4) },
        { op: 'FILL', addr: page + 8, len: 4, value: 9 },
        { op: 'READ', addr: page, len: 12 },
      ]);
      expect(reply.results[2]).toMatchObject({ data: Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 0, 9, 9, 9, 9) });
    });

    it.each([
      ['', ''],
      [' of code that masked interrupts', 'cpsid i; '],
    ])('a hook that takes the protection away lets a write%s go on', async (_, masked) => {
      await protect();
      await writeHook(1);
      await setHook(stub.arena + HOOK_OFFSET + 1);
      const value = masked === '' ? 77 : 78;
      expect((await run(masked + store, { page, value })).status).toBe('OK');
      expect(await wordAt(page + 4)).toBe(value);
      expect(await wordAt(stub.arena + SEEN_OFFSET)).toBe(page + 4);
      await stub.expectAlive();
    });

    it('a hook that says no leaves the fault to the user', async () => {
      await protect();
      await writeHook(0);
      await setHook(stub.arena + HOOK_OFFSET + 1);
      const reply = await run(store, { page, value: 79 });
      expect(recordOf(reply)).toMatchObject({ exception: 4, mmfar: page + 4 });
      await stub.expectAlive();
    });
  });
});
