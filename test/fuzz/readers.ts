// Seeded fuzzing of what the host reads from outside: frames, messages, object files, archives, debug information. What
// is read is a good file of the corpus with damage; it must be answered, or refused with a code, and quickly.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BarewireError } from '../../host/diag/error.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { readArchive } from '../../host/elf/archive.js';
import { readDebugInfo } from '../../host/elf/dwarf/debug-info.js';
import { sizeOfType } from '../../host/elf/dwarf/types.js';
import { readObject } from '../../host/elf/read-object.js';
import { createFramer } from '../../host/wire/framer.js';
import { seededRandom } from '../../host/wire/random.js';
import { decodeOps, decodeReply, encodeOps, encodeReply, type Op } from '../../protocol/batch.js';
import { cobsMaxEncoded } from '../../protocol/cobs.js';
import { decodeFields, MalformedBody } from '../../protocol/fields.js';
import { decodeFrame, encodeFrame } from '../../protocol/frame.js';
import { VECTOR_BOARD } from '../../protocol/generate-vectors.js';
import { decodeHello, encodeHello } from '../../protocol/hello.js';
import { FRAMES, LIMITS } from '../../protocol/messages.js';
import { isRefusal, readRecords, readWasmInput, recordSeeds } from './wasm-readers.js';

const CORPUS = join(packageRoot(), 'test', 'fuzz', 'corpus');
const filesOf = (folder: string) =>
  readdirSync(join(CORPUS, folder))
    .sort()
    .map((name) => new Uint8Array(readFileSync(join(CORPUS, folder, name))));

const ARENA = VECTOR_BOARD.arenaAddr;
const OPS: readonly Op[] = [
  { op: 'WRITE', addr: ARENA + 5, data: Uint8Array.of(1, 2, 3) },
  { op: 'READ', addr: ARENA, len: 8 },
  { op: 'FIND', addr: ARENA, len: 64, low: ARENA, span: 9 },
  { op: 'RUN', entry: ARENA + 1 },
];
const REPLY = encodeReply({
  status: 'OK',
  done: 4,
  results: [
    { op: 'WRITE' },
    { op: 'READ', data: new Uint8Array(8) },
    { op: 'FIND', next: ARENA + 64, words: new Uint8Array(4) },
    { op: 'RUN', value: 42, micros: 300 },
  ],
  failure: {},
});
const FRAME_SEEDS = [
  encodeFrame({ kind: 'HELLO', seq: 1, body: new Uint8Array() }),
  encodeFrame({ kind: 'BATCH_REPLY', seq: 2, body: REPLY }),
  encodeFrame({ kind: 'OUTPUT', seq: 3, body: new Uint8Array(600).fill(7) }),
];

export interface ReaderTarget {
  readonly seeds: () => readonly Uint8Array[];
  /** Reads the input whole; throws what it refuses it with. */
  readonly read: (bytes: Uint8Array) => void;
  /** Codes of refusals that are in order. */
  readonly refusal: (error: unknown) => boolean;
}

const coded = (pattern: RegExp) => (error: unknown) => error instanceof BarewireError && pattern.test(error.code);

export const READERS: Readonly<Record<string, ReaderTarget>> = {
  frame: {
    seeds: () => FRAME_SEEDS,
    read: readLine,
    refusal: () => false,
  },
  message: {
    seeds: () => [encodeOps(OPS, ARENA), REPLY, encodeHello(VECTOR_BOARD), Uint8Array.of(0, 0, 1, 9, 5, 200, 1, 0)],
    read: readMessage,
    refusal: (error) => error instanceof MalformedBody,
  },
  object: {
    seeds: () => filesOf('object'),
    read: (bytes) => {
      for (const section of readObject(bytes, 'input').sections) void [section.bytes, section.relocations];
    },
    refusal: coded(/^ELF_/),
  },
  archive: {
    seeds: () => filesOf('archive'),
    read: (bytes) => {
      const archive = readArchive(bytes, 'input');
      for (let index = 0; index < archive.memberCount; index++) void archive.member(index).sections;
    },
    refusal: coded(/^ELF_/),
  },
  wasm: { seeds: () => filesOf('wasm'), read: readWasmInput, refusal: coded(/^(WASM|ELF|DWARF|LINK)_/) },
  record: { seeds: () => filesOf('wasm').map(recordSeeds), read: readRecords, refusal: isRefusal },
  dwarf: { seeds: () => filesOf('object'), read: readDwarf, refusal: coded(/^(ELF|DWARF)_/) },
};

/** The framer never holds more than a frame, and hands out nothing that is longer. */
function readLine(bytes: Uint8Array): void {
  const most = cobsMaxEncoded(LIMITS.maxFrame);
  const framer = createFramer(most, {
    onFrame: (encoded) => {
      if (encoded.length === 0 || encoded.length > most) throw new Error(`the framer gave ${encoded.length} bytes`);
      const result = decodeFrame(encoded);
      if (result.ok && result.frame.body.length > LIMITS.maxFrame) throw new Error('a frame beyond the limit');
    },
    onTooLong: () => {},
  });
  for (let at = 0; at < bytes.length; at += 61) framer.push(bytes.subarray(at, at + 61));
  framer.close();
}

function readMessage(bytes: Uint8Array): void {
  let refused: unknown;
  const readers = [
    () => decodeOps(bytes, ARENA),
    () => decodeReply(bytes, OPS),
    () => decodeHello(bytes),
    () => decodeFields(FRAMES.STATE.fields, bytes),
    () => decodeFields(FRAMES.OUTPUT.fields, bytes),
    () => decodeFields(FRAMES.NAK.fields, bytes),
  ];
  for (const read of readers) {
    try {
      read();
    } catch (error) {
      if (!(error instanceof MalformedBody)) throw error;
      refused = error;
    }
  }
  if (refused !== undefined) throw refused;
}

function readDwarf(bytes: Uint8Array): void {
  const info = readDebugInfo(readObject(bytes, 'input'));
  for (const name of ['p', 'fp', 'v', 'absent']) {
    const type = info.variable(name)?.type;
    if (type) sizeOfType(type);
  }
  info.variables();
  for (const fn of info.functions()) {
    const range = fn.ranges[0];
    if (range === undefined) continue;
    info.functionAt(range);
    info.lineAt(range);
    info.framesAt(range);
  }
  info.type('n::B');
}

/** Longest time that one input may take, in milliseconds: far above what any needs, far below a hang. */
const SLOWEST_MS = 3000;

export interface ReaderReport {
  inputs: number;
  refused: number;
  slowestMs: number;
  /** What went wrong, with the seed and the number of the input. */
  readonly complaints: string[];
}

/** Inputs after which the event loop gets a turn: streams leave work and what it holds to it. */
const INPUTS_A_TURN = 100;

/** Fuzzes one reader for `ms` milliseconds. */
export async function fuzzReader(target: ReaderTarget, ms: number, seed: number): Promise<ReaderReport> {
  const random = seededRandom(seed);
  const seeds = target.seeds();
  const report: ReaderReport = { inputs: 0, refused: 0, slowestMs: 0, complaints: [] };
  for (const end = performance.now() + ms; performance.now() < end && report.complaints.length < 5; report.inputs++) {
    if (report.inputs % INPUTS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    const input = damaged(seeds[Math.floor(random() * seeds.length)]!, seeds, random);
    const begin = performance.now();
    try {
      target.read(input);
    } catch (error) {
      if (target.refusal(error)) report.refused++;
      else report.complaints.push(`seed ${seed}, input ${report.inputs}: ${(error as Error).stack ?? error}`);
    }
    const took = performance.now() - begin;
    report.slowestMs = Math.max(report.slowestMs, took);
    if (took > SLOWEST_MS) report.complaints.push(`seed ${seed}, input ${report.inputs}: ${took.toFixed(0)} ms`);
  }
  return report;
}

const TELLING = [0, 1, 0x7f, 0x80, 0xff];

/** A seed with one to four wounds: bits, bytes, numbers, cuts, copies from elsewhere. */
function damaged(from: Uint8Array, seeds: readonly Uint8Array[], random: () => number): Uint8Array {
  const below = (limit: number) => Math.floor(random() * limit);
  let bytes = from.slice();
  for (let left = 1 + below(4); left > 0 && bytes.length > 0; left--) {
    const at = below(bytes.length);
    switch (below(7)) {
      case 0:
        bytes[at]! ^= 1 << below(8);
        break;
      case 1:
        bytes[at] = TELLING[below(TELLING.length)]!;
        break;
      case 2:
        bytes.fill(TELLING[below(TELLING.length)]!, at, at + 4);
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + below(16))]);
        break;
      case 5:
        bytes = Uint8Array.from([
          ...bytes.subarray(0, at),
          ...Array.from({ length: below(16) }, () => below(256)),
          ...bytes.subarray(at),
        ]);
        break;
      default: {
        const other = seeds[below(seeds.length)]!;
        const start = below(other.length);
        bytes.set(other.subarray(start, Math.min(other.length, start + below(64), start + bytes.length - at)), at);
      }
    }
  }
  return bytes;
}
