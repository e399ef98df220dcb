// Golden vectors: what goes over the line and what must come back, byte for byte. The cases are stated here
// by hand (operations in, results out), not computed by a model of the board, so that the codec and the
// stub's core are both checked against the same statement. CRCs and COBS come from the codec, whose own
// tests pin them to published values.

import { type BatchReply, encodeOps, encodeReply, type Op } from './batch.js';
import { cobsEncode } from './cobs.js';
import { crc32 } from './crc32.js';
import { encodeFields } from './fields.js';
import { encodeFrame } from './frame.js';
import { encodeHello, type Hello, toHex } from './hello.js';
import { FAULT_WORDS, FRAMES, type FrameKind } from './messages.js';
import { TABLE_HASH } from './table-hash.js';

/** The board that a replayer of the vectors must set up. */
export const VECTOR_BOARD: Hello = {
  tableHash: TABLE_HASH,
  output: 0,
  buildId: '0001020304050607',
  arch: 'armv7-m',
  bootId: 0,
  cause: 0,
  arenaAddr: 0x2000_1000,
  arenaSize: 4096,
  stackAddr: 0x2000_0000,
  stackSize: 2048,
  maxFrame: 256,
  maxReply: 256,
  window: 2,
};

/** What the functions do that RUN calls; a replayer provides them by these addresses (Thumb bit set). */
export const VECTOR_FUNCTIONS = [
  { entry: 0x2000_1101, does: 'return', value: 42, micros: 7 },
  { entry: 0x2000_1201, does: 'exit', value: 3 },
  { entry: 0x2000_1301, does: 'fault', firstWord: 3, wordStep: 1 },
] as const;

export interface VectorStep {
  readonly name: string;
  /** What goes to the board, delimiters included. */
  readonly send: string;
  /** Frames that must come back, in order, each with its delimiter; `counts` instead of an answer for bad frames. */
  readonly expect: readonly string[];
  readonly counts?: 'badCrc' | 'badLength';
  /** The same as data, for people and for the codec's test. */
  readonly ops?: readonly unknown[];
  readonly reply?: unknown;
}

export interface VectorSession {
  readonly name: string;
  readonly steps: readonly VectorStep[];
}

const ARENA = VECTOR_BOARD.arenaAddr;
const EMPTY = new Uint8Array();
const bytes = (...values: number[]) => Uint8Array.from(values);
const littleEndian = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
const ramp = (count: number, start = 0) => Uint8Array.from({ length: count }, (_, i) => (start + i) & 0xff);
const frame = (kind: FrameKind, seq: number, body: Uint8Array = EMPTY) => toHex(encodeFrame({ kind, seq, body }));

/** Bytes as hex and nothing else changed, for the JSON file. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { hex: toHex(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

const ok = (...results: BatchReply['results'][number][]): BatchReply => ({
  status: 'OK',
  done: results.length,
  results,
  failure: {},
});

const failed = (
  status: BatchReply['status'],
  failure: BatchReply['failure'] = {},
  ...results: BatchReply['results'][number][]
): BatchReply => ({ status, done: results.length, results, failure });

function batch(
  name: string,
  seq: number,
  ops: readonly Op[],
  reply: BatchReply,
  kind: FrameKind = 'BATCH',
): VectorStep {
  return {
    name,
    send: frame(kind, seq, encodeOps(ops, ARENA)),
    expect: [frame('BATCH_REPLY', seq, encodeReply(reply))],
    ops: ops.map(plain),
    reply: plain(reply),
  };
}

function rawBatch(name: string, seq: number, body: Uint8Array, reply: BatchReply): VectorStep {
  const expect = [frame('BATCH_REPLY', seq, encodeReply(reply))];
  return { name, send: frame('BATCH', seq, body), expect, reply: plain(reply) };
}

function hello(seq: number): VectorStep {
  return {
    name: `HELLO with sequence number ${seq}`,
    send: `00${frame('HELLO', seq)}`,
    expect: [frame('HELLO_REPLY', seq, encodeHello(VECTOR_BOARD))],
  };
}

function ping(seq: number, lastSeq: number, badCrc: number, badLength: number): VectorStep {
  const state = { output: 0, running: 0, lastSeq, badCrc, badLength, dropped: 0 };
  return {
    name: `PING: last ${lastSeq}, badCrc ${badCrc}, badLength ${badLength}`,
    send: frame('PING', seq),
    expect: [frame('STATE', lastSeq, encodeFields(FRAMES.STATE.fields, state))],
  };
}

function nak(name: string, seq: number, expected: number): VectorStep {
  return {
    name,
    send: frame('BATCH', seq, encodeOps([{ op: 'READ', addr: ARENA, len: 1 }], ARENA)),
    expect: [frame('NAK', seq, encodeFields(FRAMES.NAK.fields, { expected }))],
  };
}

/** A frame with a right CRC or a wrong one, from its decoded bytes. */
function decoded(head: Uint8Array, crcXor = 0): string {
  const full = new Uint8Array(head.length + 4);
  full.set(head);
  new DataView(full.buffer).setUint32(head.length, (crc32(head) ^ crcXor) >>> 0, true);
  return `${toHex(cobsEncode(full))}00`;
}

const abc = new TextEncoder().encode('123456789');
const words = FAULT_WORDS.cortexm;
const record = new Uint8Array(words.length * 4);
words.forEach((_, index) => {
  new DataView(record.buffer).setUint32(index * 4, 3 + index, true);
});

const SESSIONS: readonly VectorSession[] = [
  {
    name: 'search',
    steps: [
      hello(7),
      batch(
        'FIND gives the whole aligned words within its bounds',
        8,
        [
          { op: 'WRITE', addr: ARENA + 64, data: littleEndian(ARENA + 8, 7, ARENA + 12, ARENA + 13, ARENA + 7) },
          { op: 'FIND', addr: ARENA + 64, len: 20, low: ARENA + 8, span: 4 },
          { op: 'FIND', addr: ARENA + 64, len: 3, low: 0, span: 0xffffffff },
        ],
        ok(
          { op: 'WRITE' },
          { op: 'FIND', next: ARENA + 84, words: littleEndian(ARENA + 8, ARENA + 12) },
          { op: 'FIND', next: ARENA + 64, words: EMPTY },
        ),
      ),
    ],
  },
  {
    name: 'operations',
    steps: [
      hello(7),
      batch('no operations at all', 8, [], ok()),
      batch(
        'WRITE and READ back',
        9,
        [
          { op: 'WRITE', addr: ARENA + 16, data: abc },
          { op: 'READ', addr: ARENA + 16, len: 9 },
        ],
        ok({ op: 'WRITE' }, { op: 'READ', data: abc }),
      ),
      batch(
        'CRC of a range, the published check value cbf43926',
        10,
        [{ op: 'CRC', addr: ARENA + 16, len: 9 }],
        ok({ op: 'CRC', crc: 0xcbf43926 }),
      ),
      batch('CHECK that holds', 11, [{ op: 'CHECK', addr: ARENA + 16, len: 9, crc: 0xcbf43926 }], ok({ op: 'CHECK' })),
      batch(
        'CHECK that does not hold ends the batch and gives the CRC there is',
        12,
        [
          { op: 'WRITE', addr: ARENA, data: bytes(0, 1, 0) },
          { op: 'CHECK', addr: ARENA + 16, len: 9, crc: 1 },
          { op: 'READ', addr: ARENA, len: 3 },
        ],
        failed('MISMATCH', { crc: 0xcbf43926 }, { op: 'WRITE' }),
      ),
      batch(
        'FILL leaves its neighbours alone',
        13,
        [
          { op: 'FILL', addr: ARENA + 17, len: 7, value: 0xee },
          { op: 'READ', addr: ARENA + 15, len: 11 },
        ],
        ok({ op: 'FILL' }, { op: 'READ', data: bytes(0, 0x31, ...Array<number>(7).fill(0xee), 0x39, 0) }),
      ),
      batch(
        'zero lengths',
        14,
        [
          { op: 'WRITE', addr: ARENA, data: EMPTY },
          { op: 'FILL', addr: ARENA, len: 0, value: 1 },
          { op: 'READ', addr: ARENA, len: 0 },
          { op: 'CRC', addr: ARENA, len: 0 },
        ],
        ok({ op: 'WRITE' }, { op: 'FILL' }, { op: 'READ', data: EMPTY }, { op: 'CRC', crc: 0 }),
      ),
      batch(
        'the last byte of the arena',
        15,
        [
          { op: 'WRITE', addr: ARENA + 4095, data: bytes(0x5a) },
          { op: 'READ', addr: ARENA + 4095, len: 1 },
        ],
        ok({ op: 'WRITE' }, { op: 'READ', data: bytes(0x5a) }),
      ),
      batch(
        'a WRITE that fills the longest frame (250 bytes of body)',
        16,
        [{ op: 'WRITE', addr: ARENA + 512, data: ramp(245, 1) }],
        ok({ op: 'WRITE' }),
      ),
      batch(
        'a READ that fills the longest reply',
        17,
        [{ op: 'READ', addr: ARENA + 512, len: 244 }],
        ok({ op: 'READ', data: ramp(244, 1) }),
      ),
    ],
  },
  {
    name: 'refusals',
    steps: [
      hello(1),
      batch(
        'WRITE one byte beyond the arena changes nothing',
        2,
        [{ op: 'WRITE', addr: ARENA + 4095, data: bytes(1, 2) }],
        failed('REFUSED'),
      ),
      batch('nothing was written', 3, [{ op: 'READ', addr: ARENA + 4095, len: 1 }], ok({ op: 'READ', data: bytes(0) })),
      batch(
        'WRITE one byte before the arena',
        4,
        [{ op: 'WRITE', addr: ARENA - 1, data: bytes(1, 2) }],
        failed('REFUSED'),
      ),
      batch(
        'FILL whose end wraps around the address space',
        5,
        [{ op: 'FILL', addr: ARENA + 8, len: 0xffff_ffff, value: 1 }],
        failed('REFUSED'),
      ),
      batch(
        'operations before the refused one stay done',
        6,
        [
          { op: 'WRITE', addr: ARENA, data: bytes(9) },
          { op: 'FILL', addr: ARENA + 4096, len: 1, value: 1 },
        ],
        failed('REFUSED', {}, { op: 'WRITE' }),
      ),
      batch(
        'BATCH_CONT after a failed batch is aborted',
        7,
        [{ op: 'WRITE', addr: ARENA, data: bytes(1) }],
        failed('ABORTED'),
        'BATCH_CONT',
      ),
      batch(
        'and so is the BATCH_CONT after that',
        8,
        [{ op: 'WRITE', addr: ARENA, data: bytes(1) }],
        failed('ABORTED'),
        'BATCH_CONT',
      ),
      batch('BATCH works again', 9, [{ op: 'READ', addr: ARENA, len: 1 }], ok({ op: 'READ', data: bytes(9) })),
      batch(
        'BATCH_CONT after a good batch',
        10,
        [{ op: 'READ', addr: ARENA, len: 1 }],
        ok({ op: 'READ', data: bytes(9) }),
        'BATCH_CONT',
      ),
      rawBatch('an operation that does not exist', 11, bytes(0x7f), failed('MALFORMED')),
      rawBatch('a READ without its length', 12, bytes(0x03, 0x00), failed('MALFORMED')),
      rawBatch('a WRITE that promises more bytes than there are', 13, bytes(0x01, 0, 5, 1, 2, 3), failed('MALFORMED')),
      rawBatch('an address that never ends', 14, bytes(0x03, 255, 255, 255, 255, 255, 1, 1), failed('MALFORMED')),
      batch('a READ one byte too long for the reply', 15, [{ op: 'READ', addr: ARENA, len: 245 }], failed('TOO_BIG')),
      batch(
        'two READs that do not fit together: the first is kept',
        16,
        [
          { op: 'READ', addr: ARENA, len: 1 },
          { op: 'READ', addr: ARENA, len: 243 },
        ],
        failed('TOO_BIG', {}, { op: 'READ', data: bytes(9) }),
      ),
    ],
  },
  {
    name: 'sequence',
    steps: [
      hello(254),
      batch('the number after 254', 255, [{ op: 'WRITE', addr: ARENA, data: bytes(1) }], ok({ op: 'WRITE' })),
      batch('the number after 255 is 0', 0, [{ op: 'READ', addr: ARENA, len: 1 }], ok({ op: 'READ', data: bytes(1) })),
      batch(
        'the same again gets the stored reply',
        0,
        [{ op: 'READ', addr: ARENA, len: 1 }],
        ok({ op: 'READ', data: bytes(1) }),
      ),
      batch('an older one is not done again', 255, [{ op: 'WRITE', addr: ARENA, data: bytes(77) }], failed('REPEATED')),
      batch(
        'which did not change memory',
        1,
        [{ op: 'READ', addr: ARENA, len: 1 }],
        ok({ op: 'READ', data: bytes(1) }),
      ),
      nak('a gap is refused', 3, 2),
      nak('and so is a wider one', 100, 2),
      batch('the awaited number goes on', 2, [{ op: 'WRITE', addr: ARENA, data: bytes(2) }], ok({ op: 'WRITE' })),
      hello(40),
      nak('HELLO starts a new sequence', 43, 41),
      batch('at its number + 1', 41, [{ op: 'READ', addr: ARENA, len: 1 }], ok({ op: 'READ', data: bytes(2) })),
      { name: 'BREAK of an idle board does nothing', send: frame('BREAK', 0), expect: [] },
      ping(9, 41, 0, 0),
    ],
  },
  {
    name: 'bad frames',
    steps: [
      hello(1),
      { name: 'empty frames are nothing', send: '000000', expect: [] },
      ping(1, 1, 0, 0),
      { name: 'a wrong CRC', send: decoded(bytes(0x05, 2), 0x100), expect: [], counts: 'badCrc' },
      ping(2, 1, 1, 0),
      { name: 'five decoded bytes', send: decoded(bytes(0x05)), expect: [], counts: 'badLength' },
      ping(3, 1, 1, 1),
      { name: 'a COBS code beyond the end', send: '0905010000', expect: [], counts: 'badLength' },
      ping(4, 1, 1, 2),
      {
        name: 'a frame of 257 bytes is dropped whole',
        send: decoded(bytes(0x02, 2, 0x01, 0x00, 0xf7, 0x01, ...Array<number>(247).fill(0x41))),
        expect: [],
        counts: 'badLength',
      },
      ping(5, 1, 1, 3),
      {
        name: 'ten thousand bytes without a delimiter are one bad frame',
        send: `${'41'.repeat(10_000)}00`,
        expect: [],
        counts: 'badLength',
      },
      ping(6, 1, 1, 4),
      {
        name: 'the half of a frame, then a delimiter and the whole',
        send: `${frame('PING', 7).slice(0, 8)}00${frame('PING', 7)}`,
        expect: ping(7, 1, 1, 5).expect,
        counts: 'badLength',
      },
      batch(
        'none of this was done',
        2,
        [{ op: 'READ', addr: ARENA, len: 4 }],
        ok({ op: 'READ', data: bytes(0, 0, 0, 0) }),
      ),
    ],
  },
  {
    name: 'runs',
    steps: [
      hello(1),
      batch('a function that returns', 2, [{ op: 'RUN', entry: 0x2000_1101 }], ok({ op: 'RUN', value: 42, micros: 7 })),
      batch(
        'write, run, read in one frame',
        3,
        [
          { op: 'WRITE', addr: ARENA, data: bytes(1, 2, 3, 4) },
          { op: 'RUN', entry: 0x2000_1101 },
          { op: 'READ', addr: ARENA, len: 4 },
        ],
        ok({ op: 'WRITE' }, { op: 'RUN', value: 42, micros: 7 }, { op: 'READ', data: bytes(1, 2, 3, 4) }),
      ),
      batch(
        'a function that exits',
        4,
        [
          { op: 'RUN', entry: 0x2000_1201 },
          { op: 'READ', addr: ARENA, len: 4 },
        ],
        failed('EXITED', { value: 3 }),
      ),
      batch(
        'a function that faults',
        5,
        [
          { op: 'RUN', entry: 0x2000_1101 },
          { op: 'RUN', entry: 0x2000_1301 },
        ],
        failed('FAULT', { record }, { op: 'RUN', value: 42, micros: 7 }),
      ),
      batch(
        'the same again gets the stored reply, and nothing runs',
        5,
        [],
        failed('FAULT', { record }, { op: 'RUN', value: 42, micros: 7 }),
      ),
      batch(
        'memory is as it was',
        6,
        [{ op: 'READ', addr: ARENA, len: 4 }],
        ok({ op: 'READ', data: bytes(1, 2, 3, 4) }),
      ),
    ],
  },
];

const ABOUT = [
  'Made by `npm run generate` from protocol/generate-vectors.ts; do not edit.',
  'Each session starts on a board just reset: arena all zero, counters zero. The HELLO_REPLY that a board sends unasked at reset is not part of the vectors.',
  'For each step, feed the bytes of `send` (hex, delimiters included); the frames the board sends until it waits again must be `expect`, in order, byte for byte.',
  '`counts` names the counter of STATE that the bad frame must raise by one.',
  '`board` gives what HELLO_REPLY must say; `functions` gives what RUN of an entry does: return (value, micros), exit (value), or fault with a record of 22 words firstWord, firstWord + wordStep, …',
  '`ops` and `reply` say the same as the hex, for people and for the codec; a step without `ops` carries bytes that are no valid operations, or no batch.',
];

/** Text of `protocol/vectors/sessions.json`. */
export function renderVectors(): string {
  return `${JSON.stringify({ about: ABOUT, board: VECTOR_BOARD, functions: VECTOR_FUNCTIONS, sessions: SESSIONS }, undefined, 1)}\n`;
}
