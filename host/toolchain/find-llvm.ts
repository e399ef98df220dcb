// Finds clang and its companions without starting a process: start-up time counts. The real binary stands
// beside its resource folder, whose name is the major version:
//
//   /usr/bin/clang-19 → /usr/lib/llvm-19/bin/clang     /usr/lib/llvm-19/lib/clang/19/include
//
// Only where that does not hold is clang asked.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Oldest clang that has `-fincremental-extensions`. */
export const OLDEST_CLANG = 16;
const NEWEST_NAMED = 23;
const EXE = process.platform === 'win32' ? '.exe' : '';
const ASK_TIMEOUT_MS = 10_000;

/** A clang on this machine. */
export interface Clang {
  /** The real binary. */
  readonly path: string;
  readonly major: number;
  /** Changes whenever the binary does: path, size and time of change. Part of cache keys. */
  readonly identity: string;
  /** clang's own headers (`stddef.h`, `arm_acle.h`). */
  readonly resourceIncludeDir: string;
}

/** A clang that was found, or why none was. */
export type ClangSearch = { readonly clang: Clang } | { readonly clang: undefined; readonly reason: string };

/** Looks for a usable clang: `wanted` alone if given, else the folders of `path`, else usual install folders. */
export function findClang(wanted: string | undefined, path: readonly string[]): ClangSearch {
  const candidates = wanted === undefined ? usualCandidates('clang', path) : [resolveName(wanted, path)];
  const refused: string[] = [];
  for (const candidate of candidates) {
    const file = realFile(candidate);
    if (file === undefined) {
      if (wanted !== undefined) refused.push(`${wanted} is not there`);
      continue;
    }
    const clang = inspect(file);
    if (clang === undefined) refused.push(`${candidate} does not say its version`);
    else if (clang.major < OLDEST_CLANG) refused.push(`${candidate} is version ${clang.major}`);
    else return { clang };
  }
  const seen = [...new Set(refused)].join('; ');
  return { clang: undefined, reason: `no clang ${OLDEST_CLANG} or newer${seen === '' ? '' : ` (${seen})`}` };
}

/** Finds a program that ships with LLVM, such as `ld.lld`: beside clang first, then as for clang. Those of an LLVM that
 *  is too old, as a distribution's plain names may be, are passed over. */
export function findLlvmTool(name: string, clang: Clang | undefined, path: readonly string[]): string | undefined {
  const beside = clang === undefined ? [] : [join(dirname(clang.path), name + EXE)];
  return [...beside, ...usualCandidates(name, path)].find((file) => isFile(file) && !isOld(file));
}

/** `/usr/bin/llvm-ar` → `/usr/lib/llvm-14/bin/llvm-ar` */
function isOld(file: string): boolean {
  const major = /[/\\]llvm-(\d+)[/\\]/.exec(realFile(file) ?? '')?.[1];
  return major !== undefined && Number(major) < OLDEST_CLANG;
}

/** Finds `name` in the folders of `path` or in `folders`. */
export function findProgram(
  name: string,
  path: readonly string[],
  folders: readonly string[] = [],
): string | undefined {
  return [...path, ...folders].map((folder) => join(folder, name + EXE)).find(isFile);
}

/** The file behind links, or `undefined` when there is none. */
export function realFile(file: string): string | undefined {
  try {
    return isFile(file) ? realpathSync(file) : undefined;
  } catch {
    return undefined;
  }
}

function usualCandidates(name: string, path: readonly string[]): string[] {
  const majors: number[] = [];
  for (let major = NEWEST_NAMED; major >= OLDEST_CLANG; major--) majors.push(major);
  const names = [name, ...majors.map((major) => `${name}-${major}`)];
  const onPath = names.flatMap((each) => path.map((folder) => join(folder, each + EXE)));
  const folders = [
    ...majors.map((major) => `/usr/lib/llvm-${major}/bin`),
    ...majors.map((major) => `/usr/lib64/llvm${major}/bin`),
    '/opt/homebrew/opt/llvm/bin',
    '/opt/homebrew/opt/lld/bin',
    '/usr/local/opt/llvm/bin',
    '/usr/local/opt/lld/bin',
    'C:\\Program Files\\LLVM\\bin',
  ];
  return [...onPath, ...folders.map((folder) => join(folder, name + EXE))];
}

function resolveName(name: string, path: readonly string[]): string {
  return /[\\/]/.test(name) ? name : (findProgram(name, path) ?? name);
}

function inspect(file: string): Clang | undefined {
  const { size, mtimeMs } = statSync(file);
  const identity = `${file} ${size} ${mtimeMs}`;
  const prefix = dirname(dirname(file));
  for (const lib of [join(prefix, 'lib', 'clang'), join(dirname(dirname(prefix)), 'lib', 'clang')]) {
    const majors = foldersOf(lib).filter((name) => /^\d+(\.|$)/.test(name));
    const named = /-(\d+)(\.exe)?$/.exec(basename(file))?.[1];
    const version = majors.length === 1 ? majors[0] : majors.find((name) => name.split('.')[0] === named);
    if (version === undefined) continue;
    const resourceIncludeDir = join(lib, version, 'include');
    if (existsSync(join(resourceIncludeDir, 'stddef.h'))) {
      return { path: file, major: Number.parseInt(version, 10), identity, resourceIncludeDir };
    }
  }
  return ask(file, identity);
}

function ask(file: string, identity: string): Clang | undefined {
  const answer = (argument: string): string =>
    spawnSync(file, [argument], { encoding: 'utf8', timeout: ASK_TIMEOUT_MS, windowsHide: true }).stdout ?? '';
  const major = /clang version (\d+)\./.exec(answer('--version'))?.[1];
  if (major === undefined) return undefined;
  const resourceIncludeDir = join(answer('-print-resource-dir').trim(), 'include');
  return { path: file, major: Number(major), identity, resourceIncludeDir };
}

// A folder of PATH that we may not look into holds nothing for us.
function isFile(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return false;
  }
}

/** Names of the folders in `folder`; none when it is not there. */
export function foldersOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
