// The thread that LLVM runs in. It does one job at a time; a compilation that waits for its input stands still in the
// middle of reading a file, with the precompiled header and all earlier declarations behind it:
//
//   main.cpp        int f(int a);                  parsed before Enter
//                   #include "/fifo-0"        ←──  Atomics.wait, until the text is in shared memory

import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { FEED, FEED_NAME, HEADER_NAME, type Job, type JobEnd, type ThreadData, TOLD } from './jobs.js';
import { type FileTree, type Llvm, loadLlvm } from './llvm.js';
import { replaceFile } from './stored-header.js';

/** With -fincremental-extensions clang parses the end of an unfinished body for ever: once it has said that it stops at
 *  so many errors it has nothing more to say. */
const GAVE_UP = /^fatal error: too many errors emitted.*\n?/m;

class Aborted extends Error {}
class GaveUp extends Error {
  constructor(readonly words: string) {
    super('too many errors');
  }
}

/** The contents of a file that are not there before somebody wants to read them. */
class LateBytes extends Uint8Array {
  #await: ((bytes: Uint8Array) => void) | undefined;

  constructor(awaitContents: (bytes: Uint8Array) => void) {
    super(FEED.textBytes);
    this.#await = awaitContents;
  }

  override subarray(from?: number, to?: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.buffer as ArrayBuffer, this.byteOffset, this.length);
    const awaitContents = this.#await;
    this.#await = undefined;
    awaitContents?.(bytes);
    return bytes.subarray(from, to);
  }
}

const NOTHING = new Uint8Array(0);

/** Writes a file as a whole or not at all.
 *  @returns why not */
function written(file: string, bytes: Uint8Array): string | undefined {
  try {
    replaceFile(file, bytes);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function serve({ url, files, feed }: ThreadData, answer: (end: JobEnd) => void): (job: Job) => Promise<void> {
  const words = new Int32Array(feed, 0, FEED.words);
  const text = new Uint8Array(feed, FEED.words * 4, FEED.textBytes);
  const loading: Promise<Llvm> = loadLlvm(url);
  const headers = new Map<string, Uint8Array>();

  const headerOf = (file: string): Uint8Array => {
    const known = headers.get(file);
    if (known !== undefined) return known;
    // A session uses one, and now and then another one in its place.
    if (headers.size > 1) headers.clear();
    const bytes = readFileSync(file);
    headers.set(file, bytes);
    return bytes;
  };

  const awaitText = (id: number, bytes: Uint8Array): void => {
    let told = Atomics.load(words, FEED.told);
    while (told >> 1 < id) {
      Atomics.wait(words, FEED.told, told);
      told = Atomics.load(words, FEED.told);
    }
    // What was said to a later job came after all that was to be said to this one.
    if (told >> 1 > id || (told & 1) === TOLD.abort) throw new Aborted();
    const length = words[FEED.length]!;
    bytes.set(text.subarray(0, length));
    bytes.fill(0x20, length);
  };

  const filesFor = ({ id, texts, header, waits }: Job): FileTree => ({
    ...files,
    ...texts,
    ...(header === undefined ? {} : { [HEADER_NAME.slice(1)]: headerOf(header) }),
    ...(waits ? { [FEED_NAME.slice(1)]: new LateBytes((bytes) => awaitText(id, bytes)) } : {}),
  });

  const run = (llvm: Llvm, job: Job): Omit<JobEnd, 'id'> => {
    try {
      const { output, stderr, code } = llvm.run(job.args, filesFor(job), (said) => {
        if (GAVE_UP.test(said)) throw new GaveUp(said.replace(GAVE_UP, ''));
      });
      if (job.outputFile === undefined || code !== 0) return { output, stderr, code, aborted: false };
      headers.delete(job.outputFile);
      const unwritten = written(job.outputFile, output);
      return { output: NOTHING, stderr, code, aborted: false, ...(unwritten === undefined ? {} : { unwritten }) };
    } catch (error) {
      if (error instanceof Aborted) return { output: NOTHING, stderr: '', code: undefined, aborted: true };
      if (error instanceof GaveUp) return { output: NOTHING, stderr: error.words, code: 1, aborted: false };
      return { output: NOTHING, stderr: String(error), code: undefined, aborted: false };
    }
  };

  return async (job) => {
    const llvm = await loading;
    answer({ id: job.id, ...run(llvm, job) });
  };
}

if (parentPort !== null) {
  const port = parentPort;
  const work = serve(workerData as ThreadData, (end) => port.postMessage(end));
  let last = Promise.resolve();
  port.on('message', (job: Job) => {
    last = last.then(() => work(job));
  });
}
