// Board files of the user's own: what they make, and what each mistake in them is answered with.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BOARD_SCHEMA, SCHEMA_FILE, schemaText } from '../../boards/board-schema.js';
import { checkSchema } from '../../boards/check-schema.js';
import { CORES } from '../../boards/cores.js';
import { ALL_BOARDS, findBoard } from '../../boards/index.js';
import { type BoardFile, checkRegions, readBoard } from '../../boards/read-board.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { readObject } from '../../host/elf/read-object.js';
import { archOf, checkHello, checkImage } from '../../host/session/check-image.js';

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'barewire-board-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const GOOD: BoardFile = {
  name: 'my-board',
  title: 'My board',
  core: 'Cortex-M4F',
  image: 'build/my-board.elf',
  regions: [
    { name: 'flash', addr: '0x08000000', sizeBytes: '512K', access: 'rx' },
    { name: 'sram', addr: 0x2000_0000, sizeBytes: 96 * 1024, access: 'rwx' },
  ],
  heapBytes: '16K',
};

function write(content: unknown): string {
  const path = join(scratch, 'my-board.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** What reading the file throws. */
function failureOf(content: unknown): { code: string; message: string } {
  try {
    readBoard(write(content));
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    return { code, message: message.replaceAll(scratch, 'DIR') };
  }
  throw new Error('the file was taken');
}

const withRegions = (...regions: unknown[]): unknown => ({ ...GOOD, regions });
const [FLASH, SRAM] = GOOD.regions;

describe('a good file', () => {
  test('gets what its core decides, its numbers, and paths from its own folder', () => {
    expect(readBoard(write(GOOD))).toEqual({
      ...CORES['Cortex-M4F'],
      name: 'my-board',
      title: 'My board',
      file: join(scratch, 'my-board.json'),
      image: join(scratch, 'build/my-board.elf'),
      build: undefined,
      regions: [
        { name: 'flash', addr: 0x0800_0000, sizeBytes: 512 * 1024, access: 'rx' },
        { name: 'sram', addr: 0x2000_0000, sizeBytes: 96 * 1024, access: 'rwx' },
      ],
      heapBytes: 16 * 1024,
      baud: 115_200,
      simulator: undefined,
      flash: [],
    });
  });

  test('may say how it is built, flashed and simulated, and that its chip lacks what the core may have', () => {
    const board = readBoard(
      write({
        ...GOOD,
        $schema: 'x',
        core: 'Cortex-M0+',
        build: { port: 'port', script: 'my.ld', defines: ['STUB_IDLE_WFE'] },
        baud: 921_600,
        uart: { kind: 'stm32-usart', addr: '0x40011000', clockHz: 84_000_000, maxBaud: 2_000_000 },
        interrupts: { last: 81, stub: [37], coreTimer: 'clock' },
        flash: [{ way: 'program', program: 'openocd', runs: [['-f', 'x.cfg']] }],
        capabilities: { protection: 'none' },
        simulator: { kind: 'qemu', machine: 'netduinoplus2', serial: 1 },
      }),
    );
    expect(board.build).toEqual({
      port: join(scratch, 'port'),
      script: join(scratch, 'my.ld'),
      defines: ['STUB_IDLE_WFE'],
    });
    expect(board.capabilities).toEqual({ ...CORES['Cortex-M0+'].capabilities, protection: 'none' });
    expect(board.interrupts).toEqual({ lines: [0, 81], stub: [37], coreTimer: 'clock' });
    expect(board.uart).toEqual({ kind: 'stm32-usart', addr: 0x4001_1000, clockHz: 84_000_000, maxBaud: 2_000_000 });
    expect(board).toMatchObject({ baud: 921_600, simulator: { serial: 1 }, flash: [{ program: 'openocd' }] });
  });
});

describe('a file that is none', () => {
  test('that is not there', () => {
    expect(() => readBoard(join(scratch, 'nothing.json'))).toThrow(
      expect.objectContaining({
        code: 'BOARD_FILE',
        message: `cannot read the board file ${join(scratch, 'nothing.json')}: there is no such file`,
      }),
    );
  });

  test('that is no JSON', () => {
    const { code, message } = failureOf('{ name: ');
    expect(code).toBe('BOARD_FILE');
    expect(message).toMatch(/^cannot read the board file DIR\/my-board\.json: .*JSON/);
  });

  test('that says several things wrong hears of all of them, each with its place', () => {
    const { title, ...untitled } = GOOD;
    expect(
      failureOf({
        ...untitled,
        core: 'Cortex-M5',
        heap: 1,
        regions: [{ ...FLASH, addr: 'here', acess: 'rx' }],
        flash: [{ way: 'mail' }, { way: 'program', program: 'openocd' }],
      }),
    ).toEqual({
      code: 'BOARD_RECORD',
      message: [
        'DIR/my-board.json is no board file:',
        'title is missing: it takes a title for people',
        'core is "Cortex-M5": it takes one of Cortex-M0, Cortex-M0+, Cortex-M3, Cortex-M4F, Cortex-M7, Cortex-M33, RV32IMAC, RV32IMC',
        'regions[0].addr is "here": it takes an address below 4 GiB: a number, or text as "0x20000000"',
        'regions[0].acess is not known: there are name, addr, sizeBytes, access',
        'heap is not known: there are $schema, name, title, core, image, build, regions, heapBytes, baud, uart, flash, capabilities, interrupts, simulator',
        'flash[0] is {"way":"mail"}: it takes a drive that the board shows up as, or a program that writes the image',
        'flash[1].runs is missing: it takes a list of argument lists, in which {elf}, {hex}, {bin}, {esp} and {port} are filled in',
      ].join('\n  '),
    });
  });

  test.each([
    ['a list', [], 'it is []: it takes a board'],
    [
      'a name with a space',
      { ...GOOD, name: 'my board' },
      'name is "my board": it takes a name of a-z, 0-9, "-", "_" and "."',
    ],
    ['no regions', withRegions(), 'regions is []: it takes a list of at least one region of memory'],
    [
      'a size in words',
      { ...GOOD, heapBytes: '16 KiB' },
      'heapBytes is "16 KiB": it takes bytes: a number, or text as "64K", "1M" or "0x8000"',
    ],
    ['half a baud', { ...GOOD, baud: 0.5 }, 'baud is 0.5: it takes bits a second, 300 or more'],
  ])('%s', (_, content, sentence) => {
    expect(failureOf(content)).toEqual({
      code: 'BOARD_RECORD',
      message: `DIR/my-board.json is no board file:\n  ${sentence}`,
    });
  });
});

describe('memory that cannot be so', () => {
  test('regions that overlap are named with their addresses and by how much', () => {
    expect(failureOf(withRegions(FLASH, { ...SRAM, addr: 0x0807_f000 }))).toEqual({
      code: 'BOARD_REGIONS_OVERLAP',
      message:
        'my-board.json: the regions flash (0x08000000 to 0x0807ffff) and sram (0x0807f000 to 0x08096fff) overlap by 4096 bytes',
    });
  });

  test('one region within another', () => {
    const inside = { name: 'boot', addr: 0x0800_4000, sizeBytes: '1K', access: 'rx' };
    expect(failureOf(withRegions(FLASH, SRAM, inside))).toMatchObject({
      code: 'BOARD_REGIONS_OVERLAP',
      message: expect.stringContaining('boot (0x08004000 to 0x080043ff) overlap by 1024 bytes'),
    });
  });

  test.each([
    ['flash', withRegions(SRAM), 'my-board.json: no region has access "rx": there must be one for the stub\'s code'],
    [
      'RAM',
      withRegions(FLASH),
      'my-board.json: no region has access "rwx": there must be one for code and variables of inputs',
    ],
  ])('no %s', (_, content, message) => {
    expect(failureOf(content)).toEqual({ code: 'BOARD_NO_REGION', message });
  });

  test.each([
    ['nothing', 0, 'my-board.json: region sram at 0x20000000 has no bytes'],
    ['too much', 0xe000_0001, 'my-board.json: region sram at 0x20000000 ends 1 bytes behind 4 GiB'],
  ])('a region of %s', (_, sizeBytes, message) => {
    expect(failureOf(withRegions(FLASH, { ...SRAM, sizeBytes }))).toEqual({ code: 'BOARD_REGION_SIZE', message });
  });

  test('a heap as large as all RAM', () => {
    expect(failureOf({ ...GOOD, heapBytes: '96K' })).toEqual({
      code: 'BOARD_HEAP',
      message: 'my-board.json: heapBytes is 98304, and all RAM for code and variables is 98304 bytes: make it smaller',
    });
  });
});

/** All but the one whose code is never in memory. */
const CHIPS = ALL_BOARDS.filter(({ arch }) => arch !== 'wasm32');

describe('an image that is not what the record says', () => {
  const image = (name: string) => {
    const path = join(packageRoot(), `firmware-stub/build/${name}.elf`);
    return readObject(readFileSync(path), path);
  };

  test.each(CHIPS.map((board) => [board.name, board] as const))('the image of %s fits its record', (_, board) => {
    const elf = image(board.image);
    expect(archOf(elf)).toBe(board.arch);
    expect(() => checkImage(board, elf, 'x.elf')).not.toThrow();
  });

  test('for another core', () => {
    expect(() => checkImage(findBoard('pico')!, image('microbit'), 'x.elf')).toThrow(/region of pico/);
    expect(() => checkImage(findBoard('netduinoplus2')!, image('lm3s6965evb'), 'x.elf')).toThrow(
      expect.objectContaining({
        code: 'SESSION_WRONG_CORE',
        message:
          'x.elf is for armv7-m, and netduinoplus2 has a Cortex-M4F (armv7e-m): build it for that core, or change `core` in the board file',
      }),
    );
    expect(() => checkImage(findBoard('hifive1')!, image('pico'), 'x.elf')).toThrow('x.elf is for armv6-m');
  });

  test('in memory that the record does not have', () => {
    const small = { ...findBoard('netduinoplus2')! };
    const regions = small.regions.map((region) =>
      region.access === 'rwx' ? { ...region, sizeBytes: 16 * 1024 } : region,
    );
    expect(() => checkImage({ ...small, regions }, image('netduinoplus2'), 'x.elf')).toThrow(
      expect.objectContaining({
        code: 'SESSION_IMAGE_OUTSIDE',
        message: expect.stringMatching(
          /^x\.elf: section \.bss lies from 0x20004000 to 0x2000[0-9a-f]{4}, which is within no region of netduinoplus2: its linker script and the regions of the board file must agree$/,
        ),
      }),
    );
  });

  test('a board that says it has another core, or too small an arena', () => {
    const board = findBoard('netduinoplus2')!;
    expect(() => checkHello(board, { arch: 'armv7e-m', arenaSize: 2048 })).not.toThrow();
    expect(() => checkHello(board, { arch: 'armv6-m', arenaSize: 65_536 })).toThrow(
      expect.objectContaining({
        code: 'SESSION_WRONG_CORE',
        message:
          'the board says that it is armv6-m, and netduinoplus2 has a Cortex-M4F (armv7e-m): leave --board out, or name the right one',
      }),
    );
    expect(() => checkHello(board, { arch: 'armv7e-m', arenaSize: 2044 })).toThrow(
      expect.objectContaining({
        code: 'SESSION_SMALL_ARENA',
        message:
          'netduinoplus2: the arena has 2044 bytes, and 2048 are the least that anything can be done in: make USER_STACK_SIZE in its linker script smaller, or build it with a smaller STUB_MAX_FRAME',
      }),
    );
  });
});

describe('the schema', () => {
  test('in the package is the one that files are checked against: `npm run generate` writes it', () => {
    expect(readFileSync(join(packageRoot(), SCHEMA_FILE), 'utf8')).toBe(schemaText());
  });

  test('has the properties of the type, and no others', () => {
    const properties: Record<keyof BoardFile, true> = {
      $schema: true,
      name: true,
      title: true,
      core: true,
      image: true,
      build: true,
      regions: true,
      heapBytes: true,
      baud: true,
      interrupts: true,
      uart: true,
      flash: true,
      capabilities: true,
      simulator: true,
    };
    expect(Object.keys(BOARD_SCHEMA.properties!).sort()).toEqual(Object.keys(properties).sort());
  });

  test.each(CHIPS.map((board) => [board.name, board] as const))(
    'takes what %s says of memory and flashing',
    (_, board) => {
      const { regions, flash, heapBytes, baud } = board;
      expect(checkSchema({ ...GOOD, regions, flash, heapBytes, baud }, BOARD_SCHEMA)).toEqual([]);
      expect(() => checkRegions(board, board.name)).not.toThrow();
    },
  );
});
