// clang as processes: one for each input, started ahead of time where that can be (spare.ts).

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireToolchain, type Toolchain } from '../toolchain/toolchain.js';
import { type Backend, type Feed, HEADER_TIMEOUT_MS, type Header, type Waiting } from './backend.js';
import { build, flatten, precompile, type Recipe } from './precompile.js';
import { type ClangResult, runClang } from './run-clang.js';
import { sayIfLong } from './say-if-long.js';
import { makeFifos, Spare } from './spare.js';
import { strengthen } from './strengthen.js';

const PRECOMPILING = 'precompiling the headers for this board, once; later starts find them in the cache';

export interface ProcessOptions {
  readonly toolchain: Toolchain;
  /** Driver flags, without header folders of the system. */
  readonly flagsFor: (systemDirs: readonly string[]) => string[];
  /** What every input sees. */
  readonly prefix: string;
  readonly cacheDir: string;
  readonly timeoutMs: number;
  /** Folder of this session. */
  readonly workDir: () => string;
  readonly feed: Feed | 'none' | undefined;
  /** Told once what is waited for, when that takes longer than a second. */
  readonly onWait: ((text: string) => void) | undefined;
}

/** Gets clang ready; builds the precompiled header the first time (about a second).
 *  @throws TOOLCHAIN_MISSING, COMPILE_PREFIX, COMPILE_CACHE */
export async function openProcesses(options: ProcessOptions): Promise<Backend> {
  const { clang, includeDirs } = requireToolchain(options.toolchain);
  const { flagsFor, prefix, cacheDir, timeoutMs } = options;
  const limitMs = Math.max(timeoutMs, HEADER_TIMEOUT_MS);
  const precompiling = precompile(clang, flagsFor(includeDirs), prefix, cacheDir, limitMs);
  const recipe = await sayIfLong(precompiling, options.onWait, PRECOMPILING);
  const dir = options.workDir();
  const wanted = options.feed ?? 'fifo';
  const feed = wanted !== 'none' && (wanted === 'stdin' || !makeFifos(dir)) ? 'stdin' : wanted;
  return {
    name: recipe.clang,
    feed,
    header: new ProcessHeader(recipe, dir, feed === 'fifo' ? 'fifo' : 'stdin', limitMs, false),
    objectOf: strengthen,
    close: async () => undefined,
  };
}

let count = 0;

class ProcessHeader implements Header {
  constructor(
    private readonly recipe: Recipe,
    private readonly dir: string,
    private readonly feed: 'fifo' | 'stdin',
    private readonly limitMs: number,
    /** It is this session's alone. */
    private readonly isOwn: boolean,
  ) {}

  async compile(mainText: string, timeoutMs: number): Promise<ClangResult> {
    const { clang, cc1 } = this.recipe;
    const main = join(this.dir, `cold-${++count}.cpp`);
    writeFileSync(main, mainText);
    try {
      return await runClang(clang, [...cc1, main], this.dir, timeoutMs);
    } finally {
      rmSync(main, { force: true });
    }
  }

  wait(prelude: string, tail: string, slot: 0 | 1): Waiting {
    return new Spare(this.recipe, prelude, tail, this.dir, this.feed, slot);
  }

  async extended(declarations: string): Promise<Header> {
    const recipe = await flatten(this.recipe, declarations, join(this.dir, `header-${++count}`), HEADER_TIMEOUT_MS);
    return new ProcessHeader(recipe, this.dir, this.feed, this.limitMs, true);
  }

  async rebuilt(): Promise<Header> {
    return new ProcessHeader(await build(this.recipe, this.limitMs), this.dir, this.feed, this.limitMs, this.isOwn);
  }

  discard(): void {
    if (this.isOwn) rmSync(this.recipe.dir, { recursive: true, force: true });
  }
}
