// `barewire flash BOARD`: writes the stub.

import { readFileSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { BoardRecord } from '../../boards/board.js';
import { environment } from '../diag/environment.js';
import { BarewireError } from '../diag/error.js';
import { SYSTEM_FILES } from '../flash/drives.js';
import { carryOut, describePlan, writeFiles } from '../flash/flash.js';
import { convertImage, type ImageFormat } from '../flash/image-formats.js';
import { planFlash } from '../flash/plan.js';
import { boardNamed, imageOf } from '../session/board.js';

export interface FlashCommand {
  readonly with?: string;
  readonly drive?: string;
  readonly port?: string;
  readonly output?: string;
  readonly dryRun?: boolean;
}

const FORMATS: readonly string[] = ['elf', 'uf2', 'hex', 'bin', 'esp'] satisfies ImageFormat[];

/** @throws CLI_UNKNOWN_BOARD, SESSION_NO_IMAGE, FLASH_…, BOARD_… */
export async function runFlash(name: string, options: FlashCommand, print: (text: string) => void): Promise<void> {
  const board = boardNamed(name);
  const imagePath = imageOf(board);
  if (options.output !== undefined) {
    writeImage(board, imagePath, options.output);
    print(`wrote ${options.output}`);
    return;
  }
  const { path, cacheDir } = environment();
  const plan = planFlash(
    board,
    {
      imagePath,
      workDir: join(cacheDir, 'flash'),
      ...(options.with === undefined ? {} : { way: options.with }),
      ...(options.drive === undefined ? {} : { drive: options.drive }),
      ...(options.port === undefined ? {} : { port: options.port }),
    },
    { files: SYSTEM_FILES, path },
  );
  if (options.dryRun) {
    writeFiles(plan);
    for (const line of describePlan(plan)) print(line);
    return;
  }
  await carryOut(plan, { say: print, files: SYSTEM_FILES });
  print(`${board.title} is flashed. Now: barewire --port ${options.port ?? 'auto'}`);
}

function writeImage(board: BoardRecord, imagePath: string, output: string): void {
  const format = extname(output).slice(1);
  if (!FORMATS.includes(format)) {
    const text = `${output}: no image has that ending; there are ${FORMATS.map((each) => `.${each}`).join(', ')}`;
    throw new BarewireError('FLASH_FORMAT', text, { output });
  }
  const family = board.flash.find((way) => way.way === 'drive' && way.familyId !== undefined);
  if (format === 'uf2' && family === undefined) {
    throw new BarewireError('FLASH_FORMAT', `${board.name} takes no UF2: its record names no family`, { output });
  }
  const familyId = family?.way === 'drive' ? family.familyId : undefined;
  const elf = readFileSync(imagePath);
  writeFileSync(output, convertImage(elf, basename(imagePath), format as ImageFormat, familyId));
}
