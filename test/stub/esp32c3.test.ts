// The image of the ESP32-C3 on a model of the chip (test/support/esp32c3.ts): what is its own. The rest is in
// riscv-boards.test.ts, which runs it too.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSegments } from '../../boards/sim/elf-segments.js';
import { firmwareFolder } from '../../firmware-stub/build.js';
import { readObject } from '../../host/elf/read-object.js';
import { convertImage } from '../../host/flash/image-formats.js';
import { openSession } from '../../host/session/open.js';
import { Esp32c3 } from '../support/esp32c3.js';

const IMAGE = join(firmwareFolder(), 'build/esp32-c3.elf');
const elf = readObject(new Uint8Array(readFileSync(IMAGE)), 'esp32-c3.elf');
const addrOf = (name: string): number => elf.symbols.find((symbol) => symbol.name === name)!.value;

describe('the image', () => {
  it('has the jumps of its trap table where exceptions, interrupt 3 and interrupt 11 go', () => {
    const table = addrOf('trap_table');
    expect(table % 256).toBe(0);
    expect(addrOf('receive_trap')).toBe(table + 4 * 11);
    const code = elf.sections.find(({ name }) => name === '.flash')!;
    const view = new DataView(code.bytes.buffer, code.bytes.byteOffset);
    for (const number of [0, 3, 11]) expect(view.getUint32(table - code.addr + 4 * number, true) & 0xfff).toBe(0x06f);
  });

  it('keeps its code and its data in different parts of the memory that has two addresses', () => {
    const spans = elf.sections
      .filter(({ flags, sizeBytes, addr }) => flags & 2 && sizeBytes > 0 && addr < 0x5000_0000)
      .map(({ addr, sizeBytes }) => {
        const offset = addr >= 0x4038_0000 ? addr - 0x4038_0000 : addr - 0x3fc8_0000;
        return [offset, offset + sizeBytes] as const;
      })
      .sort(([a], [b]) => a - b);
    for (const [index, [, end]] of spans.entries()) expect(end).toBeLessThanOrEqual(spans[index + 1]?.[0] ?? end);
  });

  it('is what the boot ROM loads: its segments are whole words, and start the image', () => {
    const file = convertImage(readFileSync(IMAGE), 'x', 'esp');
    const view = new DataView(file.buffer, file.byteOffset);
    expect(view.getUint32(4, true)).toBe(addrOf('VECTORS'));
    const segments = readSegments(readFileSync(IMAGE), 'x');
    expect(file[1]).toBe(segments.length);
    for (const { loadAddr, bytes } of segments) expect([loadAddr % 4, bytes.length % 4]).toEqual([0, 0]);
  });
});

it('runs C++, faults, and stops what does not end, in memory that code and data share', async () => {
  const chip = new Esp32c3(IMAGE);
  const line = { what: 'the model', startsBoard: false, open: async () => chip };
  const session = await openSession({ board: 'esp32-c3', line });
  try {
    const value = async (text: string) => (await session.evaluate(text)).value;
    expect(await value('struct P { char c; short s; int i; }; P p{1, -2, 3}; p.c += 41; p')).toBe(
      "(P) {c = '*', s = -2, i = 3}",
    );
    expect(await value('int f(int a) { return a * 7 / 3; } f(18)')).toBe('(int) 42');
    expect(await value('int f(int a) { return a % 5; } f(18)')).toBe('(int) 3');
    expect(await value('#include <atomic>\nstd::atomic<int> n{40}; n.fetch_add(2); n.load()')).toBe('(int) 42');
    await expect(session.evaluate('*(volatile int *)8 = 1;')).rejects.toMatchObject({ code: 'SESSION_FAULT' });
    await expect(session.evaluate('for (;;) { }', { runTimeoutMs: 300 })).rejects.toMatchObject({
      code: 'SESSION_STOPPED',
    });
    expect(await value('f(19)')).toBe('(int) 4');
  } finally {
    await session.close();
  }
  expect(chip.registers.get(0x6000_8090)).toBe(0); // the watchdogs are off
  expect(chip.registers.get(0x6001_f048)).toBe(0);
});
