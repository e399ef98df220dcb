// The tools behind `npm run firmware`: what they find, what they build, and what they say when they cannot.

import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOARDS } from '../../boards/index.js';
import { buildFirmware, firmwareFolder } from '../../firmware-stub/build.js';
import { type FirmwareTools, findFirmwareTools, toolsOf } from '../../firmware-stub/tools/find-tools.js';
import { IMAGES, SUPPORTS } from '../../firmware-stub/tools/images.js';
import { measureLibrary } from '../../firmware-stub/tools/library.js';
import { formatSizes, overLimit, readSizes } from '../../firmware-stub/tools/sizes.js';

let scratch: string;
let tools: FirmwareTools;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'barewire-firmware-'));
  tools = findFirmwareTools();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A copy of the sources without what was built. */
function copySources(name: string): string {
  const folder = join(scratch, name, 'firmware-stub');
  for (const part of ['core', 'arch', 'port', 'ld', 'generated', 'support']) {
    cpSync(join(firmwareFolder(), part), join(folder, part), { recursive: true });
  }
  return folder;
}

describe('finding tools', () => {
  const clang = { path: '/usr/lib/llvm-19/bin/clang', major: 19, identity: '', resourceIncludeDir: '' };

  it('says what to install when there is no clang', () => {
    expect(() =>
      toolsOf({ search: { clang: undefined, reason: 'no clang 16 or newer' }, lld: undefined, ar: undefined }),
    ).toThrow(
      expect.objectContaining({
        code: 'FIRMWARE_NO_CLANG',
        message: 'no clang 16 or newer; try: apt install clang lld, or --clang PATH',
      }),
    );
  });

  it('does not take a clang that is too old', () => {
    const old = join(scratch, 'clang');
    writeFileSync(old, '#!/bin/sh\necho "Debian clang version 14.0.6"\n');
    chmodSync(old, 0o755);
    expect(() => findFirmwareTools(old)).toThrow(
      expect.objectContaining({
        code: 'FIRMWARE_NO_CLANG',
        message: `no clang 16 or newer (${old} is version 14); try: apt install clang lld, or --clang PATH`,
      }),
    );
  });

  it('names the package of the linker that is missing', () => {
    expect(() => toolsOf({ search: { clang }, lld: undefined, ar: undefined })).toThrow(
      expect.objectContaining({
        code: 'FIRMWARE_NO_LLD',
        message: 'no ld.lld 16 or newer beside /usr/lib/llvm-19/bin/clang; try: apt install lld-19',
      }),
    );
  });

  it('names the package of the archiver that is missing', () => {
    expect(() => toolsOf({ search: { clang }, lld: '/usr/bin/ld.lld', ar: undefined })).toThrow(
      expect.objectContaining({
        code: 'FIRMWARE_NO_AR',
        message: 'neither llvm-ar 16 or newer nor arm-none-eabi-ar was found; try: apt install llvm-19',
      }),
    );
  });
});

describe('building', () => {
  it('has an image and a support archive for every board', () => {
    for (const board of BOARDS.filter(({ arch }) => arch !== 'wasm32')) {
      expect(IMAGES.map(({ name }) => name)).toContain(board.image);
      expect(SUPPORTS.map(({ multilib }) => multilib)).toContain(board.multilib);
    }
  });

  it('builds what is missing or changed, and nothing else; the same sources make the same bytes anywhere', {
    timeout: 240_000,
  }, () => {
    const folder = copySources('first');
    expect(buildFirmware(tools, folder).built).toHaveLength(IMAGES.length + SUPPORTS.length);
    expect(buildFirmware(tools, folder).built).toEqual([]);
    const portFile = join(folder, 'port/rp2040/port.c');
    writeFileSync(portFile, `${readFileSync(portFile, 'utf8')}\n`);
    expect(buildFirmware(tools, folder).built).toEqual(['pico', 'pico-usb']);

    const elsewhere = copySources('a-much-longer-name');
    buildFirmware(tools, elsewhere);
    const image = (root: string) => readFileSync(join(root, 'build/mps2-an385.elf'));
    expect(image(elsewhere).equals(image(folder))).toBe(true);
  });

  it("hands on the compiler's words when a source does not compile", () => {
    const folder = copySources('broken');
    writeFileSync(join(folder, 'port/rp2040/port.c'), 'int broken(void) { return nothing; }\n');
    expect(() => buildFirmware(tools, folder)).toThrow(
      expect.objectContaining({
        code: 'FIRMWARE_BUILD_FAILED',
        message: expect.stringContaining("use of undeclared identifier 'nothing'"),
      }),
    );
  });
});

describe('sizes', () => {
  const sizes = { flash: 3000, driver: 0, ram: 90, frames: 3088, stack: 768, arena: 54_000 };

  it('keeps every image within 4096 bytes of flash and 1024 of RAM, its own stack included', () => {
    const { sizes: built } = buildFirmware(tools);
    expect(Object.keys(built)).toEqual(IMAGES.map(({ name }) => name));
    expect(overLimit(built)).toEqual([]);
    for (const { ram, stack } of Object.values(built)) expect(ram + stack).toBeLessThanOrEqual(1024);
  });

  it('keeps the library within 3072 bytes of flash on every core, as arm-none-eabi-gcc compiles it', () => {
    const library = measureLibrary(firmwareFolder());
    expect(Object.keys(library!).map((name) => name.replace(/^library /, ''))).toContain('cortex-m3');
    expect(overLimit(library!)).toEqual([]);
    expect(overLimit({ 'library cortex-m3': { ...sizes, flash: 3073 } })).toEqual([
      'library cortex-m3: 3073 bytes of flash, 1 above 3072',
    ]);
  });

  it('shows what grew, shrank and is new', () => {
    const table = formatSizes({ a: sizes, b: sizes }, { a: { ...sizes, flash: 2990, ram: 94 } });
    expect(table.split('\n')).toEqual([
      'image  flash       driver   RAM       frame buffers  stub stack  arena',
      'a      3000 (+10)  0        90 (-4)   3088           768         54000',
      'b      3000 (new)  0 (new)  90 (new)  3088 (new)     768 (new)   54000 (new)',
    ]);
  });

  it('says by how much an image is above its limit', () => {
    expect(overLimit({ a: { ...sizes, flash: 4097, ram: 1030 } })).toEqual([
      'a: 4097 bytes of flash, 1 above 4096',
      'a: 1030 bytes of static RAM, 6 above 1024',
    ]);
  });

  it.each([
    ['a text', new TextEncoder().encode('#!/bin/sh\n')],
    ['nothing', new Uint8Array()],
  ])('refuses %s as an image', (_, bytes) => {
    expect(() => readSizes(bytes, 'x.elf')).toThrow(
      expect.objectContaining({
        code: 'FIRMWARE_BAD_ELF',
        message: expect.stringContaining('x.elf is no complete ELF32'),
      }),
    );
  });

  it('refuses an image that is cut short', () => {
    buildFirmware(tools);
    const whole = new Uint8Array(readFileSync(join(firmwareFolder(), 'build/pico.elf')));
    expect(() => readSizes(whole.subarray(0, whole.length - 100), 'cut.elf')).toThrow(/cut\.elf is no complete ELF32/);
  });
});
