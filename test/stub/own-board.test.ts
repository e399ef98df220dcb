// A board that barewire knows nothing of: its file, a port and a linker script in a folder of the user's own. The port is
// that of the STM32F405, so that QEMU can play the board.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BoardFile } from '../../boards/read-board.js';
import { buildOwn, firmwareFolder } from '../../firmware-stub/build.js';
import { type FirmwareTools, findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import { openSession } from '../../host/session/open.js';

const BOARD: BoardFile = {
  name: 'my-board',
  title: 'My board',
  core: 'Cortex-M4F',
  image: 'out/my-board.elf',
  build: { port: 'port', script: 'my-board.ld' },
  regions: [
    { name: 'flash', addr: '0x08000000', sizeBytes: '1M', access: 'rx' },
    { name: 'sram', addr: '0x20000000', sizeBytes: '32K', access: 'rwx' },
  ],
  heapBytes: '4K',
  simulator: { kind: 'qemu', machine: 'netduinoplus2' },
};

let folder: string;
let file: string;
let tools: FirmwareTools;

beforeAll(() => {
  tools = findFirmwareTools();
  folder = mkdtempSync(join(tmpdir(), 'barewire-own-board-'));
  file = join(folder, 'my-board.json');
  cpSync(join(firmwareFolder(), 'port/stm32f4'), join(folder, 'port'), { recursive: true });
  const script = readFileSync(join(firmwareFolder(), 'ld/netduinoplus2.ld'), 'utf8');
  writeFileSync(join(folder, 'my-board.ld'), script.replace('LENGTH = 128K', 'LENGTH = 32K'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (content: Partial<BoardFile>): void => writeFileSync(file, JSON.stringify({ ...BOARD, ...content }));

/** What an action throws. */
async function failureOf(action: () => unknown): Promise<{ code: string; message: string }> {
  try {
    await action();
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    return { code, message: message.replaceAll(folder, 'DIR') };
  }
  throw new Error('nothing was thrown');
}

describe('a board of the user', () => {
  it('has no image before that is built: the command is named', async () => {
    write({});
    expect(await failureOf(() => openSession({ board: file }))).toEqual({
      code: 'SESSION_NO_IMAGE',
      message: 'there is no stub image DIR/out/my-board.elf: `npm run firmware -- --board DIR/my-board.json` builds it',
    });
  });

  it('is built from its folder, once, and runs C++', async () => {
    write({});
    expect(buildOwn(tools, file).built).toEqual([join(folder, 'out/my-board.elf')]);
    expect(buildOwn(tools, file).built).toEqual([]);
    const session = await openSession({ board: file });
    try {
      const result = await session.evaluate('float half(int n) { return n / 2.0f; } half(85)');
      expect(result.value).toBe('(float) 42.5');
    } finally {
      await session.close();
    }
  });

  it('with little more than the least arena there may be still has room for a function and a call', async () => {
    const script = readFileSync(join(folder, 'my-board.ld'), 'utf8');
    writeFileSync(join(folder, 'tiny.ld'), script.replace('LENGTH = 32K', 'LENGTH = 24640'));
    const tiny = { image: 'out/tiny.elf', build: { ...BOARD.build!, script: 'tiny.ld' }, heapBytes: 512 };
    write(tiny);
    buildOwn(tools, file);
    const session = await openSession({ board: file });
    try {
      expect((await session.evaluate('int twice(int n) { return 2 * n; } twice(21)')).value).toBe('(int) 42');
    } finally {
      await session.close();
    }
  });

  it('whose image is for another core is refused before anything is started', async () => {
    write({ core: 'Cortex-M3' });
    expect(await failureOf(() => openSession({ board: file }))).toMatchObject({
      code: 'SESSION_WRONG_CORE',
      message: expect.stringMatching(
        /^DIR\/out\/my-board\.elf is for armv7e-m, and my-board has a Cortex-M3 \(armv7-m\)/,
      ),
    });
  });

  it('whose regions are not those of the linker script', async () => {
    write({ regions: [BOARD.regions[0]!, { ...BOARD.regions[1]!, addr: '0x20010000' }] });
    expect(await failureOf(() => openSession({ board: file }))).toMatchObject({
      code: 'SESSION_IMAGE_OUTSIDE',
      message: expect.stringMatching(/^DIR\/out\/my-board\.elf: section \.user_stack lies from 0x20000000 to /),
    });
  });
});

describe('what is not there for building it', () => {
  it('no `build` in the file', async () => {
    const { build, ...rest } = BOARD;
    writeFileSync(file, JSON.stringify(rest));
    expect(await failureOf(() => buildOwn(tools, file))).toEqual({
      code: 'FIRMWARE_NO_PORT',
      message: 'DIR/my-board.json has no `build`: it takes {"port": FOLDER, "script": LINKER SCRIPT} (docs/porting.md)',
    });
  });

  it('no folder of that name', async () => {
    write({ build: { port: 'ports', script: 'my-board.ld' } });
    expect(await failureOf(() => buildOwn(tools, file))).toEqual({
      code: 'FIRMWARE_NO_PORT',
      message: 'DIR/ports, which DIR/my-board.json names, is not there',
    });
  });

  it('less RAM than leaves an arena: the linker says so', async () => {
    const script = readFileSync(join(folder, 'my-board.ld'), 'utf8');
    writeFileSync(join(folder, 'small.ld'), script.replace('LENGTH = 32K', 'LENGTH = 23K'));
    write({ build: { port: 'port', script: 'small.ld' } });
    expect(await failureOf(() => buildOwn(tools, file))).toMatchObject({
      code: 'FIRMWARE_BUILD_FAILED',
      message: expect.stringContaining(
        'the arena would have fewer than 2048 bytes: USER_STACK_SIZE or STUB_MAX_FRAME must be smaller',
      ),
    });
  });
});
