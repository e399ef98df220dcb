// All readers of the host fuzzed side by side, each in a thread with bounded memory: the built program runs there.

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { packageRoot } from '../../host/diag/package-root.js';
import { READERS, type ReaderReport } from './readers.js';

const WORKER = join(packageRoot(), 'dist', 'test', 'fuzz', 'reader-worker.js');
/** Far above what a reader needs for any file of the corpus: one that reaches it grows without end. */
const MOST_MEGABYTES = 256;

/** Fuzzes every reader for `ms` milliseconds at once.
 *  @throws when a reader takes more memory than any input may need, or ends without a report */
export async function fuzzReaders(ms: number, seed: number): Promise<ReadonlyMap<string, ReaderReport>> {
  const names = Object.keys(READERS);
  const reports = await Promise.all(names.map((name) => inThread(name, ms, seed)));
  return new Map(names.map((name, at) => [name, reports[at]!]));
}

function inThread(name: string, ms: number, seed: number): Promise<ReaderReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, {
      workerData: { name, ms, seed },
      resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES },
    });
    worker.once('message', resolve);
    worker.once('error', (cause) => reject(new Error(`the ${name} reader: ${cause.message}`, { cause })));
    worker.once('exit', (code) => reject(new Error(`the ${name} reader ended with ${code}, without a report`)));
  });
}
