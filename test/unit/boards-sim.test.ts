// Simulators that do not start, and the parts of those that do.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LM3S6965EVB } from '../../boards/lm3s6965evb.js';
import { PICO_SIM } from '../../boards/pico-sim.js';
import { readSegments } from '../../boards/sim/elf-segments.js';
import { startSimulator } from '../../boards/sim/index.js';
import { startQemu } from '../../boards/sim/qemu.js';
import { SimClock } from '../../boards/sim/sim-clock.js';

const dir = mkdtempSync(join(tmpdir(), 'barewire-boards-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** An ELF32 file with one PT_LOAD segment. */
function tinyElf(loadAddr: number, bytes: Uint8Array): Uint8Array {
  const file = new Uint8Array(52 + 32 + bytes.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint32(28, 52, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, 1, true);
  [1, 84, loadAddr, loadAddr, bytes.length, bytes.length].forEach((word, i) => {
    view.setUint32(52 + 4 * i, word, true);
  });
  file.set(bytes, 84);
  return file;
}

function imageFile(name: string, bytes: Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  return path;
}

describe('readSegments', () => {
  it('gives the bytes to load and where', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(readSegments(tinyElf(0x10000100, bytes), 'x.elf')).toEqual([{ loadAddr: 0x10000100, bytes }]);
  });

  it.each([
    ['no ELF file', new Uint8Array(100), 'x.elf: not an ELF file; build it again: npm run firmware'],
    ['a file cut short in its header', tinyElf(0, Uint8Array.of(1)).subarray(0, 40), 'not an ELF file'],
    [
      'a file cut short in its program headers',
      tinyElf(0, Uint8Array.of(1)).subarray(0, 60),
      'program headers are cut short',
    ],
    [
      'a file cut short in a segment',
      tinyElf(0x10000000, Uint8Array.of(1, 2)).subarray(0, 85),
      'the segment at 0x10000000 is cut short',
    ],
    ['a file without bytes', tinyElf(0, new Uint8Array()), 'nothing to load'],
  ])('refuses %s', (_, file, message) => {
    expect(() => readSegments(file, 'x.elf')).toThrow(expect.objectContaining({ code: 'BOARD_IMAGE' }));
    expect(() => readSegments(file, 'x.elf')).toThrow(message);
  });
});

describe('a simulator that cannot start', () => {
  it('says which package QEMU is in', async () => {
    const image = imageFile('a.elf', tinyElf(0, new Uint8Array(64)));
    const error = await startQemu(LM3S6965EVB, { machine: 'lm3s6965evb' }, image, 'qemu-that-nobody-has').catch(
      (e) => e,
    );
    expect(error).toMatchObject({ code: 'BOARD_QEMU_MISSING' });
    expect(error.message).toMatch(
      /^qemu-that-nobody-has is not installed; on Debian and Ubuntu: apt install qemu-system-arm/,
    );
  });

  it("gives QEMU's own words", async () => {
    const image = imageFile('b.elf', tinyElf(0, new Uint8Array(64)));
    const error = await startQemu(LM3S6965EVB, { machine: 'no-such-machine' }, image).catch((e) => e);
    expect(error).toMatchObject({ code: 'BOARD_QEMU_FAILED' });
    expect(error.message).toMatch(
      /^qemu-system-arm for qemu-lm3s6965evb ended with exit code 1:\n.*unsupported machine type/,
    );
  });

  it('names an image that was not built', async () => {
    const error = await startSimulator(LM3S6965EVB, join(dir, 'none.elf')).catch((e) => e);
    expect(error).toMatchObject({ code: 'BOARD_IMAGE' });
    expect(error.message).toMatch(/none\.elf: no such stub image; build it: npm run firmware$/);
    const pico = await startSimulator(PICO_SIM, join(dir, 'none.elf')).catch((e) => e);
    expect(pico).toMatchObject({ code: 'BOARD_IMAGE' });
  });

  it('refuses an image for another board', async () => {
    const image = imageFile('c.elf', tinyElf(0x0800_0000, new Uint8Array(64)));
    const error = await startSimulator(PICO_SIM, image).catch((e) => e);
    expect(error).toMatchObject({ code: 'BOARD_IMAGE' });
    expect(error.message).toContain('the image wants 0x8000000, where there is no memory');
  });

  it('says so when a board has none', async () => {
    const error = await startSimulator({ ...PICO_SIM, simulator: undefined }, 'x').catch((e) => e);
    expect(error).toMatchObject({
      code: 'BOARD_NO_SIMULATOR',
      message: 'pico-sim has no simulator: give its port with --port',
    });
  });
});

describe('the clock of the simulated RP2040', () => {
  it('calls alarms when due, earliest first, also those set meanwhile', () => {
    const clock = new SimClock();
    const calls: string[] = [];
    const late = clock.createAlarm(() => calls.push('late'));
    const chained = clock.createAlarm(() => calls.push('chained'));
    const early = clock.createAlarm(() => {
      calls.push('early');
      chained.schedule(-50);
    });
    const never = clock.createAlarm(() => calls.push('never'));
    late.schedule(200);
    early.schedule(100);
    never.schedule(150);
    never.cancel();
    expect(clock.nextNanos).toBe(100);
    clock.nanos = 99;
    clock.fire();
    expect(calls).toEqual([]);
    clock.nanos = 250;
    clock.fire();
    expect(calls).toEqual(['early', 'late', 'chained']);
    expect(clock.nextNanos).toBe(Number.POSITIVE_INFINITY);
  });
});
