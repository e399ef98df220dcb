// `barewire flash`: image formats against their specifications, drives on three systems, programs and their absence.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FlashDrive } from '../../boards/board.js';
import { findBoard, REAL_BOARDS } from '../../boards/index.js';
import { readSegments } from '../../boards/sim/elf-segments.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { type DriveFiles, driveFolders, findDrives, SYSTEM_FILES } from '../../host/flash/drives.js';
import { carryOut, describePlan } from '../../host/flash/flash.js';
import { encodeBin, encodeEsp, encodeHex, encodeUf2 } from '../../host/flash/image-formats.js';
import { type FlashMachine, type FlashRequest, planFlash } from '../../host/flash/plan.js';
import { installHint } from '../../host/flash/programs.js';

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'barewire-flash-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const PICO = findBoard('pico')!;
const MICROBIT = findBoard('microbit')!;
const RP2040_FAMILY = 0xe48b_ff56;
const imagePath = (name: string): string => join(packageRoot(), `firmware-stub/build/${name}.elf`);

describe('UF2', () => {
  const segments = [
    { loadAddr: 0x1000_0100, bytes: Uint8Array.from({ length: 300 }, (_, i) => i) },
    { loadAddr: 0x1000_0000, bytes: Uint8Array.of(1, 2, 3) },
    { loadAddr: 0x1000_0231, bytes: Uint8Array.of(9) },
  ];
  const file = encodeUf2(segments, RP2040_FAMILY);
  const word = (block: number, offset: number): number =>
    new DataView(file.buffer).getUint32(block * 512 + offset, true);

  test('is made of 512-byte blocks with three magic numbers, numbered, in order of address', () => {
    expect(file.length).toBe(3 * 512);
    for (const block of [0, 1, 2]) {
      expect(Buffer.from(file.subarray(block * 512, block * 512 + 4)).toString()).toBe('UF2\n');
      expect([4, 508].map((at) => word(block, at))).toEqual([0x9e5d5157, 0x0ab16f30]);
      expect([20, 24].map((at) => word(block, at))).toEqual([block, 3]);
      expect([12, 16].map((at) => word(block, at))).toEqual([0x1000_0000 + block * 256, 256]);
    }
  });

  test('says which chips it is for, and that it says so', () => {
    for (const block of [0, 1, 2]) expect([word(block, 8), word(block, 28)]).toEqual([0x2000, 0xe48bff56]);
  });

  test('holds every byte at its place, 0xff between them, and nothing behind the payload', () => {
    const payload = (block: number): number[] => [...file.subarray(block * 512 + 32, block * 512 + 288)];
    expect(payload(0)).toEqual([1, 2, 3, ...Array(253).fill(0xff)]);
    expect(payload(1)).toEqual(Array.from({ length: 256 }, (_, i) => i));
    expect(payload(2).slice(0, 50)).toEqual([...Array.from({ length: 44 }, (_, i) => i), ...Array(5).fill(0xff), 9]);
    expect(file.subarray(288, 508).every((byte) => byte === 0)).toBe(true);
  });
});

test('Intel HEX: lines of 16 bytes with a sum, and a line for each new upper half of the address', () => {
  const bytes = Uint8Array.from({ length: 20 }, (_, i) => i + 0xf0);
  const text = Buffer.from(encodeHex([{ loadAddr: 0x0001_fff8, bytes }])).toString();
  expect(text.split('\n')).toEqual([
    ':020000040001F9',
    ':08FFF800F0F1F2F3F4F5F6F765',
    ':020000040002F8',
    ':0C000000F8F9FAFBFCFDFEFF0001020312',
    ':00000001FF',
    '',
  ]);
});

test('a flat file has 0xff between its segments', () => {
  const segments = [
    { loadAddr: 0x105, bytes: Uint8Array.of(5, 6) },
    { loadAddr: 0x100, bytes: Uint8Array.of(1, 2) },
  ];
  expect([...encodeBin(segments)]).toEqual([1, 2, 0xff, 0xff, 0xff, 5, 6]);
});

test('the image that an ESP32-C3 loads: header, segments of whole words, and the checksum at the end of 16 bytes', () => {
  const segments = [
    { loadAddr: 0x4038_0000, bytes: Uint8Array.of(1, 2, 3, 4, 5) },
    { loadAddr: 0x3fc9_0000, bytes: Uint8Array.of(0x10) },
  ];
  const file = encodeEsp(segments, 0x4038_0123);
  const view = new DataView(file.buffer);
  expect([...file.subarray(0, 3)]).toEqual([0xe9, 2, 2]);
  expect(view.getUint32(4, true)).toBe(0x4038_0123);
  expect(view.getUint16(12, true)).toBe(5); // the chip's number
  expect(file[23]).toBe(0); // no hash follows
  expect([24, 28].map((at) => view.getUint32(at, true))).toEqual([0x4038_0000, 8]);
  expect([...file.subarray(32, 40)]).toEqual([1, 2, 3, 4, 5, 0, 0, 0]);
  expect([40, 44, 48].map((at) => view.getUint32(at, true))).toEqual([0x3fc9_0000, 4, 0x10]);
  expect(file.length).toBe(64);
  expect(file[63]).toBe(0xef ^ 1 ^ 2 ^ 3 ^ 4 ^ 5 ^ 0x10);
});

test('binutils read the same bytes out of the image', () => {
  const objcopy = (...args: string[]): Buffer => {
    const to = join(scratch, 'objcopy.bin');
    const ended = spawnSync('arm-none-eabi-objcopy', [...args, '-O', 'binary', '--gap-fill', '0xff', to]);
    expect(ended.stderr?.toString()).toBe('');
    return readFileSync(to);
  };
  const segments = readSegments(readFileSync(imagePath('lm3s6965evb')), 'x');
  const expected = objcopy(imagePath('lm3s6965evb'));
  expect(Buffer.from(encodeBin(segments)).equals(expected)).toBe(true);
  const hex = join(scratch, 'image.hex');
  writeFileSync(hex, encodeHex(segments));
  expect(objcopy('-I', 'ihex', hex).equals(expected)).toBe(true);
});

/** A file system that holds these files. */
function filesOf(platform: NodeJS.Platform, content: Readonly<Record<string, string>>): DriveFiles {
  return {
    platform,
    readText: (path) => content[path],
    list: (folder) => [
      ...new Set(
        Object.keys(content)
          .filter((path) => path.startsWith(`${folder}/`))
          .map((path) => path.slice(folder.length + 1).split('/')[0]!),
      ),
    ],
  };
}

const PICO_INFO = 'UF2 Bootloader v2.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n';
const MICROBIT_DETAILS = '# DAPLink Firmware\r\nUnique ID: 9901360258434e45003e400e00000059\r\n';
const driveWay = (name: string): FlashDrive => findBoard(name)!.flash.find((way) => way.way === 'drive')!;

describe('drives', () => {
  const mounts = [
    'proc /proc proc rw,nosuid 0 0',
    '/dev/sda1 / ext4 rw,relatime 0 0',
    '/dev/sdb1 /media/me/My\\040Pico vfat rw,nosuid,nodev 0 0',
    '/dev/sdc /run/media/me/MICROBIT vfat rw 0 0',
    '',
  ].join('\n');
  const linux = filesOf('linux', {
    '/proc/mounts': mounts,
    '/INFO_UF2.TXT': PICO_INFO,
    '/media/me/My Pico/INFO_UF2.TXT': PICO_INFO,
    '/run/media/me/MICROBIT/DETAILS.TXT': MICROBIT_DETAILS,
  });

  test('Linux: FAT file systems that are mounted, wherever that is', () => {
    expect(driveFolders(linux)).toEqual(['/media/me/My Pico', '/run/media/me/MICROBIT']);
    expect(findDrives(linux, driveWay('pico'))).toEqual(['/media/me/My Pico']);
    expect(findDrives(linux, driveWay('microbit'))).toEqual(['/run/media/me/MICROBIT']);
  });

  test('macOS: volumes', () => {
    const mac = filesOf('darwin', { '/Volumes/RPI-RP2/INFO_UF2.TXT': PICO_INFO, '/Volumes/Macintosh HD/x': '' });
    expect(findDrives(mac, driveWay('pico'))).toEqual(['/Volumes/RPI-RP2']);
  });

  test('Windows: letters', () => {
    const windows = filesOf('win32', { 'E:\\DETAILS.TXT': MICROBIT_DETAILS });
    expect(findDrives(windows, driveWay('microbit'))).toEqual(['E:\\']);
  });

  test('a micro:bit v2 and a board with an RP2350 are not taken for theirs', () => {
    const others = filesOf('darwin', {
      '/Volumes/MICROBIT/DETAILS.TXT': MICROBIT_DETAILS.replace('9901', '9904'),
      '/Volumes/RP2350/INFO_UF2.TXT': PICO_INFO.replace('RPI-RP2', 'RP2350'),
    });
    expect(findDrives(others, driveWay('microbit'))).toEqual([]);
    expect(findDrives(others, driveWay('pico'))).toEqual([]);
  });
});

/** A folder of PATH with programs that write their arguments into a file. */
function fakePrograms(name: string, exitCode: number, ...programs: string[]): { path: string[]; log: string } {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  const log = join(folder, 'log');
  for (const program of programs) {
    const text = `#!/bin/sh\nfor a in "$0" "$@"; do printf '%s\\n' "$a" >> "${log}"; done\nexit ${exitCode}\n`;
    writeFileSync(join(folder, program), text, { mode: 0o755 });
  }
  return { path: [folder], log };
}

const request = (name: string, more: Partial<FlashRequest> = {}): FlashRequest => ({
  imagePath: imagePath(name),
  workDir: join(scratch, 'work'),
  ...more,
});
const machine = (files: DriveFiles, path: readonly string[] = []): FlashMachine => ({ files, path });
const NO_FILES = filesOf('linux', {});

describe('what is done', () => {
  test('the drive comes first, and gets the image in its format', () => {
    const files = filesOf('darwin', { '/Volumes/RPI-RP2/INFO_UF2.TXT': PICO_INFO });
    const plan = planFlash(PICO, request('pico'), machine(files, fakePrograms('a', 0, 'picotool').path));
    expect(describePlan(plan)).toEqual([expect.stringMatching(/^copy pico\.uf2 \(\d+ bytes\) to \/Volumes\/RPI-RP2$/)]);
    const [step] = plan.steps;
    expect(step).toMatchObject({
      to: '/Volumes/RPI-RP2/pico.uf2',
      bytes: encodeUf2(readSegments(readFileSync(imagePath('pico')), 'x'), RP2040_FAMILY),
    });
  });

  test('then the first program that is installed', () => {
    const { path } = fakePrograms('b', 0, 'openocd', 'probe-rs');
    const plan = planFlash(PICO, request('pico'), machine(NO_FILES, path));
    expect(describePlan(plan)).toEqual([
      `${path[0]}/openocd -f interface/cmsis-dap.cfg -f target/rp2040.cfg -c "program {${imagePath('pico')}} verify reset exit"`,
    ]);
  });

  test('or the one that was asked for, in as many steps as it takes', () => {
    const { path } = fakePrograms('c', 0, 'openocd', 'probe-rs');
    const plan = planFlash(PICO, request('pico', { way: 'probe-rs' }), machine(NO_FILES, path));
    expect(describePlan(plan)).toEqual([
      `${path[0]}/probe-rs download --chip RP2040 --verify ${imagePath('pico')}`,
      `${path[0]}/probe-rs reset --chip RP2040`,
    ]);
  });

  test('programs get other formats as files, and the port', async () => {
    const { path, log } = fakePrograms('d', 0, 'loader');
    const runs = [['--port={port}', '{bin}', '{hex}']];
    const board = { ...MICROBIT, flash: [{ way: 'program', program: 'loader', runs } as const] };
    const plan = planFlash(board, request('microbit', { port: '/dev/ttyX' }), machine(NO_FILES, path));
    const said: string[] = [];
    await carryOut(plan, { say: (text) => said.push(text), files: NO_FILES });
    const [bin, hex] = ['bin', 'hex'].map((format) => join(scratch, 'work', `microbit.${format}`));
    expect(said).toEqual([`${path[0]}/loader --port=/dev/ttyX ${bin} ${hex}`]);
    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([`${path[0]}/loader`, '--port=/dev/ttyX', bin, hex]);
    const segments = readSegments(readFileSync(imagePath('microbit')), 'x');
    expect(readFileSync(bin!)).toEqual(Buffer.from(encodeBin(segments)));
    expect(readFileSync(hex!)).toEqual(Buffer.from(encodeHex(segments)));
  });
});

describe('what cannot be done', () => {
  const failureOf = (action: () => unknown): unknown => {
    try {
      action();
    } catch (error) {
      const { code, message } = error as Error & { code: string };
      return { code, message };
    }
    throw new Error('nothing was thrown');
  };

  test('no way is open: each says what opens it', () => {
    expect(failureOf(() => planFlash(PICO, request('pico'), machine(NO_FILES)))).toEqual({
      code: 'FLASH_NO_WAY',
      message: [
        'pico cannot be flashed from here yet:',
        '  drive: no drive of it is there: hold its BOOTSEL button while you plug it in',
        `  picotool: it is not installed: ${installHint('picotool', 'apt')}`,
        '  openocd: it is not installed: sudo apt-get install openocd',
        '  probe-rs: it is not installed: cargo install probe-rs-tools --locked',
      ].join('\n'),
    });
  });

  test('a program that needs the port', () => {
    const board = { ...PICO, flash: [{ way: 'program', program: 'loader', runs: [['{port}']] } as const] };
    const { path } = fakePrograms('e', 0, 'loader');
    expect(failureOf(() => planFlash(board, request('pico'), machine(NO_FILES, path)))).toEqual({
      code: 'FLASH_NO_WAY',
      message: 'pico cannot be flashed from here yet:\n  loader: say where the board is with --port PATH',
    });
  });

  test('another program, a simulated board, two boards, a drive of something else', () => {
    const plan = (more: Partial<FlashRequest>, files = NO_FILES, board = PICO) =>
      failureOf(() => planFlash(board, request('pico', more), machine(files)));
    expect(plan({ way: 'bossac' })).toEqual({
      code: 'FLASH_UNKNOWN_WAY',
      message: 'pico is not flashed with bossac; there are drive, picotool, openocd, probe-rs',
    });
    expect(plan({}, NO_FILES, findBoard('pico-sim'))).toEqual({
      code: 'FLASH_NOTHING',
      message: 'nothing is flashed on pico-sim: its simulator starts the image',
    });
    expect(plan({}, NO_FILES, { ...PICO, flash: [] })).toEqual({
      code: 'FLASH_NOTHING',
      message: 'nothing is flashed on pico: its record has no `flash`',
    });
    const two = filesOf('darwin', { '/Volumes/A/INFO_UF2.TXT': PICO_INFO, '/Volumes/B/INFO_UF2.TXT': PICO_INFO });
    expect(plan({}, two)).toEqual({
      code: 'FLASH_MANY_DRIVES',
      message: 'several such boards are connected: /Volumes/A, /Volumes/B; choose one with --drive FOLDER',
    });
    expect(plan({ drive: '/mnt' }, two)).toEqual({
      code: 'FLASH_WRONG_DRIVE',
      message: '/mnt is not the drive of such a board: INFO_UF2.TXT with "Board-ID: RPI-RP2\\b" is not on it',
    });
  });

  test('a program that fails: its exit code and the command', async () => {
    const { path } = fakePrograms('f', 3, 'picotool');
    const plan = planFlash(PICO, request('pico'), machine(NO_FILES, path));
    await expect(carryOut(plan, { say: () => {}, files: NO_FILES })).rejects.toMatchObject({
      code: 'FLASH_FAILED',
      message: [
        'picotool failed (exit code 3); what it said is above. The command was',
        `  ${describePlan(plan)[0]}`,
        'There would also be',
        '  drive: no drive of it is there: hold its BOOTSEL button while you plug it in',
      ].join('\n'),
    });
  });
});

describe('copying', () => {
  /** A drive of this machine with a marker, and a plan that copies to it. */
  function realDrive(name: string) {
    const drive = join(scratch, name);
    mkdirSync(drive);
    writeFileSync(join(drive, 'DETAILS.TXT'), MICROBIT_DETAILS);
    return { drive, plan: planFlash(MICROBIT, request('microbit', { drive }), machine(SYSTEM_FILES)) };
  }

  test('is over when the drive is gone', async () => {
    const { drive, plan } = realDrive('gone');
    let waits = 0;
    const said: string[] = [];
    await carryOut(plan, {
      say: (text) => said.push(text),
      files: SYSTEM_FILES,
      wait: async () => {
        if (++waits === 3) rmSync(join(drive, 'DETAILS.TXT'));
      },
    });
    expect([waits, said]).toEqual([3, [expect.stringMatching(/^copy microbit\.hex \(\d+ bytes\) to .*gone$/)]]);
    expect(readFileSync(join(drive, 'microbit.hex'), 'utf8')).toMatch(/^:.*\n:00000001FF\n$/s);
  });

  test('that the board refuses says why', async () => {
    const { drive, plan } = realDrive('refused');
    const wait = async () => writeFileSync(join(drive, 'FAIL.TXT'), 'The hex file cannot be decoded.\r\n');
    await expect(carryOut(plan, { say: () => {}, files: SYSTEM_FILES, wait })).rejects.toMatchObject({
      code: 'FLASH_REFUSED',
      message: 'the board did not take microbit.hex: The hex file cannot be decoded.',
    });
  });

  test('does not wait for ever, and says what to try', async () => {
    const { drive, plan } = realDrive('stays');
    const said: string[] = [];
    await carryOut(plan, { say: (text) => said.push(text), files: SYSTEM_FILES, wait: async () => {} });
    expect(said[1]).toBe(`${drive} is still there: if the board does not start, unplug it and plug it in again`);
  });

  test('to a drive that cannot be written', async () => {
    const { drive, plan } = realDrive('full');
    mkdirSync(join(drive, 'microbit.hex'));
    await expect(carryOut(plan, { say: () => {}, files: SYSTEM_FILES })).rejects.toMatchObject({
      code: 'FLASH_COPY',
      message: expect.stringMatching(/full\/microbit\.hex could not be written after 0 of \d+ bytes: EISDIR/),
    });
  });
});

test('every program that a record names can be said how to be installed', () => {
  for (const { name, flash } of REAL_BOARDS) {
    expect(flash.length, name).toBeGreaterThan(0);
    for (const way of flash) {
      if (way.way === 'program')
        expect(installHint(way.program, 'winget'), way.program).not.toContain('folder of PATH');
    }
  }
});

test('scripts that the records name are there where OpenOCD is installed', (context) => {
  const scripts = '/usr/share/openocd/scripts';
  if (!existsSync(scripts)) context.skip();
  for (const { name, flash } of REAL_BOARDS) {
    for (const way of flash) {
      if (way.way !== 'program' || way.program !== 'openocd') continue;
      const files = way.runs[0]!.filter((_, index, args) => args[index - 1] === '-f');
      for (const file of files) expect(existsSync(join(scripts, file)), `${name}: ${file}`).toBe(true);
    }
  }
});
