// Finds the libraries of arm-none-eabi GCC: clang compiles, but the C and C++ libraries are GCC's. Three layouts
// are in use, all known by looking, so that no process is started:
//
//                 Debian                              Arm GNU toolchain, Homebrew, Fedora, Arch (PREFIX)
//   libgcc        /usr/lib/gcc/arm-none-eabi/VER      PREFIX/lib/gcc/arm-none-eabi/VER
//   newlib        /usr/lib/arm-none-eabi/newlib       PREFIX/arm-none-eabi/lib
//   its headers   /usr/include/newlib                 PREFIX/arm-none-eabi/include
//   nano's        …/nano                              …/newlib-nano
//   libstdc++     …/c++/VER, …/c++/VER/arm-none-eabi/MULTILIB (archives beside newlib's)
//
// Where none of them fits, `arm-none-eabi-gcc -print-…` is asked.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram, foldersOf, realFile } from './find-llvm.js';

const TARGET = 'arm-none-eabi';
const ASK_TIMEOUT_MS = 10_000;

/** Where GCC's libraries are. A folder that is absent is `undefined`. */
export interface GccLibraries {
  /** `12.2.1` */
  readonly version: string | undefined;
  /** Folder of libgcc, above the multilib. */
  readonly gccDir: string | undefined;
  /** Folder of libc, libm and libstdc++, above the multilib. */
  readonly libDir: string | undefined;
  /** newlib's headers. */
  readonly includeDir: string | undefined;
  /** Headers that configure newlib-nano; they go before newlib's. */
  readonly nanoIncludeDir: string | undefined;
  /** libstdc++'s headers. */
  readonly cxxIncludeDir: string | undefined;
}

/** Looks for the libraries in the usual prefixes, or in `prefixes` alone if given. */
export function findGcc(path: readonly string[], prefixes = usualPrefixes(path)): GccLibraries {
  let best: GccLibraries | undefined;
  for (const prefix of prefixes) {
    const found = inspectPrefix(prefix);
    if (found === undefined) continue;
    if (isWhole(found)) return found;
    best ??= found;
  }
  const gcc = best === undefined ? findProgram(`${TARGET}-gcc`, path) : undefined;
  return best ?? (gcc === undefined ? NOTHING : askGcc(gcc));
}

const NOTHING: GccLibraries = {
  version: undefined,
  gccDir: undefined,
  libDir: undefined,
  includeDir: undefined,
  nanoIncludeDir: undefined,
  cxxIncludeDir: undefined,
};

function isWhole(found: GccLibraries): boolean {
  return found.libDir !== undefined && found.includeDir !== undefined && found.cxxIncludeDir !== undefined;
}

function usualPrefixes(path: readonly string[]): string[] {
  const gcc = findProgram(`${TARGET}-gcc`, path);
  const real = gcc === undefined ? undefined : realFile(gcc);
  const versioned = [
    '/Applications/ArmGNUToolchain',
    'C:\\Program Files (x86)\\Arm GNU Toolchain arm-none-eabi',
    'C:\\Program Files\\Arm GNU Toolchain arm-none-eabi',
  ].flatMap((folder) =>
    foldersOf(folder)
      .sort(newestFirst)
      .flatMap((each) => [join(folder, each, TARGET), join(folder, each)]),
  );
  const all = [
    ...(real === undefined ? [] : [dirname(dirname(real))]),
    '/usr',
    '/usr/local',
    '/opt/homebrew',
    ...versioned,
  ];
  return [...new Set(all)];
}

function inspectPrefix(prefix: string): GccLibraries | undefined {
  const gccRoot = [join(prefix, 'lib', 'gcc', TARGET), join(prefix, 'lib64', 'gcc', TARGET)].find(existsSync);
  const [version] = gccRoot === undefined ? [] : foldersOf(gccRoot).filter(isVersion).sort(newestFirst);
  if (gccRoot === undefined || version === undefined) return undefined;
  return librariesAt(version, join(gccRoot, version), [
    { lib: join(prefix, 'lib', TARGET, 'newlib'), include: join(prefix, 'include', 'newlib') },
    { lib: join(prefix, TARGET, 'lib'), include: join(prefix, TARGET, 'include') },
    { lib: join(prefix, 'lib', TARGET, 'lib'), include: join(prefix, 'lib', TARGET, 'include') },
  ]);
}

function librariesAt(
  version: string,
  gccDir: string,
  places: readonly { readonly lib: string; readonly include: string }[],
): GccLibraries {
  const includeDir = places.map((place) => place.include).find((dir) => existsSync(join(dir, 'stdio.h')));
  const below = (...names: string[]): string | undefined =>
    includeDir === undefined ? undefined : names.map((name) => join(includeDir, name)).find(existsSync);
  const cxxRoot = below('c++');
  const cxxVersion = cxxRoot === undefined ? undefined : pickVersion(foldersOf(cxxRoot), version);
  return {
    version,
    gccDir,
    libDir: places.map((place) => place.lib).find((dir) => existsSync(join(dir, 'libc.a'))),
    includeDir,
    nanoIncludeDir: below('nano', 'newlib-nano'),
    cxxIncludeDir: cxxRoot === undefined || cxxVersion === undefined ? undefined : join(cxxRoot, cxxVersion),
  };
}

function askGcc(gcc: string): GccLibraries {
  const answer = (argument: string): string =>
    (spawnSync(gcc, [argument], { encoding: 'utf8', timeout: ASK_TIMEOUT_MS, windowsHide: true }).stdout ?? '').trim();
  const version = answer('-dumpfullversion');
  const gccDir = dirname(answer('-print-libgcc-file-name'));
  const sysroot = answer('-print-sysroot');
  if (!isVersion(version) || sysroot === '') return NOTHING;
  return librariesAt(version, gccDir, [{ lib: join(sysroot, 'lib'), include: join(sysroot, 'include') }]);
}

function pickVersion(names: readonly string[], version: string): string | undefined {
  const versions = names.filter(isVersion).sort(newestFirst);
  return versions.find((name) => name === version) ?? versions[0];
}

function isVersion(name: string): boolean {
  return /^\d+(\.\d+)*$/.test(name);
}

function newestFirst(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true });
}
