// The natively compiled core as a board on any clock: a process that lives in turns (see line-board.c), talked to
// through named pipes and without waiting for the event loop, which is what makes millions of frames possible.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../host/wire/clock.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { compileNative } from './native-stub.js';

export const NATIVE_ARENA = { addr: 0x2000_1000, sizeBytes: 65_536 };

/** What RUN of an entry does; see line-board.c. */
export const NATIVE_RUN = { return: 0, print: 1, wait: 2, fault: 3, exit: 4, printSlowly: 5, forever: 6 } as const;
export type NativeRun = keyof typeof NATIVE_RUN;

/** The number and the entry of a run. */
export function nativeEntry(kind: NativeRun, argument: number): { n: number; entry: number } {
  const n = NATIVE_RUN[kind] + 8 * argument;
  return { n, entry: NATIVE_ARENA.addr + 2 * n + 1 };
}

/** What a run prints. */
export function nativeOutput(n: number): string {
  const argument = Math.floor(n / 8);
  const lines = { 1: argument % 60, 5: argument % 12, 6: argument % 30 }[n % 8] ?? 0;
  return Array.from({ length: lines }, (_, i) => `run ${n} line ${i} of ${lines}\n`).join('');
}

/** The chain after one more run. */
export const nativeChain = (chain: number, n: number) => (Math.imul(chain, 31) + n) >>> 0;

export interface NativeProgram {
  readonly path: string;
  readonly sanitized: boolean;
  remove(): void;
}

/** Compiles the board.
 *  @param sanitize with sanitizers, at a third of the speed */
export function buildNativeBoard(sanitize: boolean): NativeProgram {
  const folder = mkdtempSync(join(tmpdir(), 'barewire-board-'));
  const path = join(folder, 'board');
  const flags = [sanitize ? '-O1' : '-O2', `-DSTUB_ARENA_SIZE=${NATIVE_ARENA.sizeBytes}u`];
  const { sanitized } = compileNative('line-board.c', path, flags, sanitize);
  return { path, sanitized, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const HEAD_BYTES = 12;

/** One running board. `port` is its end of the line. */
export class NativeBoard {
  readonly port: BytePort;
  /** User code runs. */
  running = false;

  private readonly child: ChildProcess;
  private readonly folder = mkdtempSync(join(tmpdir(), 'barewire-turns-'));
  private readonly toBoard: number;
  private readonly fromBoard: number;
  private readonly head = Buffer.alloc(HEAD_BYTES);
  private onData: (bytes: Uint8Array) => void = () => {};
  private cancelWake: (() => void) | undefined;
  private early: Uint8Array | undefined;
  private open = true;

  constructor(
    program: NativeProgram,
    private readonly clock: Clock,
  ) {
    const [input, output] = [join(this.folder, 'in'), join(this.folder, 'out')];
    spawnSync('mkfifo', [input, output]);
    this.child = spawn('sh', ['-c', `exec "${program.path}" <"${input}" >"${output}"`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.toBoard = openSync(input, 'w');
    this.fromBoard = openSync(output, 'r');
    this.early = this.readTurn();
    this.port = {
      name: 'native board',
      write: (bytes) => this.turn(bytes),
      onData: (listener) => {
        this.onData = listener;
        if (this.early !== undefined && this.early.length > 0) listener(this.early);
        this.early = undefined;
      },
      onClose: () => {},
      close: async () => this.end(),
    };
  }

  /** Resets it: RAM is zero, and it says hello. */
  reset(): void {
    this.turn(new Uint8Array(), 1);
  }

  /** Ends the process. */
  end(): void {
    if (!this.open) return;
    this.open = false;
    this.cancelWake?.();
    closeSync(this.toBoard);
    closeSync(this.fromBoard);
    this.child.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private turn(bytes: Uint8Array, flags = 0): void {
    if (!this.open) return;
    this.cancelWake?.();
    this.cancelWake = undefined;
    const out = Buffer.allocUnsafe(HEAD_BYTES + bytes.length);
    out.writeUInt32LE(Math.round(this.clock.now() * 1000) >>> 0, 0);
    out.writeUInt32LE(flags, 4);
    out.writeUInt32LE(bytes.length, 8);
    out.set(bytes, HEAD_BYTES);
    for (let done = 0; done < out.length; ) done += writeSync(this.toBoard, out, done);
    const sent = this.readTurn();
    if (sent.length > 0) this.onData(sent);
  }

  private readTurn(): Uint8Array {
    this.fill(this.head);
    this.running = this.head.readUInt32LE(0) !== 0;
    const wakeMicros = this.head.readUInt32LE(4);
    if (wakeMicros !== 0) {
      const inMicros = (wakeMicros - Math.round(this.clock.now() * 1000)) | 0;
      this.cancelWake = this.clock.after(Math.max(0, inMicros) / 1000, () => this.turn(new Uint8Array()));
    }
    const sent = new Uint8Array(this.head.readUInt32LE(8));
    this.fill(sent);
    return sent;
  }

  private fill(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const count = readSync(this.fromBoard, bytes, done, bytes.length - done, null);
      if (count === 0) throw new Error('the native board has ended: a sanitizer spoke, or it aborted');
      done += count;
    }
  }
}
