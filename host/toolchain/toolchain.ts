// What this machine has for compiling, linking and simulating, and what it lacks. The result is data: doctor
// prints it, set-up installs what is missing, a session refuses to start without what it needs.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BoardRecord } from '../../boards/board.js';
import { environment } from '../diag/environment.js';
import { BarewireError } from '../diag/error.js';
import { findGcc, type GccLibraries } from './find-gcc.js';
import { type Clang, findClang, findLlvmTool, findProgram } from './find-llvm.js';
import { findPicolibc, type PicolibcLibraries } from './find-picolibc.js';
import { type PackageManager, type Piece, REMEDIES, type Remedy } from './remedies.js';

/** A piece that is not there. */
export interface Missing {
  readonly piece: Piece;
  /** For people: `no libc_nano.a for thumb/v6-m/nofp in /usr/lib/arm-none-eabi/newlib`. */
  readonly reason: string;
  readonly remedy: Remedy;
}

/** What was found. `includeDirs` and `archiveDirs` are complete only for a search with a board. */
export interface Toolchain {
  readonly clang: Clang | undefined;
  readonly lld: string | undefined;
  readonly llvmAr: string | undefined;
  readonly gccVersion: string | undefined;
  /** System header folders in the order of search: newlib-nano's, libstdc++'s, clang's own, newlib's. */
  readonly includeDirs: readonly string[];
  /** Folders of `libc_nano.a`, `libm.a`, `libstdc++_nano.a` and of `libgcc.a`, for the board's multilib. */
  readonly archiveDirs: readonly string[];
  readonly qemu: string | undefined;
  readonly missing: readonly Missing[];
}

/** Where to look; all of it has defaults. */
export interface ToolchainOptions {
  /** `--clang`; else BAREWIRE_CLANG, else what is found. */
  readonly clang?: string | undefined;
  /** Folders of PATH. */
  readonly path?: readonly string[];
  /** Prefixes of GCC's libraries, in place of the usual ones. */
  readonly gccPrefixes?: readonly string[];
  /** The same for picolibc and its libgcc. */
  readonly picolibcPrefixes?: readonly string[];
}

/** Pieces that a session on a board for the native clang cannot do without. */
export const NEEDED: ReadonlySet<Piece> = new Set(['clang', 'gcc', 'newlib', 'libstdc++', 'riscv-gcc', 'picolibc']);

/** Looks at the machine; starts no process in the usual layouts.
 *  @param board whose multilib is wanted; without it only the folders above the multilibs are judged */
export function findToolchain(board?: BoardRecord, options: ToolchainOptions = {}): Toolchain {
  const env = environment();
  const path = options.path ?? env.path;
  const search = findClang(options.clang ?? env.clang, path);
  const clang = search.clang;
  const lld = findLlvmTool('ld.lld', clang, path);
  const llvmAr = findLlvmTool('llvm-ar', clang, path);
  const simulator = board?.simulator?.kind === 'qemu' ? (board.simulator.program ?? QEMU_ARM) : QEMU_ARM;
  const qemu = findProgram(simulator, path, ['/opt/homebrew/bin', 'C:\\Program Files\\qemu']);
  const gcc = options.gccPrefixes === undefined ? findGcc(path) : findGcc(path, [...options.gccPrefixes]);

  const missing: Missing[] = [];
  const miss = (piece: Piece, reason: string): void => {
    missing.push({ piece, reason, remedy: REMEDIES[piece] });
  };
  if (search.clang === undefined) miss('clang', search.reason);
  if (lld === undefined) miss('lld', 'no ld.lld');
  if (llvmAr === undefined) miss('llvm-ar', 'no llvm-ar');
  if (qemu === undefined) miss(simulator === QEMU_ARM ? 'qemu' : 'qemu-riscv', `no ${simulator}`);
  const picolibc = board?.libc === 'picolibc' ? findPicolibc(options.picolibcPrefixes) : undefined;
  // clang from npm brings its own (find-yowasp.ts).
  if (board?.libc === 'wasi') {
    return { clang, lld, llvmAr, gccVersion: gcc.version, includeDirs: [], archiveDirs: [], qemu, missing };
  }
  const archiveDirs =
    picolibc === undefined ? findArchives(gcc, board, miss) : findPicolibcArchives(picolibc, board, miss);
  const includeDirs = findHeaders(gcc, clang, board, picolibc, miss);
  return { clang, lld, llvmAr, gccVersion: gcc.version, includeDirs, archiveDirs, qemu, missing };
}

const QEMU_ARM = 'qemu-system-arm';

type Miss = (piece: Piece, reason: string) => void;

/** Collects the folders of archives, and notes those that are not there. */
function archiveFinder(multilib: string, miss: Miss) {
  const dirs: string[] = [];
  const need = (piece: Piece, name: string, dir: string | undefined): void => {
    if (dir === undefined) miss(piece, `no ${name}`);
    else if (!existsSync(join(dir, multilib, name))) miss(piece, `no ${name} for ${multilib || 'any board'} in ${dir}`);
    else dirs.push(join(dir, multilib));
  };
  return { dirs, need };
}

function findArchives(gcc: GccLibraries, board: BoardRecord | undefined, miss: Miss): string[] {
  const { dirs, need } = archiveFinder(board?.multilib ?? '', miss);
  need('newlib', 'libc_nano.a', gcc.libDir);
  need('libstdc++', 'libstdc++_nano.a', gcc.libDir);
  need('gcc', 'libgcc.a', gcc.gccDir);
  return [...new Set(dirs)];
}

function findPicolibcArchives(found: PicolibcLibraries, board: BoardRecord | undefined, miss: Miss): string[] {
  const { dirs, need } = archiveFinder(board?.multilib ?? '', miss);
  need('picolibc', 'libc.a', found.libDir);
  need('riscv-gcc', 'libgcc.a', found.gccDir);
  return dirs;
}

/** Of libstdc++'s settings for Arm, those that picolibc's cores use too. */
const SHARED_SETTINGS = 'thumb/v7-m/nofp';

function findHeaders(
  gcc: GccLibraries,
  clang: Clang | undefined,
  board: BoardRecord | undefined,
  picolibc: PicolibcLibraries | undefined,
  miss: Miss,
): string[] {
  const settings = picolibc === undefined ? board?.multilib : SHARED_SETTINGS;
  const libc = picolibc === undefined ? gcc.includeDir : picolibc.includeDir;
  if (libc === undefined) miss(picolibc === undefined ? 'newlib' : 'picolibc', 'no headers of the C library (stdio.h)');
  const dirs: (string | undefined)[] = [picolibc === undefined ? gcc.nanoIncludeDir : undefined, gcc.cxxIncludeDir];
  if (gcc.cxxIncludeDir === undefined) miss('libstdc++', 'no libstdc++ headers (vector)');
  else if (settings !== undefined) {
    const target = join(gcc.cxxIncludeDir, 'arm-none-eabi', settings);
    if (!existsSync(target)) miss('libstdc++', `no libstdc++ headers for ${settings} in ${gcc.cxxIncludeDir}`);
    dirs.push(target, join(gcc.cxxIncludeDir, 'backward'));
  }
  dirs.push(clang?.resourceIncludeDir, libc);
  return dirs.filter((dir) => dir !== undefined);
}

/** The package manager a machine of this kind has. */
export function packageManagerFor(platform: NodeJS.Platform, path = environment().path): PackageManager {
  if (platform === 'darwin') return 'brew';
  if (platform === 'win32') return 'winget';
  return findProgram('apt-get', path) === undefined && findProgram('dnf', path) !== undefined ? 'dnf' : 'apt';
}

/** Throws unless everything is there that compiling and linking for the board need.
 *  @throws TOOLCHAIN_MISSING with the commands that mend it */
export function requireToolchain(toolchain: Toolchain): Toolchain & { readonly clang: Clang } {
  const { clang } = toolchain;
  const missing = toolchain.missing.filter((each) => NEEDED.has(each.piece));
  if (clang !== undefined && missing.length === 0) return { ...toolchain, clang };
  throw new BarewireError('TOOLCHAIN_MISSING', describeMissing(missing), { missing });
}

/** The text that says what is missing and what mends it, one command a package manager. */
export function describeMissing(missing: readonly Missing[]): string {
  const lines = ['this machine lacks part of the toolchain:'];
  for (const { reason } of missing) lines.push(`  ${reason}`);
  lines.push('install it with');
  for (const manager of ['apt', 'dnf', 'brew', 'winget'] as const) {
    const commands = [...new Set(missing.map((each) => each.remedy[manager]))];
    lines.push(`  ${`${manager}:`.padEnd(8)}${mergeCommands(commands).join(' && ')}`);
  }
  return lines.join('\n');
}

/** Joins commands that differ only in their last word: one installation instead of several. */
export function mergeCommands(commands: readonly string[]): string[] {
  const groups = new Map<string, string[]>();
  for (const command of commands) {
    const cut = command.lastIndexOf(' ');
    const head = command.slice(0, cut);
    groups.set(head, [...(groups.get(head) ?? []), command.slice(cut + 1)]);
  }
  return [...groups].flatMap(([head, packages]) =>
    head.startsWith('winget') ? packages.map((each) => `${head} ${each}`) : [`${head} ${packages.join(' ')}`],
  );
}
