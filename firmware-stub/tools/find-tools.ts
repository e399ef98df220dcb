// Finds the compiler, linker and archiver that build the images: plain names first, then versioned ones as
// Debian installs them. Version 16 is the oldest that the rest of barewire can use, so the stub asks for it too.

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { FirmwareError } from './error.js';

const OLDEST_CLANG = 16;
const NEWEST_NAMED = 22;

/** Paths of the programs, and the version line of the compiler (part of what decides whether to build again). */
export interface FirmwareTools {
  readonly clang: string;
  readonly lld: string;
  readonly ar: string;
  readonly version: string;
}

/** `name`, then `name-22` … `name-16`. */
function spellings(name: string): string[] {
  const names = [name];
  for (let version = NEWEST_NAMED; version >= OLDEST_CLANG; version--) names.push(`${name}-${version}`);
  return names;
}

/** Full path of a program, given by name (looked up in `searchPath`) or by path. */
function locate(name: string, searchPath: string): string | undefined {
  const candidates = isAbsolute(name) ? [name] : searchPath.split(delimiter).map((folder) => join(folder, name));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The line in which a clang that is new enough tells its version; undefined for any other program. */
function clangVersion(path: string): string | undefined {
  const result = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const line = result.stdout?.split('\n')[0];
  const major = Number(/clang version (\d+)/.exec(line ?? '')?.[1] ?? 0);
  return major >= OLDEST_CLANG ? line : undefined;
}

/** Finds all three programs.
 *  @param options.clang a compiler to use instead of looking for one
 *  @throws FIRMWARE_NO_CLANG, FIRMWARE_NO_LLD, FIRMWARE_NO_AR naming the package to install */
export function findFirmwareTools(options: { clang?: string; path?: string } = {}): FirmwareTools {
  const searchPath = options.path ?? process.env.PATH ?? '';
  for (const name of options.clang === undefined ? spellings('clang') : [options.clang]) {
    const clang = locate(name, searchPath);
    const version = clang === undefined ? undefined : clangVersion(clang);
    if (clang === undefined || version === undefined) continue;
    const major = /clang version (\d+)/.exec(version)![1]!;
    const first = (names: readonly string[]) => names.map((each) => locate(each, searchPath)).find((path) => path);
    const lld = first([`ld.lld-${major}`, ...spellings('ld.lld')]);
    if (lld === undefined) {
      throw new FirmwareError('FIRMWARE_NO_LLD', `no ld.lld beside ${clang}; try: apt install lld-${major}`);
    }
    const ar = first([`llvm-ar-${major}`, ...spellings('llvm-ar'), 'arm-none-eabi-ar']);
    if (ar === undefined) {
      throw new FirmwareError(
        'FIRMWARE_NO_AR',
        `neither llvm-ar nor arm-none-eabi-ar was found; try: apt install binutils-arm-none-eabi`,
      );
    }
    return { clang, lld, ar, version };
  }
  throw new FirmwareError(
    'FIRMWARE_NO_CLANG',
    `${options.clang ?? 'clang'} of version ${OLDEST_CLANG} or newer was not found; try: apt install clang lld, or --clang PATH`,
  );
}
