// Fuzzes one reader in a thread of its own; see reader-threads.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { fuzzReader, READERS } from './readers.js';

const { name, ms, seed } = workerData as { name: string; ms: number; seed: number };
parentPort!.postMessage(await fuzzReader(READERS[name]!, ms, seed));
