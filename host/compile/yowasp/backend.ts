// clang as WebAssembly from npm (@yowasp/clang), kept warm in a thread. Its precompiled header mostly came with this
// package (stored-header.ts); one for other options is made once and kept in the cache. Declarations of earlier inputs
// are precompiled in a second thread, so that inputs do not wait for that.

import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { debugScope } from '../../diag/debug.js';
import { BarewireError, bug } from '../../diag/error.js';
import { requireYowasp } from '../../toolchain/find-yowasp.js';
import { elfOfWasm } from '../../wasm/to-elf.js';
import { type Backend, HEADER_TIMEOUT_MS, type Header, mainText, type Waiting } from '../backend.js';
import type { ProcessOptions } from '../processes.js';
import type { ClangResult } from '../run-clang.js';
import { sayIfLong } from '../say-if-long.js';
import { FEED_NAME, HEADER_NAME } from './jobs.js';
import { type LlvmEnd, LlvmThread, type Running } from './llvm-thread.js';
import { mountFlags, mountIncludes, readMounts, withoutMounts } from './mounts.js';
import {
  findStored,
  type HeaderArguments,
  pchFile,
  prebuiltFolder,
  type StoredHeader,
  storeArguments,
} from './stored-header.js';

const log = debugScope('compile');
/** Counts up when the layout of the folder changes. */
const LAYOUT = 2;
const MAIN = 'main.cpp';
const TEXT = 'prefix.h';
const PRECOMPILING =
  'precompiling the headers for these options (some ten seconds, once: later starts find them in the cache)';
const LOADING = 'clang from npm is being loaded; the first input waits for it';

/** What a header is made of. */
export interface HeaderPlan {
  readonly flags: readonly string[];
  readonly text: string;
  /** Hash of all that it depends on, and of nothing that this machine alone has. */
  readonly key: string;
  readonly newThread: () => LlvmThread;
}

/** Plans the header for flags and a text.
 *  @throws TOOLCHAIN_NO_NPM_CLANG */
export function planHeader(driverFlags: readonly string[], prefixText: string): HeaderPlan {
  const { url, version } = requireYowasp();
  const { flags, paths } = mountFlags(driverFlags);
  const prefix = mountIncludes(prefixText);
  const { tree, identity } = readMounts([...paths, ...prefix.paths]);
  const hash = createHash('sha256').update(JSON.stringify([LAYOUT, version, flags, prefix.text, identity]));
  const key = hash.digest('hex').slice(0, 24);
  return { flags, text: prefix.text, key, newThread: () => new LlvmThread({ url, files: tree }) };
}

/** Gets clang from npm ready; makes the precompiled header where none for these options is stored (some ten seconds).
 *  @throws TOOLCHAIN_NO_NPM_CLANG, COMPILE_PREFIX, COMPILE_CACHE */
export async function openYowasp(options: ProcessOptions): Promise<Backend> {
  const { version } = requireYowasp();
  const plan = planHeader(options.flagsFor([]), options.prefix);
  const own = new OwnHeaders(options.workDir);
  const thread = plan.newThread();
  thread.load();
  const cached = join(options.cacheDir, 'pch', plan.key);
  const make = (): Promise<StoredHeader> => {
    const made = firstThatCanBeWritten(
      [cached, () => own.folder()],
      (dir) => makeHeader(plan, thread, dir),
      options.onWait,
    );
    return sayIfLong(made, options.onWait, PRECOMPILING);
  };
  try {
    const stored = findStored([cached, join(prebuiltFolder(), plan.key)]) ?? (await make());
    return {
      name: `@yowasp/clang ${version}`,
      feed: options.feed === 'none' ? 'none' : 'thread',
      header: new ThreadHeader({ plan, thread, own, make, onWait: options.onWait }, plan.text, stored, false),
      objectOf: (output) => elfOfWasm(output, 'the compiled input', { strengthen: true }),
      close: async () => {
        await Promise.all([thread.close(), own.close()]);
      },
    };
  } catch (error) {
    await thread.close();
    throw error;
  }
}

/** Tries one folder after another.
 *  @throws COMPILE_CACHE of the last one, and what else `make` throws */
async function firstThatCanBeWritten(
  [dir, other]: readonly [string, () => string],
  make: (dir: string) => Promise<StoredHeader>,
  say: ((text: string) => void) | undefined,
): Promise<StoredHeader> {
  try {
    return await make(dir);
  } catch (error) {
    if (!(error instanceof BarewireError) || error.code !== 'COMPILE_CACHE') throw error;
    say?.(`${error.message}. Until then each session precompiles its headers anew`);
    return make(other());
  }
}

/** Precompiles a text.
 *  @param args if they are known; the driver is asked otherwise
 *  @throws COMPILE_PREFIX, COMPILE_CACHE */
export async function makeHeader(
  { flags, text }: Pick<HeaderPlan, 'flags' | 'text'>,
  thread: LlvmThread,
  dir: string,
  known?: HeaderArguments,
): Promise<StoredHeader> {
  const start = performance.now();
  const args = known ?? (await askArguments(flags, thread));
  try {
    mkdirSync(dir, { recursive: true });
    storeArguments(dir, args);
  } catch (cause) {
    throw unwritable(dir, (cause as Error).message, cause);
  }
  const job = { args: ['clang', ...args.header], texts: { [TEXT]: text }, outputFile: pchFile(dir) };
  const made = await thread.endOf(thread.start(job), HEADER_TIMEOUT_MS);
  if (made.code !== 0) {
    const words = withoutMounts(made.stderr.trimEnd());
    const message = `the headers that every input sees do not compile with clang from npm:\n${words}`;
    throw new BarewireError('COMPILE_PREFIX', message, { stderr: words });
  }
  if (made.unwritten !== undefined) throw unwritable(dir, made.unwritten);
  log?.(`precompiled header built in ${(performance.now() - start).toFixed(0)} ms`);
  return { dir, args };
}

function unwritable(dir: string, why: string, cause?: unknown): BarewireError {
  const message = `cannot write the precompiled header to ${dir}: ${why}; set BAREWIRE_CACHE to a folder that can be written`;
  return new BarewireError('COMPILE_CACHE', message, { dir }, 'user', { cause });
}

async function askArguments(flags: readonly string[], thread: LlvmThread): Promise<HeaderArguments> {
  const ask = async (args: readonly string[]): Promise<string[]> => {
    const asked = ['clang++', ...flags, ...args, '-o', '-', '-###'];
    const job = thread.start({ args: asked, texts: { [TEXT]: '', [MAIN]: '' } });
    return cc1Of((await thread.endOf(job, HEADER_TIMEOUT_MS)).stderr);
  };
  const header = await ask(['-x', 'c++-header', `/${TEXT}`]);
  const [cc1, ...input] = await ask(['-include-pch', HEADER_NAME, '-c', '-x', 'c++', `/${MAIN}`]);
  // Nothing but this package ever wrote the header, for these flags and files; the times of files are not kept.
  return { header, input: [cc1!, '-fno-validate-pch', ...input] };
}

/** Arguments from `-cc1` on, of what `clang -###` says. */
function cc1Of(said: string): string[] {
  const line = said.split('\n').find((each) => each.includes('"-cc1"'));
  const words = [...(line ?? '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!.replace(/\\(.)/g, '$1'));
  const from = words.indexOf('-cc1');
  if (from < 0) throw bug('COMPILE_DRIVER', `cannot read what clang++ -### says:\n${said.trimEnd()}`, { stderr: said });
  return words.slice(from);
}

/** The headers of one session, in its own folder, and the threads that make them. */
class OwnHeaders {
  #count = 0;
  readonly #makers = new Set<LlvmThread>();

  constructor(private readonly workDir: () => string) {}

  folder(): string {
    return join(this.workDir(), `header-${++this.#count}`);
  }

  async inOwnThread<T>(plan: HeaderPlan, make: (thread: LlvmThread) => Promise<T>): Promise<T> {
    const maker = plan.newThread();
    this.#makers.add(maker);
    try {
      return await make(maker);
    } finally {
      this.#makers.delete(maker);
      await maker.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#makers].map((maker) => maker.close()));
  }
}

interface ThreadSession {
  readonly plan: HeaderPlan;
  readonly thread: LlvmThread;
  readonly own: OwnHeaders;
  /** Makes the session's first header anew. */
  readonly make: () => Promise<StoredHeader>;
  readonly onWait: ((text: string) => void) | undefined;
}

class ThreadHeader implements Header {
  constructor(
    readonly session: ThreadSession,
    private readonly text: string,
    private readonly stored: StoredHeader,
    private readonly isOwn: boolean,
  ) {}

  async compile(main: string, timeoutMs: number): Promise<ClangResult> {
    return plain(await this.endOf(this.start(main, false), timeoutMs));
  }

  /** Waits for a compilation; says so if LLVM is not loaded yet. */
  endOf(running: Running, timeoutMs: number): Promise<LlvmEnd> {
    const { thread, onWait } = this.session;
    return sayIfLong(thread.endOf(running, timeoutMs), thread.warm ? undefined : onWait, LOADING);
  }

  wait(prelude: string, tail: string): Waiting {
    const running = this.start(mainText(prelude, tail, `#include "${FEED_NAME}"\n`), true);
    return new ThreadWaiting(this, this.session.thread, prelude, tail, running);
  }

  async extended(declarations: string): Promise<Header> {
    const { plan, own } = this.session;
    const text = `${this.text}${declarations}\n`;
    const stored = await own.inOwnThread(plan, (maker) =>
      makeHeader({ flags: plan.flags, text }, maker, own.folder(), this.stored.args),
    );
    return new ThreadHeader(this.session, text, stored, true);
  }

  async rebuilt(): Promise<Header> {
    return new ThreadHeader(this.session, this.text, await this.session.make(), false);
  }

  discard(): void {
    if (this.isOwn) rmSync(this.stored.dir, { recursive: true, force: true });
  }

  private start(main: string, waits: boolean): Running {
    const { dir, args } = this.stored;
    const texts = { [MAIN]: main, [TEXT]: this.text };
    return this.session.thread.start({ args: ['clang', ...args.input], texts, header: pchFile(dir), waits });
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
      const end = await this.header.endOf(this.running, timeoutMs);
      // Another compilation may have needed the thread.
      if (!end.aborted) return plain(end);
    } else this.thread.abort(this.running);
    return this.header.compile(mainText(this.prelude, this.tail, source), timeoutMs);
  }

  kill(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.thread.abort(this.running);
  }
}

const plain = (result: ClangResult): ClangResult => ({ ...result, stderr: withoutMounts(result.stderr) });
