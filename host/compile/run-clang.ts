// One clang process from start to end: what it wrote, how it ended, and a bound on how long that may take.
//
// An object on standard output is taken as soon as its last byte is there. clang then still needs 4 to 5 ms to give
// its memory back, a third of the time of a small input. The section header table is what LLVM writes last, and the
// file header says where it ends; diagnostics were written before.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { spawnTied } from '../../boards/sim/tied-process.js';
import { clangEnvironment } from '../diag/environment.js';
import { BarewireError } from '../diag/error.js';

const GAVE_UP = /^fatal error: too many errors emitted.*\n?/m;

/** How a clang process ended. */
export interface ClangResult {
  /** What it wrote to standard output: the object. */
  readonly stdout: Uint8Array;
  /** What it said. */
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** A clang process under way. */
export class ClangProcess {
  /** Settles when the process and its streams have ended. Rejects with COMPILE_CRASHED when it cannot be started. */
  readonly ended: Promise<ClangResult>;
  /** Settles when standard output holds a whole object and nothing was said to be an error; may never settle. */
  readonly #object: Promise<ClangResult>;
  readonly #child: ChildProcess;
  #over = false;

  /** @param stdin keep standard input open for `feed` */
  constructor(
    readonly path: string,
    args: readonly string[],
    options: { readonly cwd: string; readonly stdin?: boolean },
  ) {
    const stdio = [options.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'] as const;
    // What is not there is told by `spawn` itself.
    const start = existsSync(path) ? spawnTied : spawn;
    const child = start(path, args, {
      cwd: options.cwd,
      stdio: [...stdio],
      windowsHide: true,
      env: clangEnvironment(),
    });
    this.#child = child;
    living.add(child);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const said = (): string => Buffer.concat(err).toString('utf8');
    let size = 0;
    // With -fincremental-extensions clang parses the end of an unfinished body for ever (seen with 19): once it has
    // said that it stops at so many errors it has nothing more to say.
    let gaveUp = false;
    child.stderr?.on('data', (chunk: Buffer) => {
      err.push(chunk);
      if (gaveUp || !GAVE_UP.test(said())) return;
      gaveUp = true;
      this.kill();
    });
    this.#object = new Promise((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        out.push(chunk);
        size += chunk.length;
        if (size !== objectSize(out)) return;
        // What was said before the object is readable now, but perhaps not yet read.
        setImmediate(() => {
          const stderr = said();
          if (!/error: /.test(stderr)) resolve({ stdout: joined(out), stderr, code: 0, signal: null });
        });
      });
    });
    // A process that dies with input unread: its end is reported by `close`.
    child.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve, reject) => {
      child.on('error', (cause) => {
        living.delete(child);
        this.#over = true;
        reject(
          new BarewireError('COMPILE_CRASHED', `${path} could not be started: ${cause.message}`, { path }, 'user', {
            cause,
          }),
        );
      });
      child.on('close', (code, signal) => {
        living.delete(child);
        this.#over = true;
        const end = gaveUp ? { code: 1, signal: null } : { code, signal };
        resolve({ stdout: joined(out), stderr: said().replace(GAVE_UP, ''), ...end });
      });
    });
    // Whoever waits sees the rejection; a spare nobody asks must not end the program.
    this.ended.catch(() => undefined);
  }

  get over(): boolean {
    return this.#over;
  }

  /** Writes all of standard input. */
  feed(text: string): void {
    this.#child.stdin?.end(text);
  }

  kill(): void {
    if (!this.#over) this.#child.kill('SIGKILL');
  }

  /** Lets the program end although this process is waiting (false), or not (true). */
  hold(on: boolean): void {
    const streams = [this.#child.stdin, this.#child.stdout, this.#child.stderr] as unknown as (Refable | null)[];
    for (const each of [this.#child, ...streams]) {
      if (on) each?.ref?.();
      else each?.unref?.();
    }
  }

  /** The object, or else the end of the process, at most `timeoutMs` from now.
   *  @throws COMPILE_TIMEOUT after killing it */
  async endedWithin(timeoutMs: number): Promise<ClangResult> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.kill();
    }, timeoutMs);
    try {
      const result = await Promise.race([this.ended, this.#object]);
      if (late) {
        const message = `clang did not finish within ${timeoutMs / 1000} s and was stopped; is a template or constexpr endless?`;
        throw new BarewireError('COMPILE_TIMEOUT', message, { timeoutMs });
      }
      return result;
    } finally {
      this.hold(false);
      timer.unref();
      const stop = (): void => clearTimeout(timer);
      this.ended.then(stop, stop);
    }
  }
}

/** The chunks in memory of their own: objects are kept long, and a place in Node's shared pool keeps all of it. */
function joined(chunks: readonly Buffer[]): Buffer {
  const whole = Buffer.allocUnsafeSlow(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(whole, at);
  return whole;
}

/** Length of the ELF32 file that starts with `chunks`, by its header. */
function objectSize(chunks: readonly Buffer[]): number | undefined {
  const head = (chunks[0]?.length ?? 0) >= 52 ? chunks[0] : Buffer.concat(chunks.slice(0, 52));
  if (head === undefined || head.length < 52 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 1) return undefined;
  return head.readUInt32LE(0x20) + head.readUInt16LE(0x2e) * head.readUInt16LE(0x30);
}

interface Refable {
  ref?(): void;
  unref?(): void;
}

/** Runs clang to its end.
 *  @param stdin what it reads from standard input, if anything
 *  @throws COMPILE_TIMEOUT, COMPILE_CRASHED when it cannot be started */
export function runClang(
  path: string,
  args: readonly string[],
  cwd: string,
  timeoutMs: number,
  stdin?: string,
): Promise<ClangResult> {
  const process = new ClangProcess(path, args, { cwd, stdin: stdin !== undefined });
  if (stdin !== undefined) process.feed(stdin);
  return process.endedWithin(timeoutMs);
}
