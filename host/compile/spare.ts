// A clang that has already started. While the user types, it loads the precompiled header and parses the
// declarations of earlier inputs; then it stands still in the middle of its main file, at an #include of a FIFO:
//
//   main-1.cpp      int f(int a);                  parsed before Enter
//                   extern int n;
//                   #include "/tmp/…/fifo-1"  ←──  the input, written on Enter
//
// Where FIFOs do not exist it waits on standard input instead; then the declarations are parsed after Enter.

import { spawnSync } from 'node:child_process';
import { close, constants, open, writeFileSync } from 'node:fs';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mainText, type Waiting } from './backend.js';
import type { Recipe } from './precompile.js';
import { ClangProcess, type ClangResult } from './run-clang.js';

/** Names of the FIFOs of a session folder. */
export function fifoPaths(dir: string): readonly [string, string] {
  return [join(dir, 'fifo-0'), join(dir, 'fifo-1')];
}

/** Makes the FIFOs of a session folder; false where there are none. */
export function makeFifos(dir: string): boolean {
  if (process.platform === 'win32') return false;
  const made = spawnSync('mkfifo', ['-m', '600', ...fifoPaths(dir)], { stdio: 'ignore', timeout: 5000 });
  return made.status === 0;
}

/** One waiting clang; good for one input. */
export class Spare implements Waiting {
  /** Settles when the process has ended and the FIFO is free again. */
  readonly gone: Promise<void>;
  readonly #process: ClangProcess;
  readonly #writer: Promise<FileHandle | undefined> | undefined;
  readonly #fifo: string | undefined;
  #written = false;

  /** @param slot which FIFO to use; its earlier user must be gone */
  constructor(
    readonly recipe: Recipe,
    /** All declarations it knows. */
    readonly prelude: string,
    /** Those of them that its header does not hold. */
    readonly tail: string,
    dir: string,
    feed: 'fifo' | 'stdin',
    slot: 0 | 1,
  ) {
    if (feed === 'fifo') {
      const fifo = fifoPaths(dir)[slot];
      const main = join(dir, `main-${slot}.cpp`);
      writeFileSync(main, mainText(prelude, tail, `#include "${fifo}"\n`));
      this.#fifo = fifo;
      this.#process = new ClangProcess(recipe.clang, [...recipe.cc1, main], { cwd: dir });
      // Opening for writing waits for the reader. Should clang die first, `#release` is that reader.
      this.#writer = openFile(fifo, 'w').catch(() => undefined);
    } else {
      this.#process = new ClangProcess(recipe.clang, [...recipe.cc1, '-'], { cwd: dir, stdin: true });
    }
    this.#process.hold(false);
    this.gone = this.#process.ended.then(
      () => this.#release(),
      () => this.#release(),
    );
  }

  /** Ended without having been asked. */
  get dead(): boolean {
    return this.#process.over;
  }

  /** Hands over the input and waits for the end.
   *  @throws COMPILE_TIMEOUT, COMPILE_CRASHED */
  async compile(source: string, timeoutMs: number): Promise<ClangResult> {
    this.#process.hold(true);
    const ended = this.#process.endedWithin(timeoutMs);
    if (this.#writer === undefined) this.#process.feed(mainText(this.prelude, this.tail, source));
    else void this.#write(source);
    return ended;
  }

  kill(): void {
    // Whoever waits for `gone` must not be left by an event loop with nothing else to do.
    this.#process.hold(true);
    this.#process.kill();
  }

  async #write(source: string): Promise<void> {
    const writer = await this.#writer;
    if (writer === undefined || this.#process.over) return;
    this.#written = true;
    try {
      await writer.writeFile(source);
    } catch {
      // clang stopped reading: its end says why.
    } finally {
      await writer.close();
    }
  }

  async #release(): Promise<void> {
    if (this.#fifo === undefined || this.#writer === undefined || this.#written) return;
    const reader = await openReader(this.#fifo);
    const writer = await this.#writer;
    await writer?.close();
    if (reader !== undefined) close(reader, () => undefined);
  }
}

function openReader(fifo: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    open(fifo, constants.O_RDONLY | constants.O_NONBLOCK, (error, fd) => resolve(error === null ? fd : undefined));
  });
}
