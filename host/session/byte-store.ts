// Bytes that a session seldom asks for again (object files with their debug information, source of inputs) and that
// must not grow its memory: appended to a file, read back by handle.
//
//   file   length:u32le bytes   length:u32le bytes   …          a handle is where a length stands
//
// The file belongs to one session and has no name as soon as it is open, where the system allows that; it is gone with
// the process. A disk that takes nothing costs memory, not the session.

import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { debugScope } from '../diag/debug.js';
import { environment } from '../diag/environment.js';
import { BarewireError } from '../diag/error.js';

const log = debugScope('session');

const LENGTH_BYTES = 4;
/** Read at once when the length is not known: most objects of small inputs are shorter. */
const GUESS_BYTES = 4096;

/** Keeps byte strings on disk. */
export class ByteStore {
  readonly #path: string;
  #fd: number | undefined;
  #end = 0;
  /** What the disk did not take. */
  readonly #inMemory = new Map<number, Uint8Array>();
  readonly #removeFile = (): void => rmSync(this.#path, { force: true });

  /** @param dir folder for the file; made if it is missing */
  constructor(dir = environment().cacheDir) {
    this.#path = join(dir, `session-${process.pid}-${randomBytes(4).toString('hex')}.bytes`);
    try {
      mkdirSync(dir, { recursive: true });
      this.#fd = openSync(this.#path, 'wx+', 0o600);
    } catch (error) {
      log?.(`what could be on disk stays in memory: ${(error as Error).message}`);
      return;
    }
    try {
      rmSync(this.#path);
    } catch {
      // Not while it is open, here.
      process.on('exit', this.#removeFile);
    }
  }

  /** Bytes in the file. */
  get sizeBytes(): number {
    return this.#end;
  }

  /** Keeps a copy of `bytes`.
   *  @returns the handle that `get` takes */
  put(bytes: Uint8Array): number {
    const handle = this.#end;
    this.#end += LENGTH_BYTES + bytes.length;
    const record = Buffer.alloc(LENGTH_BYTES + bytes.length);
    record.writeUInt32LE(bytes.length);
    record.set(bytes, LENGTH_BYTES);
    try {
      if (this.#fd === undefined) throw new Error('no file');
      for (let done = 0; done < record.length; ) {
        done += writeSync(this.#fd, record, done, record.length - done, handle + done);
      }
    } catch (error) {
      log?.(`${bytes.length} bytes stay in memory: ${(error as Error).message}`);
      this.#inMemory.set(handle, new Uint8Array(bytes));
    }
    return handle;
  }

  /** What was put under a handle, or `len` bytes of it from `offset` on.
   *  @throws SESSION_STORE_READ when the disk does not give it back */
  get(handle: number, offset = 0, len?: number): Uint8Array {
    const kept = this.#inMemory.get(handle);
    if (kept !== undefined) return kept.subarray(offset, len === undefined ? undefined : offset + len);
    if (len !== undefined) return this.#read(handle + LENGTH_BYTES + offset, len);
    const start = this.#read(handle, Math.min(LENGTH_BYTES + GUESS_BYTES, this.#end - handle));
    const length = new DataView(start.buffer, start.byteOffset).getUint32(0, true);
    if (LENGTH_BYTES + length <= start.length) return start.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
    return this.#read(handle + LENGTH_BYTES, length);
  }

  /** Gives the file back; handles are good for nothing from now on. */
  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    this.#inMemory.clear();
    process.off('exit', this.#removeFile);
    this.#removeFile();
  }

  #read(at: number, len: number): Uint8Array {
    const bytes = new Uint8Array(len);
    let cause: unknown;
    try {
      let done = 0;
      for (let got = 1; this.#fd !== undefined && done < len && got > 0; done += got) {
        got = readSync(this.#fd, bytes, done, len - done, at + done);
      }
      if (done === len) return bytes;
    } catch (error) {
      cause = error;
    }
    const why = cause === undefined ? (this.#fd === undefined ? 'it is closed' : 'it ends before') : String(cause);
    throw new BarewireError(
      'SESSION_STORE_READ',
      `${len} bytes at ${at} of the session's file in ${this.#path} cannot be read: ${why}; is the disk all right?`,
      { path: this.#path, at, len },
      'device',
      { cause },
    );
  }
}
