// The file a session's journal is kept in: records, appended and never changed, each with its length and its sum, so
// that a file cut anywhere is still good up to the cut.
//
//   magic:8   then for each record   length:u32le  crc32:u32le (of the body)  body
//
// A body is a value in Node's structured clone format (v8.serialize), which knows byte arrays; it is read by the same
// or a newer Node. What counts as a session is journal.ts's business.

import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from '../../protocol/crc32.js';
import { debugScope } from '../diag/debug.js';

const log = debugScope('session');

/** `bwjrnl` and the version of the format. */
const MAGIC = Uint8Array.of(0x62, 0x77, 0x6a, 0x72, 0x6e, 0x6c, 0, 1);
const HEAD_BYTES = 8;
const PRIVATE_FILE = 0o600;
const PRIVATE_DIR = 0o700;

/** The whole records of a journal, and how many bytes they take; what is behind them is damaged or cut off. */
export interface ParsedJournal {
  readonly records: readonly unknown[];
  readonly goodBytes: number;
}

/** Reads the records up to the first that is not whole. A file that is no journal has none, and 0 good bytes. */
export function parseJournal(bytes: Uint8Array): ParsedJournal {
  const records: unknown[] = [];
  if (bytes.length < MAGIC.length || MAGIC.some((byte, index) => bytes[index] !== byte))
    return { records, goodBytes: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = MAGIC.length;
  while (at + HEAD_BYTES <= bytes.length) {
    const length = view.getUint32(at, true);
    const end = at + HEAD_BYTES + length;
    if (end > bytes.length) break;
    const body = bytes.subarray(at + HEAD_BYTES, end);
    if (crc32(body) !== view.getUint32(at + 4, true)) break;
    try {
      records.push(deserialize(body));
    } catch {
      break;
    }
    at = end;
  }
  return { records, goodBytes: at };
}

/** One record as it stands in the file. */
export function encodeRecord(record: unknown): Uint8Array {
  const body = serialize(record);
  const bytes = new Uint8Array(HEAD_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length, true);
  view.setUint32(4, crc32(body), true);
  bytes.set(body, HEAD_BYTES);
  return bytes;
}

/** When what was written is brought to the disk. `behind`: in the background, so that an answer never waits for the
 *  disk; a crash of the host's system may cost the last moment, one of this process costs nothing. `before`: before
 *  anything is sent to the board. `never`: when the system likes. */
export type SyncPolicy = 'behind' | 'before' | 'never';

/** A journal that is open for writing. A disk that is full or gone ends the writing, not the session. */
export class JournalFile {
  readonly path: string;
  readonly #sync: SyncPolicy;
  #fd: number | undefined;
  #failure: Error | undefined;
  #syncing = false;
  #dirty = false;

  private constructor(path: string, fd: number, sync: SyncPolicy) {
    this.path = path;
    this.#fd = fd;
    this.#sync = sync;
  }

  /** Starts a journal; there must be no such file.
   *  @throws what the file system says */
  static create(path: string, sync: SyncPolicy = 'behind'): JournalFile {
    mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_DIR });
    const file = new JournalFile(path, openSync(path, 'ax', PRIVATE_FILE), sync);
    file.#write(MAGIC);
    return file;
  }

  /** Goes on with a journal; what is not whole at its end is cut off.
   *  @throws what the file system says */
  static continue(path: string, sync: SyncPolicy = 'behind'): { file: JournalFile; records: readonly unknown[] } {
    const { records, goodBytes } = parseJournal(readFileSync(path));
    const fd = openSync(path, 'r+');
    ftruncateSync(fd, goodBytes);
    closeSync(fd);
    const file = JournalFile.over(path, sync);
    if (goodBytes === 0) file.#write(MAGIC);
    return { file, records };
  }

  /** Appends to a file as it is.
   *  @throws what the file system says */
  static over(path: string, sync: SyncPolicy): JournalFile {
    return new JournalFile(path, openSync(path, 'a', PRIVATE_FILE), sync);
  }

  /** Why nothing is written any more. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Appends records with one write. They outlive this process when it returns. */
  append(records: readonly unknown[]): void {
    if (records.length > 0) this.#write(Buffer.concat(records.map(encodeRecord)));
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    // A sync under way still needs the descriptor.
    if (fd !== undefined && !this.#syncing) closeSync(fd);
  }

  #write(bytes: Uint8Array): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      if (this.#sync === 'before') fdatasyncSync(fd);
    } catch (error) {
      log?.(`journal ${this.path}: ${String(error)}`);
      this.#failure = error as Error;
      this.close();
      return;
    }
    if (this.#sync === 'behind') this.#syncBehind(fd);
  }

  #syncBehind(fd: number): void {
    this.#dirty = true;
    if (this.#syncing) return;
    this.#syncing = true;
    this.#dirty = false;
    fdatasync(fd, () => {
      this.#syncing = false;
      if (this.#fd === undefined) closeSync(fd);
      else if (this.#dirty) this.#syncBehind(fd);
    });
  }
}
