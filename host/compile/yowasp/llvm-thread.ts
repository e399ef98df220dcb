// The compiler's thread as this side sees it: jobs go in, ends come out, and a thread that takes too long is ended and
// followed by another one.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { BarewireError } from '../../diag/error.js';
import { packageRoot } from '../../diag/package-root.js';
import type { ClangResult } from '../run-clang.js';
import { FEED, type Job, type JobEnd, type ThreadData, TOLD } from './jobs.js';

/** What a shell says of a program that aborted. */
const CRASHED = 134;

/** How a job ended. */
export interface LlvmEnd extends ClangResult {
  /** It was told to end while it waited. */
  readonly aborted: boolean;
  /** Why its output could not be written to the file. */
  readonly unwritten: string | undefined;
}

/** A job under way. */
export interface Running {
  readonly id: number;
  /** Settles when it has ended; rejects with COMPILE_CRASHED when the thread died. */
  readonly ended: Promise<JobEnd>;
}

export class LlvmThread {
  readonly #data: Omit<ThreadData, 'feed'>;
  #worker: Worker | undefined;
  #feed = newFeed();
  #next = 0;
  #warm = false;
  /** The job that stands still in the thread, or soon will, and was not told anything yet. */
  #waiting: number | undefined;
  readonly #open = new Map<number, { resolve(end: JobEnd): void; reject(error: unknown): void }>();

  constructor(data: Omit<ThreadData, 'feed'>) {
    this.#data = data;
  }

  /** Begins to load LLVM, which takes a while, before there is anything to do. */
  load(): void {
    this.#running();
  }

  /** It has done something: LLVM is loaded. */
  get warm(): boolean {
    return this.#warm;
  }

  /** The thread as it is now. */
  get thread(): Worker | undefined {
    return this.#worker;
  }

  /** Starts a job; others that were started before come first. One that waits for its text is ended, for it would
   *  keep the thread. */
  start(job: Omit<Job, 'id'>): Running {
    const worker = this.#running();
    const id = ++this.#next;
    if (this.#waiting !== undefined) this.#tell(this.#waiting, TOLD.abort, 0);
    if (job.waits) this.#waiting = id;
    const ended = new Promise<JobEnd>((resolve, reject) => this.#open.set(id, { resolve, reject }));
    ended.catch(() => undefined);
    worker.postMessage({ id, ...job } satisfies Job);
    return { id, ended };
  }

  /** Gives a text to a job that waits, or will; false when it is too long. */
  give({ id }: Running, text: string): boolean {
    const bytes = Buffer.from(text);
    if (bytes.length > FEED.textBytes) return false;
    new Uint8Array(this.#feed, FEED.words * 4).set(bytes);
    this.#tell(id, TOLD.text, bytes.length);
    return true;
  }

  /** Ends a job where it waits, or will. */
  abort({ id }: Running): void {
    this.#tell(id, TOLD.abort, 0);
  }

  /** Waits for a job, at most `timeoutMs`.
   *  @throws COMPILE_TIMEOUT after ending the thread, COMPILE_CRASHED */
  async endOf({ ended }: Running, timeoutMs: number): Promise<LlvmEnd> {
    this.#worker?.ref();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const message = `clang did not finish within ${timeoutMs / 1000} s and was stopped; is a template or constexpr endless?`;
        reject(new BarewireError('COMPILE_TIMEOUT', message, { timeoutMs }));
        void this.close();
      }, timeoutMs);
    });
    try {
      const { output, stderr, code, aborted, unwritten } = await Promise.race([ended, late]);
      return { stdout: output, stderr, code: code ?? CRASHED, signal: null, aborted, unwritten };
    } finally {
      clearTimeout(timer);
      if (this.#open.size === 0) this.#worker?.unref();
    }
  }

  /** Ends the thread; the next job starts another one. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#warm = false;
    this.#waiting = undefined;
    this.#failAll(new BarewireError('COMPILE_CRASHED', 'the compiler was stopped'));
    await worker?.terminate();
  }

  #tell(id: number, what: number, length: number): void {
    const words = new Int32Array(this.#feed, 0, FEED.words);
    words[FEED.length] = length;
    if (this.#waiting === id) this.#waiting = undefined;
    Atomics.store(words, FEED.told, id * 2 + what);
    Atomics.notify(words, FEED.told);
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    this.#feed = newFeed();
    const worker = new Worker(threadFile(), { workerData: { ...this.#data, feed: this.#feed } satisfies ThreadData });
    worker.unref();
    worker.on('message', (end: JobEnd) => {
      this.#warm = true;
      this.#open.get(end.id)?.resolve(end);
      this.#open.delete(end.id);
    });
    let cause: Error | undefined;
    worker.once('error', (error) => {
      cause = error;
    });
    worker.once('exit', (code) => {
      // One that was ended from here has failed its jobs already, and those that are open are another one's.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#waiting = undefined;
      const message = `the compiler's thread ended (${cause?.message ?? `exit code ${code}`}): type the input again, the next one starts another thread`;
      this.#failAll(new BarewireError('COMPILE_CRASHED', message, { code }, 'user', { cause }));
    });
    this.#worker = worker;
    return worker;
  }

  #failAll(error: BarewireError): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }
}

const newFeed = (): SharedArrayBuffer => new SharedArrayBuffer(FEED.words * 4 + FEED.textBytes);

/** The thread is started from a file of its own, which exists where the sources are compiled. */
function threadFile(): URL {
  const beside = new URL('./thread.js', import.meta.url);
  if (existsSync(beside)) return beside;
  return pathToFileURL(join(packageRoot(), 'dist/host/compile/yowasp/thread.js'));
}
