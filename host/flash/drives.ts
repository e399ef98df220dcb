// Boards that show up as a drive. Which of the mounted drives is one is told by a file on it and not by the drive's name,
// which users change and systems make unique.

import { readdirSync, readFileSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import type { FlashDrive } from '../../boards/board.js';

/** The file system, as far as drives are looked for in it. */
export interface DriveFiles {
  readonly platform: NodeJS.Platform;
  /** Text of a file; undefined when it cannot be read. */
  readText(path: string): string | undefined;
  /** Names in a folder; none when it is not there. */
  list(folder: string): readonly string[];
}

/** This machine's. */
export const SYSTEM_FILES: DriveFiles = {
  platform: process.platform,
  readText(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  list(folder) {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
};

/** File systems that such drives have; the kernel's other mounts are not looked into. */
const FAT = new Set(['vfat', 'msdos', 'fuseblk', 'exfat']);

/** `/media/me/My\040Pico` → `/media/me/My Pico`. @see proc(5), fstab(5) */
const withoutEscapes = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Top folders of drives that may be a board. */
export function driveFolders({ platform, readText, list }: DriveFiles): string[] {
  switch (platform) {
    case 'win32':
      return [...'DEFGHIJKLMNOPQRSTUVWXYZ'].map((letter) => `${letter}:\\`);
    case 'darwin':
      return list('/Volumes').map((name) => `/Volumes/${name}`);
    default:
      return (readText('/proc/mounts') ?? '')
        .split('\n')
        .map((line) => line.split(' '))
        .filter(([, , type]) => type !== undefined && FAT.has(type))
        .map(([, folder]) => withoutEscapes(folder!));
  }
}

/** Path of a file on a drive. */
export function onDrive({ platform }: Pick<DriveFiles, 'platform'>, drive: string, name: string): string {
  return (platform === 'win32' ? win32 : posix).join(drive, name);
}

/** Whether a drive is a board of this kind. */
export function isDriveOf(files: DriveFiles, { marker, says }: FlashDrive, drive: string): boolean {
  return new RegExp(says).test(files.readText(onDrive(files, drive, marker)) ?? '');
}

/** Drives that are boards of this kind. */
export function findDrives(files: DriveFiles, way: FlashDrive): string[] {
  return driveFolders(files).filter((drive) => isDriveOf(files, way, drive));
}
