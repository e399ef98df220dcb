// `npm run firmware`: builds every stub image and support archive that is not up to date, and prints what each
// image costs beside what it cost on main.
//
//   --check        exit 1 if an image is above its limits
//   --accept       record the sizes in sizes.json, and docs/boards.md, which shows them
//   --quiet        no table
//   --clang PATH   the compiler to use
//   --only wasm    the image for clang from npm alone, which builds it
//   --board FILE   the image of this board file alone

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readBoard } from '../boards/read-board.js';
import { BoardError } from '../boards/sim/errors.js';
import { boardsPage } from '../host/cli/boards.js';
import { buildImage, buildSupport } from './tools/compile.js';
import { FirmwareError } from './tools/error.js';
import { type FirmwareTools, findFirmwareTools } from './tools/find-tools.js';
import { IMAGES, ownImageRow, SUPPORTS } from './tools/images.js';
import { measureLibrary } from './tools/library.js';
import { formatSizes, overLimit, readSizes, type SizeTable } from './tools/sizes.js';
import { buildWasm } from './tools/wasm-image.js';

/** The folder `firmware-stub` with the C sources, seen from here or from the compiled file in `dist`. */
export function firmwareFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'firmware-stub/core'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('firmware-stub/core not found in any folder above this file');
    folder = parent;
  }
  return join(folder, 'firmware-stub');
}

/** Builds what is not up to date.
 *  @returns sizes by image, and the names of what had to be built
 *  @throws FIRMWARE_… if a tool is missing or fails */
export function buildFirmware(tools: FirmwareTools, folder = firmwareFolder()): { sizes: SizeTable; built: string[] } {
  const built: string[] = [];
  const sizes: Record<string, ReturnType<typeof readSizes>> = {};
  for (const row of IMAGES) {
    const image = buildImage(folder, row, tools);
    if (image.built) built.push(row.name);
    sizes[row.name] = readSizes(readFileSync(image.path), image.path);
  }
  for (const row of SUPPORTS) {
    if (buildSupport(folder, row, tools).built) built.push(`libbarewire.a for ${row.multilib}`);
  }
  return { sizes, built };
}

/** Builds the image of a board file.
 *  @throws BOARD_… when the file is wrong, FIRMWARE_NO_PORT when it says nothing of what its image is built of */
export function buildOwn(
  tools: FirmwareTools,
  file: string,
  folder = firmwareFolder(),
): { sizes: SizeTable; built: string[] } {
  const board = readBoard(file);
  const row = ownImageRow(board);
  if (row === undefined) {
    const text = `${file} has no \`build\`: it takes {"port": FOLDER, "script": LINKER SCRIPT} (docs/porting.md)`;
    throw new FirmwareError('FIRMWARE_NO_PORT', text);
  }
  for (const path of [board.build!.port, board.build!.script]) {
    if (!existsSync(path)) throw new FirmwareError('FIRMWARE_NO_PORT', `${path}, which ${file} names, is not there`);
  }
  const { path, built } = buildImage(folder, row, tools);
  return { sizes: { [row.name]: readSizes(readFileSync(path), path) }, built: built ? [path] : [] };
}

/** The sizes recorded on main, or in the working tree where there is no git. */
function recordedSizes(folder: string): SizeTable {
  const shown = spawnSync('git', ['show', 'main:./sizes.json'], { cwd: folder, encoding: 'utf8' });
  const file = join(folder, 'sizes.json');
  const text = shown.status === 0 ? shown.stdout : existsSync(file) ? readFileSync(file, 'utf8') : '{}';
  return JSON.parse(text) as SizeTable;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean' },
      accept: { type: 'boolean' },
      quiet: { type: 'boolean' },
      clang: { type: 'string' },
      board: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const folder = firmwareFolder();
  if (values.only === 'wasm') {
    const made = await buildWasm(folder);
    if (made === undefined)
      throw new FirmwareError('FIRMWARE_NO_CLANG', 'clang from npm (@yowasp/clang) is not installed');
    if (!values.quiet) console.log(made.length === 0 ? 'all is up to date' : `built ${made.join(', ')}`);
    return 0;
  }
  const tools = findFirmwareTools(values.clang);
  const own = values.board;
  const { sizes: images, built } = own === undefined ? buildFirmware(tools, folder) : buildOwn(tools, own, folder);
  const asked = own === undefined && (!values.quiet || values.check || values.accept);
  const sizes = { ...images, ...(asked ? measureLibrary(folder) : {}) };
  if (own === undefined) built.push(...((await buildWasm(folder)) ?? []));
  if (!values.quiet) {
    console.log(built.length === 0 ? 'all images are up to date' : `built ${built.join(', ')}`);
    console.log(formatSizes(sizes, recordedSizes(folder)));
  }
  if (values.accept && own === undefined) {
    writeFileSync(join(folder, 'sizes.json'), `${JSON.stringify(sizes, null, 2)}\n`);
    writeFileSync(join(folder, '../docs/boards.md'), boardsPage());
  }
  const complaints = overLimit(sizes);
  for (const complaint of complaints) console.error(complaint);
  return values.check && complaints.length > 0 ? 1 : 0;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof FirmwareError || error instanceof BoardError)) throw error;
    console.error(`${error.code}: ${error.message}`);
    process.exitCode = 1;
  }
}
