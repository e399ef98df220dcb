// clang as WebAssembly from npm (@yowasp/clang), kept warm in a thread. The precompiled header is stored as that of
// a process is (precompile.ts):
//
//   <cache>/pch/<key>/prefix.pch    clang's form of the text, and
//                     cc1.json      arguments of `clang -cc1` for an input

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debugScope } from '../../diag/debug.js';
import { BarewireError, bug } from '../../diag/error.js';
import { requireYowasp } from '../../toolchain/find-yowasp.js';
import { elfOfWasm } from '../../wasm/to-elf.js';
import { type Backend, HEADER_TIMEOUT_MS, type Header, mainText, type Waiting } from '../backend.js';
import type { ProcessOptions } from '../processes.js';
import type { ClangResult } from '../run-clang.js';
import { FEED_NAME, HEADER_NAME } from './jobs.js';
import { LlvmThread, type Running } from './llvm-thread.js';
import { mountFlags, mountIncludes, readMounts, withoutMounts } from './mounts.js';

const log = debugScope('compile');
/** Counts up when the layout of the folder changes. */
const LAYOUT = 1;
const MAIN = 'main.cpp';
const TEXT = 'prefix.h';

/** Gets clang from npm ready; builds the precompiled header the first time (about ten seconds).
 *  @throws TOOLCHAIN_NO_NPM_CLANG, COMPILE_PREFIX, COMPILE_CACHE */
export async function openYowasp(options: ProcessOptions): Promise<Backend> {
  const { url, version } = requireYowasp();
  const flags = mountFlags(options.flagsFor([]));
  const prefix = mountIncludes(options.prefix);
  const { tree, identity } = readMounts([...flags.paths, ...prefix.paths]);
  const thread = new LlvmThread({ url, files: tree });
  const key = createHash('sha256')
    .update(JSON.stringify([LAYOUT, version, flags.flags, prefix.text, identity]))
    .digest('hex')
    .slice(0, 24);
  const recipe = { thread, flags: flags.flags, text: prefix.text, dir: join(options.cacheDir, 'pch', key) };
  try {
    return {
      name: `@yowasp/clang ${version}`,
      feed: options.feed === 'none' ? 'none' : 'thread',
      header: readHeader(recipe, false) ?? (await buildHeader(recipe, false)),
      objectOf: (output) => elfOfWasm(output, 'the compiled input', { strengthen: true }),
      close: () => thread.close(),
    };
  } catch (error) {
    await thread.close();
    throw error;
  }
}

interface Recipe {
  readonly thread: LlvmThread;
  readonly flags: readonly string[];
  readonly text: string;
  readonly dir: string;
}

function readHeader(recipe: Recipe, isOwn: boolean): Header | undefined {
  if (!existsSync(join(recipe.dir, 'prefix.pch'))) return undefined;
  try {
    const cc1: unknown = JSON.parse(readFileSync(join(recipe.dir, 'cc1.json'), 'utf8'));
    const isList = Array.isArray(cc1) && cc1.every((each) => typeof each === 'string');
    return isList ? new ThreadHeader(recipe, cc1, isOwn) : undefined;
  } catch {
    return undefined;
  }
}

/** @throws COMPILE_PREFIX, COMPILE_CACHE */
async function buildHeader(recipe: Recipe, isOwn: boolean): Promise<Header> {
  const { thread, flags, text, dir } = recipe;
  try {
    mkdirSync(dir, { recursive: true });
  } catch (cause) {
    const message = `cannot write the precompiled header to ${dir}: ${(cause as Error).message}; set BAREWIRE_CACHE to a folder that can be written`;
    throw new BarewireError('COMPILE_CACHE', message, { dir }, 'user', { cause });
  }
  const start = performance.now();
  const driver = ['clang++', ...flags];
  const ask = async (args: readonly string[]): Promise<string[]> => {
    const asked = thread.start({ args: [...driver, ...args, '-o', '-', '-###'], texts: { [TEXT]: '', [MAIN]: '' } });
    return cc1Of((await thread.endOf(asked, HEADER_TIMEOUT_MS)).stderr);
  };
  const forHeader = await ask(['-x', 'c++-header', `/${TEXT}`]);
  const cc1 = await ask(['-include-pch', HEADER_NAME, '-c', '-x', 'c++', `/${MAIN}`]);
  const job = { args: ['clang', ...forHeader], texts: { [TEXT]: text }, outputFile: join(dir, 'prefix.pch') };
  const made = await thread.endOf(thread.start(job), HEADER_TIMEOUT_MS);
  if (made.code !== 0) {
    const words = withoutMounts(made.stderr.trimEnd());
    const message = `the headers that every input sees do not compile with clang from npm:\n${words}`;
    throw new BarewireError('COMPILE_PREFIX', message, { stderr: words });
  }
  // Nothing but this package ever wrote it, for these flags and files.
  const args = ['-cc1', '-fno-validate-pch', ...cc1.slice(1)];
  writeFileSync(join(dir, 'cc1.json'), JSON.stringify(args));
  log?.(`precompiled header built in ${(performance.now() - start).toFixed(0)} ms`);
  return new ThreadHeader(recipe, args, isOwn);
}

/** Arguments from `-cc1` on, of what `clang -###` says. */
function cc1Of(said: string): string[] {
  const line = said.split('\n').find((each) => each.includes('"-cc1"'));
  const words = [...(line ?? '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!.replace(/\\(.)/g, '$1'));
  const from = words.indexOf('-cc1');
  if (from < 0) throw bug('COMPILE_DRIVER', `cannot read what clang++ -### says:\n${said.trimEnd()}`, { stderr: said });
  return words.slice(from);
}

let count = 0;

class ThreadHeader implements Header {
  constructor(
    private readonly recipe: Recipe,
    private readonly cc1: readonly string[],
    private readonly isOwn: boolean,
  ) {}

  async compile(main: string, timeoutMs: number): Promise<ClangResult> {
    return plain(await this.recipe.thread.endOf(this.start(main, false), timeoutMs));
  }

  wait(prelude: string, tail: string): Waiting {
    const { thread } = this.recipe;
    return new ThreadWaiting(
      this,
      thread,
      prelude,
      tail,
      this.start(mainText(tail, `#include "${FEED_NAME}"\n`), true),
    );
  }

  extended(declarations: string): Promise<Header> {
    const dir = join(this.recipe.dir, `${process.pid}-${++count}`);
    return buildHeader({ ...this.recipe, dir, text: `${this.recipe.text}${declarations}\n` }, true);
  }

  rebuilt(): Promise<Header> {
    return buildHeader(this.recipe, this.isOwn);
  }

  discard(): void {
    if (this.isOwn) rmSync(this.recipe.dir, { recursive: true, force: true });
  }

  private start(main: string, waits: boolean): Running {
    const { thread, dir, text } = this.recipe;
    const header = join(dir, 'prefix.pch');
    return thread.start({ args: ['clang', ...this.cc1], texts: { [MAIN]: main, [TEXT]: text }, header, waits });
  }
}

class ThreadWaiting implements Waiting {
  readonly gone: Promise<void>;
  dead = false;
  #asked = false;

  constructor(
    private readonly header: ThreadHeader,
    private readonly thread: LlvmThread,
    readonly prelude: string,
    private readonly tail: string,
    private readonly running: Running,
  ) {
    const over = (): void => {
      this.dead = !this.#asked;
    };
    this.gone = running.ended.then(over, over);
  }

  async compile(source: string, timeoutMs: number): Promise<ClangResult> {
    this.#asked = true;
    if (this.thread.give(this.running, source)) {
      const end = await this.thread.endOf(this.running, timeoutMs);
      // Another compilation may have needed the thread.
      if (!end.aborted) return plain(end);
    } else this.thread.abort(this.running);
    return this.header.compile(mainText(this.tail, source), timeoutMs);
  }

  kill(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.thread.abort(this.running);
  }
}

const plain = (result: ClangResult): ClangResult => ({ ...result, stderr: withoutMounts(result.stderr) });
