// What is to be done to get a stub image onto a board: the first of its ways that is open on this machine, or the one
// that was asked for. A plan is data, so that it can be shown before anything is done.

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BoardRecord, FlashDrive, FlashProgram, FlashWay } from '../../boards/board.js';
import { BarewireError } from '../diag/error.js';
import { packageManagerFor } from '../toolchain/toolchain.js';
import { type DriveFiles, findDrives, isDriveOf, onDrive } from './drives.js';
import { convertImage, type ImageFormat } from './image-formats.js';
import { installHint, locate } from './programs.js';

/** What `barewire flash` was told beside the board. */
export interface FlashRequest {
  /** ELF file of the stub. */
  readonly imagePath: string;
  /** Folder for the image in other formats. */
  readonly workDir: string;
  /** Way to take: `drive`, or the name of a program. */
  readonly way?: string;
  /** Folder of the board's drive. */
  readonly drive?: string;
  readonly port?: string;
}

/** The machine that flashes. */
export interface FlashMachine {
  readonly files: DriveFiles;
  /** Folders of PATH. */
  readonly path: readonly string[];
}

export type FlashStep =
  | {
      readonly step: 'copy';
      readonly bytes: Uint8Array;
      readonly to: string;
      readonly drive: string;
      readonly way: FlashDrive;
    }
  | { readonly step: 'run'; readonly program: string; readonly args: readonly string[] };

export interface FlashPlan {
  /** Files to write first. */
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  readonly steps: readonly FlashStep[];
  /** Better ways, and why they are not open: for whoever finds that this one fails. */
  readonly passed: readonly string[];
}

/** `drive`, or the program's name: what `--with` takes. */
export function nameOf(way: FlashWay): string {
  return way.way === 'drive' ? 'drive' : way.program;
}

/** A command as one would type it. */
export function commandText(program: string, args: readonly string[]): string {
  return [program, ...args].map((word) => (/^[\w@%+=:,./\\{}-]+$/.test(word) ? word : `"${word}"`)).join(' ');
}

const PLACEHOLDER = /\{(elf|hex|bin|esp|port)\}/g;

/** Arguments with their placeholders filled in. */
export function fillIn(args: readonly string[], fill: (name: string) => string): string[] {
  return args.map((arg) => arg.replace(PLACEHOLDER, (_, name: string) => fill(name)));
}

function needsPort({ runs }: FlashProgram): boolean {
  return runs.flat().some((arg) => arg.includes('{port}'));
}

/** Why a way is not open; undefined when it is. */
function obstacle(way: FlashWay, request: FlashRequest, machine: FlashMachine): string | undefined {
  if (way.way === 'drive') {
    if (request.drive !== undefined || findDrives(machine.files, way).length > 0) return undefined;
    return `no drive of it is there: ${way.hint}`;
  }
  if (locate(way.program, machine.path) === undefined) {
    return `it is not installed: ${installHint(way.program, packageManagerFor(machine.files.platform, machine.path))}`;
  }
  return needsPort(way) && request.port === undefined ? 'say where the board is with --port PATH' : undefined;
}

interface Choice {
  readonly way: FlashWay;
  readonly passed: readonly string[];
}

function chooseWay(board: BoardRecord, request: FlashRequest, machine: FlashMachine): Choice {
  const { name, flash, simulator } = board;
  if (flash.length === 0) {
    const why = simulator === undefined ? 'its record has no `flash`' : 'its simulator starts the image';
    throw new BarewireError('FLASH_NOTHING', `nothing is flashed on ${name}: ${why}`, { name });
  }
  const wanted = flash.filter((way) => request.way === undefined || nameOf(way) === request.way);
  if (wanted.length === 0) {
    const text = `${name} is not flashed with ${request.way}; there are ${flash.map(nameOf).join(', ')}`;
    throw new BarewireError('FLASH_UNKNOWN_WAY', text, { name, way: request.way });
  }
  const obstacles = wanted.map((way) => ({ way, why: obstacle(way, request, machine) }));
  const lines = obstacles.map(({ way, why }) => `  ${nameOf(way)}: ${why}`);
  const open = obstacles.findIndex(({ why }) => why === undefined);
  if (open >= 0) return { way: obstacles[open]!.way, passed: lines.slice(0, open) };
  throw new BarewireError('FLASH_NO_WAY', [`${name} cannot be flashed from here yet:`, ...lines].join('\n'), { name });
}

function driveOf(way: FlashDrive, { drive }: FlashRequest, { files }: FlashMachine): string {
  if (drive !== undefined) {
    if (isDriveOf(files, way, drive)) return drive;
    const text = `${drive} is not the drive of such a board: ${way.marker} with "${way.says}" is not on it`;
    throw new BarewireError('FLASH_WRONG_DRIVE', text, { drive });
  }
  const [found, ...more] = findDrives(files, way);
  if (found !== undefined && more.length === 0) return found;
  const text = `several such boards are connected: ${[found, ...more].join(', ')}; choose one with --drive FOLDER`;
  throw new BarewireError('FLASH_MANY_DRIVES', text, { drives: [found, ...more] });
}

/** What to do on this machine.
 *  @throws FLASH_NOTHING, FLASH_UNKNOWN_WAY, FLASH_NO_WAY, FLASH_WRONG_DRIVE, FLASH_MANY_DRIVES; BOARD_IMAGE */
export function planFlash(board: BoardRecord, request: FlashRequest, machine: FlashMachine): FlashPlan {
  const { way, passed } = chooseWay(board, request, machine);
  const elf = readFileSync(request.imagePath);
  const base = basename(request.imagePath, '.elf');
  const convert = (format: ImageFormat, familyId?: number): Uint8Array =>
    convertImage(elf, basename(request.imagePath), format, familyId);
  if (way.way === 'drive') {
    const drive = driveOf(way, request, machine);
    const to = onDrive(machine.files, drive, `${base}.${way.format}`);
    const bytes = convert(way.format, way.familyId);
    return { files: [], steps: [{ step: 'copy', bytes, to, drive, way }], passed };
  }
  const files = new Map<string, Uint8Array>();
  const pathOf = (name: string): string => {
    if (name === 'port') return request.port!;
    if (name === 'elf') return request.imagePath;
    const path = join(request.workDir, `${base}.${name}`);
    files.set(path, convert(name as ImageFormat));
    return path;
  };
  const program = locate(way.program, machine.path)!;
  const steps = way.runs.map((args): FlashStep => ({ step: 'run', program, args: fillIn(args, pathOf) }));
  return { files: [...files].map(([path, bytes]) => ({ path, bytes })), steps, passed };
}
