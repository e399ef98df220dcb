// The precompiled header, and the one command line that all inputs are compiled with.
//
//   <cache>/pch/<key>/prefix.h      the text
//                     prefix.pch    clang's form of it
//                     cc1.json      arguments of `clang -cc1` for an input: the driver is not run again
//
// The key is a hash of the compiler, the flags and the text. Two processes may build at once: each writes to names
// of its own and renames, so that a reader sees a whole file or none. The text is written once and never again,
// since clang compares its time of change with the one it stored.

import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debugScope } from '../diag/debug.js';
import { BarewireError } from '../diag/error.js';
import type { Clang } from '../toolchain/find-llvm.js';
import { askDriver } from './ask-driver.js';
import { cpuFeatures, withoutNeedless } from './cpu-features.js';
import { runClang } from './run-clang.js';

const log = debugScope('compile');
/** Counts up when the layout of the folder changes. */
const LAYOUT = 2;

/** How inputs are compiled. */
export interface Recipe {
  readonly clang: string;
  readonly dir: string;
  readonly text: string;
  readonly flags: readonly string[];
  /** Arguments for `clang`, from `-cc1` on; the last one, the input, is left off. Output is standard output. */
  readonly cc1: readonly string[];
}

/** Finds or builds the precompiled header for these flags.
 *  @throws COMPILE_PREFIX when the headers do not compile, COMPILE_CACHE when the folder cannot be written */
export async function precompile(
  clang: Clang,
  flags: readonly string[],
  text: string,
  cacheDir: string,
  timeoutMs: number,
): Promise<Recipe> {
  const key = createHash('sha256')
    .update(JSON.stringify([LAYOUT, clang.identity, flags, text]))
    .digest('hex')
    .slice(0, 24);
  const dir = join(cacheDir, 'pch', key);
  const cc1 = existsSync(join(dir, 'prefix.pch')) ? readArguments(join(dir, 'cc1.json')) : undefined;
  if (cc1 !== undefined) return { clang: clang.path, dir, text, flags, cc1 };
  return build({ clang: clang.path, dir, text, flags, cc1: [] }, timeoutMs);
}

/** Precompiles a recipe's text together with declarations that follow it: one flat header in a folder of its own. Never
 *  a chain on top of the earlier one, which clang does not survive.
 *  @throws as `build` */
export function flatten(recipe: Recipe, declarations: string, dir: string, timeoutMs: number): Promise<Recipe> {
  return build({ ...recipe, dir, text: `${recipe.text}${declarations}\n` }, timeoutMs);
}

/** Builds the header of a recipe anew: the stored one was refused. */
export async function build(recipe: Recipe, timeoutMs: number): Promise<Recipe> {
  const { clang, dir, text, flags } = recipe;
  const header = join(dir, 'prefix.h');
  const mine = join(dir, `${process.pid}-${Date.now()}`);
  try {
    mkdirSync(dir, { recursive: true });
    writeOnce(header, `${mine}.h`, text);
  } catch (cause) {
    const message = `cannot write the precompiled header to ${dir}: ${(cause as Error).message}; set BAREWIRE_CACHE to a folder that can be written`;
    throw new BarewireError('COMPILE_CACHE', message, { dir }, 'user', { cause });
  }
  const start = performance.now();
  try {
    const include = ['-include-pch', join(dir, 'prefix.pch')];
    const [forHeader, forInput] = await Promise.all([
      askDriver(clang, [...flags, '-x', 'c++-header', header, '-o', `${mine}.pch`], dir, timeoutMs),
      askDriver(clang, [...flags, ...include, '-c', '-x', 'c++', '-', '-o', '-'], dir, timeoutMs),
    ]);
    const ofCpu = await cpuFeatures(clang, forInput, dir, timeoutMs);
    const cc1 = withoutNeedless(forInput.slice(0, -1), ofCpu);
    const made = await runClang(clang, withoutNeedless(forHeader, ofCpu), dir, timeoutMs);
    if (made.code !== 0) {
      const message = `the headers that every input sees do not compile with ${clang}:\n${made.stderr.trimEnd()}`;
      throw new BarewireError('COMPILE_PREFIX', message, { clang, stderr: made.stderr });
    }
    writeFileSync(`${mine}.json`, JSON.stringify(cc1));
    renameSync(`${mine}.json`, join(dir, 'cc1.json'));
    renameSync(`${mine}.pch`, join(dir, 'prefix.pch'));
    log?.(`precompiled header built in ${(performance.now() - start).toFixed(0)} ms`);
    return { ...recipe, cc1 };
  } finally {
    for (const end of ['h', 'pch', 'json']) rmSync(`${mine}.${end}`, { force: true });
  }
}

function writeOnce(file: string, temporary: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  writeFileSync(temporary, text);
  try {
    if (existsSync(file)) {
      renameSync(temporary, file);
      return;
    }
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') renameSync(temporary, file);
  }
}

function readArguments(file: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(value) && value.every((each) => typeof each === 'string') && value[0] === '-cc1'
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether clang's words mean that the precompiled header itself is stale or damaged. */
export function refusesHeader(stderr: string): boolean {
  return /(?:precompiled|PCH|AST|pch) file|since the precompiled header|prefix\.pch/.test(stderr);
}
