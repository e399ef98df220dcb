// The board that a user names: one of ours, or a file of their own.

import { existsSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import type { BoardRecord } from '../../boards/board.js';
import { ALL_BOARDS, BOARDS, findBoard, REAL_BOARDS } from '../../boards/index.js';
import { isBoardFile, type OwnBoard, readBoard } from '../../boards/read-board.js';
import { BarewireError } from '../diag/error.js';
import { packageRoot } from '../diag/package-root.js';

/** Folder with the stub images that `npm run firmware` builds. */
export function imageFolder(): string {
  return join(packageRoot(), 'firmware-stub', 'build');
}

/** @param name of one of ours, or the path of a board file
 *  @throws CLI_UNKNOWN_BOARD; BOARD_… when the file is wrong */
export function boardNamed(name: string): BoardRecord {
  const board = findBoard(name) ?? (isBoardFile(name) ? readBoard(name) : undefined);
  if (board !== undefined) return board;
  const names = (boards: readonly BoardRecord[]): string => boards.map((each) => each.name).join(', ');
  throw new BarewireError(
    'CLI_UNKNOWN_BOARD',
    `there is no board ${name}; there are ${names(BOARDS)}, on silicon ${names(REAL_BOARDS)}, and board files (./my-board.json)`,
    { name },
  );
}

/** What names a board to `boardNamed` again, from any folder. */
export function boardWord(board: BoardRecord): string {
  return fileOf(board) ?? board.name;
}

function fileOf(board: BoardRecord): string | undefined {
  return (board as Partial<OwnBoard>).file;
}

/** Path of a board's stub image.
 *  @throws SESSION_NO_IMAGE */
export function imageOf(board: BoardRecord): string {
  const { image } = board;
  const path = isAbsolute(image) ? image : join(imageFolder(), `${image}.elf`);
  if (existsSync(path)) return path;
  const file = fileOf(board);
  const command = file === undefined ? 'npm run firmware' : `npm run firmware -- --board ${file}`;
  throw new BarewireError('SESSION_NO_IMAGE', `there is no stub image ${path}: \`${command}\` builds it`, { path });
}

/** The board whose image lies at `path`: the one of silicon, for it is a port that was given. */
export function boardOfImagePath(path: string): BoardRecord {
  return [...REAL_BOARDS, ...ALL_BOARDS].find((board) => basename(path) === `${board.image}.elf`)!;
}
