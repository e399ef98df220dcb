// docs/porting.md is a walk that can be taken: its files build the image of the Arduino Due, and its figures are counted.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { REAL_BOARDS } from '../../boards/index.js';
import { readBoard } from '../../boards/read-board.js';
import { readSegments } from '../../boards/sim/elf-segments.js';
import { buildOwn, firmwareFolder } from '../../firmware-stub/build.js';
import { findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import { IMAGES } from '../../firmware-stub/tools/images.js';
import { packageRoot } from '../../host/diag/package-root.js';

const page = readFileSync(join(packageRoot(), 'docs/porting.md'), 'utf8');
const block = (language: string): string => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)![1]!;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'barewire-porting-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Lines that are neither empty nor comment. */
function linesOf(path: string): number {
  const text = readFileSync(join(firmwareFolder(), path), 'utf8');
  return text
    .replace(/\/\*.*?\*\//gs, '')
    .split('\n')
    .filter((line) => line.trim() !== '').length;
}

test('every port is under 100 lines', () => {
  for (const { port } of IMAGES) expect(linesOf(`port/${port}/port.c`), port).toBeLessThan(100);
});

test('the page says how many lines the Arduino Due takes', () => {
  const [c, script] = [linesOf('port/sam3x/port.c'), linesOf('ld/arduino-due.ld')];
  expect(page).toContain(`${c} lines of C and ${script} of linker script`);
});

test('its files are those of a board, and make the image that barewire has for it', () => {
  const file = join(folder, 'my-due.json');
  writeFileSync(file, block('json'));
  writeFileSync(join(folder, 'my-due.ld'), block('ld'));
  cpSync(join(firmwareFolder(), 'port/sam3x'), join(folder, 'port'), { recursive: true });
  const board = readBoard(file);
  const due = REAL_BOARDS.find(({ name }) => name === 'arduino-due')!;
  expect(board.flash).toEqual(due.flash.slice(0, 1));
  expect(board.regions).toEqual(due.regions.filter(({ access }) => access !== 'rw'));
  const { sizes } = buildOwn(findFirmwareTools(), file);
  expect(sizes['my-due']!.flash).toBeLessThanOrEqual(4096);
  const lengths = (path: string) =>
    readSegments(readFileSync(path), path).map(({ loadAddr, bytes }) => [loadAddr, bytes.length]);
  expect(lengths(board.image)).toEqual(lengths(join(firmwareFolder(), 'build/arduino-due.elf')));
});
