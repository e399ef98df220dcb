// The compiler, linker and archiver that build the images: those that compile inputs (host/toolchain), so that one
// search knows where LLVM may be and which of its versions are too old.

import { spawnSync } from 'node:child_process';
import { environment } from '../../host/diag/environment.js';
import {
  type ClangSearch,
  findClang,
  findLlvmTool,
  findProgram,
  OLDEST_CLANG,
} from '../../host/toolchain/find-llvm.js';
import { FirmwareError } from './error.js';

/** Paths of the programs, and the version line of the compiler (part of what decides whether to build again). */
export interface FirmwareTools {
  readonly clang: string;
  readonly lld: string;
  readonly ar: string;
  readonly version: string;
}

/** What was found on this machine. */
export interface Found {
  readonly search: ClangSearch;
  readonly lld: string | undefined;
  readonly ar: string | undefined;
}

/** Finds all three programs.
 *  @param wanted a compiler to use instead of looking for one
 *  @throws FIRMWARE_NO_CLANG, FIRMWARE_NO_LLD, FIRMWARE_NO_AR naming the package to install */
export function findFirmwareTools(wanted?: string): FirmwareTools {
  const { path, clang } = environment();
  const search = findClang(wanted ?? clang, path);
  const tool = (name: string): string | undefined => findLlvmTool(name, search.clang, path);
  return toolsOf({ search, lld: tool('ld.lld'), ar: tool('llvm-ar') ?? findProgram('arm-none-eabi-ar', path) });
}

/** The tools, when all were found.
 *  @throws as `findFirmwareTools` */
export function toolsOf({ search, lld, ar }: Found): FirmwareTools {
  if (search.clang === undefined) {
    throw new FirmwareError('FIRMWARE_NO_CLANG', `${search.reason}; try: apt install clang lld, or --clang PATH`);
  }
  const { path, major } = search.clang;
  if (lld === undefined) {
    throw new FirmwareError(
      'FIRMWARE_NO_LLD',
      `no ld.lld ${OLDEST_CLANG} or newer beside ${path}; try: apt install lld-${major}`,
    );
  }
  if (ar === undefined) {
    throw new FirmwareError(
      'FIRMWARE_NO_AR',
      `neither llvm-ar ${OLDEST_CLANG} or newer nor arm-none-eabi-ar was found; try: apt install llvm-${major}`,
    );
  }
  const version = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 }).stdout?.split('\n')[0] ?? '';
  return { clang: path, lld, ar, version };
}
