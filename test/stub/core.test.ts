// The stub's core on this machine, frame by frame: sequence, refusals, damage, faults, output.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BatchReply, decodeReply, encodeOps, type Op, outputBefore } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import { decodeFields } from '../../protocol/fields.js';
import { encodeFrame } from '../../protocol/frame.js';
import { decodeHello } from '../../protocol/hello.js';
import { FAULT_WORDS, FRAMES, type FrameKind } from '../../protocol/messages.js';
import { buildNativeStub, type NativeStub, readFrames, type SentFrame, splitFrames } from './native-stub.js';

const ARENA = 0x2000_1000;
const ARENA_SIZE = 4096;
const MAX_FRAME = 256;
const ARENA_END = ARENA + ARENA_SIZE;
const RUN_COUNT: Op = { op: 'READ', addr: 0x3000_0000, len: 4 };
const RUN = {
  return42: { op: 'RUN', entry: ARENA + 0x101 },
  exit3: { op: 'RUN', entry: ARENA + 0x201 },
  fault: { op: 'RUN', entry: ARENA + 0x301 },
  listen: { op: 'RUN', entry: ARENA + 0x401 },
  print: { op: 'RUN', entry: ARENA + 0x501 },
  printMuch: { op: 'RUN', entry: ARENA + 0x601 },
  printAndListen: { op: 'RUN', entry: ARENA + 0x701 },
  listenAfter: { op: 'RUN', entry: ARENA + 0x801 },
  printMuchAndListen: { op: 'RUN', entry: ARENA + 0x901 },
} as const satisfies Record<string, Op>;

let stub: NativeStub;
beforeAll(() => {
  stub = buildNativeStub();
});
afterAll(() => stub?.remove());

const frame = (kind: FrameKind, seq: number, body: Uint8Array = new Uint8Array()) => encodeFrame({ kind, seq, body });
const batch = (seq: number, ...ops: Op[]) => frame('BATCH', seq, encodeOps(ops, ARENA));
const cont = (seq: number, ...ops: Op[]) => frame('BATCH_CONT', seq, encodeOps(ops, ARENA));
const raw = (seq: number, ...body: number[]) => frame('BATCH', seq, Uint8Array.from(body));
const write = (addr: number, ...data: number[]): Op => ({ op: 'WRITE', addr, data: Uint8Array.from(data) });

/** Frames sent in answer to `line`, behind the HELLO_REPLY of the reset. */
function answers(...line: Uint8Array[]): SentFrame[] {
  return readFrames(stub.talk(Buffer.concat(line)));
}

function only(...line: Uint8Array[]): SentFrame {
  const frames = answers(...line);
  expect(frames).toHaveLength(1);
  return frames[0]!;
}

function reply(sent: SentFrame | undefined, ...ops: Op[]): BatchReply {
  expect(sent?.kind).toBe('BATCH_REPLY');
  return decodeReply(sent!.body, ops);
}

function state(sent: SentFrame | undefined) {
  expect(sent?.kind).toBe('STATE');
  return decodeFields(FRAMES.STATE.fields, sent!.body);
}

function output(sent: SentFrame | undefined) {
  expect(sent?.kind).toBe('OUTPUT');
  return decodeFields(FRAMES.OUTPUT.fields, sent!.body);
}

/** What `printMuch` prints. */
const MUCH = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));

const read = (sent: BatchReply) => sent.results.flatMap((result) => (result.op === 'READ' ? [...result.data] : []));

describe('handshake', () => {
  it('says HELLO_REPLY with seq 0 after a reset, unasked', () => {
    const sent = splitFrames(stub.talk(new Uint8Array()));
    expect(sent).toHaveLength(1);
    expect(Buffer.from(sent[0]!).readUInt8(1)).toBe(FRAMES.HELLO_REPLY.code);
  });

  it('answers HELLO with its seq and with what the host must know', () => {
    const hello = only(frame('HELLO', 7));
    expect(hello).toMatchObject({ kind: 'HELLO_REPLY', seq: 7 });
    expect(decodeHello(hello.body)).toMatchObject({
      buildId: '0001020304050607',
      arenaAddr: ARENA,
      arenaSize: ARENA_SIZE,
      maxFrame: MAX_FRAME,
      window: 2,
    });
  });

  it('RESET starts over, whatever was in work', () => {
    const sent = answers(batch(1, write(ARENA, 1)), frame('RESET', 0), batch(1, { op: 'READ', addr: ARENA, len: 0 }));
    expect(sent.map(({ kind, seq }) => [kind, seq])).toEqual([
      ['BATCH_REPLY', 1],
      ['HELLO_REPLY', 0],
      ['BATCH_REPLY', 1],
    ]);
  });
});

describe('at most once', () => {
  it('answers a repeated batch with the stored reply and does not run it again', () => {
    const sent = answers(batch(1, RUN.return42), batch(1, RUN.return42), batch(1, RUN.return42), batch(2, RUN_COUNT));
    expect(sent[1]).toEqual(sent[0]);
    expect(sent[2]).toEqual(sent[0]);
    expect(reply(sent[0], RUN.return42).results).toEqual([{ op: 'RUN', value: 42, micros: 7 }]);
    expect(read(reply(sent[3], RUN_COUNT))).toEqual([1, 0, 0, 0]);
  });

  it('stores the reply of a batch that failed as well', () => {
    const sent = answers(batch(1, RUN.fault), batch(1, RUN.fault), batch(2, RUN_COUNT));
    expect(sent[1]).toEqual(sent[0]);
    expect(read(reply(sent[2], RUN_COUNT))).toEqual([1, 0, 0, 0]);
  });

  it('does not take the seq of a HELLO, or one before it, for a batch done before', () => {
    const sent = answers(frame('HELLO', 9), batch(9, RUN.return42), batch(8, RUN.return42), batch(10, RUN_COUNT));
    expect(sent.slice(1, 3).map(({ kind, seq, body }) => [kind, seq, ...body])).toEqual([
      ['NAK', 9, 10],
      ['NAK', 8, 10],
    ]);
    expect(read(reply(sent[3], RUN_COUNT))).toEqual([0, 0, 0, 0]);
  });

  it.each([
    [2, 'NAK'],
    [128, 'NAK'],
    [129, 'BATCH_REPLY'],
    [255, 'BATCH_REPLY'],
  ])('takes a batch %i ahead of the last one, of 200, for %s', (ahead, kind) => {
    const before = Array.from({ length: 200 }, (_, i) => batch((i + 1) & 255));
    const seq = (200 + ahead) & 255;
    const sent = answers(...before, batch(seq, RUN.return42), batch(201, RUN_COUNT)).slice(200);
    expect(sent[0]).toMatchObject({ kind, seq });
    if (kind === 'NAK') expect([...sent[0]!.body]).toEqual([201]);
    else expect(reply(sent[0], RUN.return42).status).toBe('REPEATED');
    expect(read(reply(sent[1], RUN_COUNT))).toEqual([0, 0, 0, 0]);
  });

  it('keeps the stored reply while it refuses others', () => {
    const sent = answers(batch(1), batch(2, RUN.return42), batch(1), batch(7), batch(2, RUN.return42)).slice(1);
    expect(sent.map(({ kind }) => kind)).toEqual(['BATCH_REPLY', 'BATCH_REPLY', 'NAK', 'BATCH_REPLY']);
    expect(sent[3]).toEqual(sent[0]);
  });

  it('aborts BATCH_CONT after a failure, until a BATCH', () => {
    const sent = answers(raw(1, 0x77), cont(2, write(ARENA, 9)), cont(3), batch(4), cont(5));
    expect(sent.map((each, i) => reply(each, ...(i === 1 ? [write(ARENA, 9)] : [])).status)).toEqual([
      'MALFORMED',
      'ABORTED',
      'ABORTED',
      'OK',
      'OK',
    ]);
  });
});

describe('damage on the line', () => {
  const good = batch(1, write(ARENA, 1, 2, 3));
  const after = [good, frame('PING', 0)];

  it.each([
    ['a flipped bit', 'badCrc', Buffer.from(good).fill(good[2]! ^ 0x10, 2, 3)],
    ['a lost byte', 'badLength', Buffer.concat([good.subarray(0, 4), good.subarray(5)])],
    ['a frame cut short', 'badLength', Buffer.concat([good.subarray(0, 7), Buffer.from([0])])],
    ['an empty COBS block', 'badLength', Buffer.from([1, 0])],
    ['a frame one byte too long', 'badLength', frame('BATCH', 1, new Uint8Array(MAX_FRAME - 5).fill(1))],
    ['a megabyte without a delimiter', 'badLength', Buffer.concat([Buffer.alloc(1 << 20, 0x55), Buffer.from([0])])],
  ])('drops %s, counts it as %s, and takes the next frame', (_, counter, damaged) => {
    const sent = answers(damaged, ...after);
    expect(reply(sent[0], write(ARENA, 0)).status).toBe('OK');
    const counters = { badCrc: 0, badLength: 0, dropped: 0 };
    expect(state(sent[1])).toMatchObject({ ...counters, [counter]: 1 });
    expect(sent).toHaveLength(2);
  });

  it('ignores empty frames without counting them', () => {
    const sent = answers(new Uint8Array(5), good, new Uint8Array(3), frame('PING', 0));
    expect(state(sent[1])).toMatchObject({ badCrc: 0, badLength: 0, dropped: 0 });
  });

  it('takes a frame of exactly the longest length', () => {
    const data = Array.from({ length: MAX_FRAME - 6 - 1 - 1 - 2 }, (_, i) => i & 255);
    const readBack: Op = { op: 'READ', addr: ARENA, len: 200 };
    const sent = answers(batch(1, write(ARENA, ...data)), batch(2, readBack));
    expect(batch(1, write(ARENA, ...data)).length).toBeGreaterThan(MAX_FRAME);
    expect(reply(sent[0], write(ARENA, ...data)).status).toBe('OK');
    expect(read(reply(sent[1], readBack))).toEqual(data.slice(0, 200));
  });

  it('counts a kind that it does not know', () => {
    const plain = [0x7e, 1];
    const crc = crc32(Uint8Array.from(plain));
    const known = frame('PING', 0);
    const unknown = Buffer.from([7, ...plain, crc & 255, (crc >>> 8) & 255, (crc >>> 16) & 255, crc >>> 24, 0]);
    expect(unknown.subarray(0, -1).includes(0)).toBe(false);
    expect(state(only(unknown, known))).toMatchObject({ badLength: 1, badCrc: 0 });
  });
});

describe('operations', () => {
  it.each<[string, Op]>([
    ['before the arena', write(ARENA - 1, 1)],
    ['over the end', write(ARENA_END - 1, 1, 2)],
    ['behind the end', write(ARENA_END, 1)],
    ['in address 0', write(0, 1)],
    ['empty, but behind the end', write(ARENA_END + 1)],
    ['of 2^32-1 bytes', { op: 'FILL', addr: ARENA, len: 0xffff_ffff, value: 1 }],
    ['whose end wraps to the arena', { op: 'FILL', addr: ARENA + 16, len: 0xffff_fff8, value: 1 }],
    ['before the arena that runs into it', { op: 'FILL', addr: ARENA - 16, len: 32, value: 1 }],
  ])('refuses a write %s and touches nothing', (_, op) => {
    const probe: Op = { op: 'CRC', addr: ARENA, len: ARENA_SIZE };
    const sent = answers(batch(1, op), batch(2, probe));
    expect(reply(sent[0], op)).toMatchObject({ status: 'REFUSED', done: 0 });
    expect(reply(sent[1], probe).results).toEqual([{ op: 'CRC', crc: crc32(new Uint8Array(ARENA_SIZE)) }]);
  });

  it('takes an empty write at the very end, and one of the last byte', () => {
    const ops = [write(ARENA_END), write(ARENA_END - 1, 5), { op: 'READ', addr: ARENA_END - 1, len: 1 }] as Op[];
    const sent = reply(only(batch(1, ...ops)), ...ops);
    expect(sent.status).toBe('OK');
    expect(read(sent)).toEqual([5]);
  });

  it('fills, checks and sums a range', () => {
    const ops: Op[] = [
      { op: 'FILL', addr: ARENA + 3, len: 10, value: 0xaa },
      { op: 'CHECK', addr: ARENA + 3, len: 10, crc: crc32(new Uint8Array(10).fill(0xaa)) },
      { op: 'CHECK', addr: ARENA + 2, len: 10, crc: 1 },
      RUN.return42,
    ];
    const sent = reply(only(batch(1, ...ops)), ...ops);
    expect(sent).toMatchObject({ status: 'MISMATCH', done: 2 });
    expect(sent.failure.crc).toBe(crc32(Uint8Array.from([0, ...new Array(9).fill(0xaa)])));
  });

  it('reads unaligned ranges byte for byte', () => {
    const data = Array.from({ length: 23 }, (_, i) => 100 + i);
    const ops: Op[] = [write(ARENA + 1, ...data), { op: 'READ', addr: ARENA + 1, len: 23 }];
    expect(read(reply(only(batch(1, ...ops)), ...ops))).toEqual(data);
  });

  it.each([
    ['an unknown op', [0x00]],
    ['an op beyond the last', [0x07, 0]],
    ['a missing address', [0x03]],
    ['a missing length', [0x03, 0]],
    ['an address of six bytes', [0x03, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0]],
    ['an address beyond 32 bits', [0x03, 0xff, 0xff, 0xff, 0xff, 0x10, 0]],
    ['a blob longer than the frame', [0x01, 0, 9, 1, 2, 3]],
    ['a blob of 2^32-1 bytes', [0x01, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1]],
    ['a FILL without its value', [0x02, 0, 4]],
    ['a CHECK with half a CRC', [0x05, 0, 4, 1, 2]],
    ['a RUN without its entry', [0x06]],
  ])('ends the batch with MALFORMED at %s, and does not count it', (_, body) => {
    const first = [0x01, 0, 1, 0x5a];
    const readBack: Op = { op: 'READ', addr: ARENA, len: 1 };
    const sent = answers(raw(1, ...first, ...body), batch(2, readBack));
    expect(reply(sent[0], write(ARENA, 0x5a))).toMatchObject({ status: 'MALFORMED', done: 1 });
    expect(read(reply(sent[1], readBack))).toEqual([0x5a]);
  });

  it('keeps what fitted when a result is too big for the reply', () => {
    const ops: Op[] = [
      { op: 'READ', addr: ARENA, len: 200 },
      { op: 'READ', addr: ARENA, len: 60 },
    ];
    expect(reply(only(batch(1, ...ops)), ...ops)).toMatchObject({ status: 'TOO_BIG', done: 1 });
  });

  it.each([0xffff_ffff, 0xffff_fffe, MAX_FRAME])('says TOO_BIG to a READ of %i bytes', (len) => {
    const op: Op = { op: 'READ', addr: ARENA, len };
    expect(reply(only(batch(1, op)), op)).toMatchObject({ status: 'TOO_BIG', done: 0 });
  });

  it('runs nothing whose fault record might not fit', () => {
    const ops: Op[] = [{ op: 'READ', addr: ARENA, len: 200 }, RUN.fault];
    const sent = answers(batch(1, ...ops), batch(2, RUN_COUNT));
    expect(reply(sent[0], ...ops)).toMatchObject({ status: 'TOO_BIG', done: 1 });
    expect(read(reply(sent[1], RUN_COUNT))).toEqual([0, 0, 0, 0]);
  });

  it('counts more ops than one varint byte holds', () => {
    const ops = Array.from({ length: 60 }, (): Op => ({ op: 'WRITE', addr: ARENA, data: new Uint8Array() }));
    const many = [...ops, ...ops.slice(0, 20)];
    expect(reply(only(batch(1, ...many)), ...many)).toMatchObject({ status: 'OK', done: 80 });
  });
});

describe('running code', () => {
  it('answers a fault with its record, and goes on', () => {
    const sent = answers(batch(1, write(ARENA, 7), RUN.fault), batch(2, { op: 'READ', addr: ARENA, len: 1 }));
    const faulted = reply(sent[0], write(ARENA, 7), RUN.fault);
    expect(faulted).toMatchObject({ status: 'FAULT', done: 1 });
    expect(faulted.failure.record).toHaveLength(4 * FAULT_WORDS.cortexm.length);
    expect(read(reply(sent[1], { op: 'READ', addr: ARENA, len: 1 }))).toEqual([7]);
  });

  it('answers a READ of memory that is not there with FAULT, and drops its half', () => {
    const op: Op = { op: 'READ', addr: ARENA_END - 8, len: 16 };
    const faulted = reply(only(batch(1, op)), op);
    expect(faulted).toMatchObject({ status: 'FAULT', done: 0, results: [] });
    expect(faulted.failure.record).toHaveLength(4 * FAULT_WORDS.cortexm.length);
  });

  it('shortens the record of a fault that comes when the reply is nearly full', () => {
    const ops: Op[] = [
      { op: 'READ', addr: ARENA, len: 200 },
      { op: 'READ', addr: 0, len: 1 },
    ];
    const faulted = reply(only(batch(1, ...ops)), ...ops);
    expect(faulted).toMatchObject({ status: 'FAULT', done: 1 });
    expect(faulted.failure.record).toHaveLength(40); // 256 - 6 - status, done, 202 of READ, length byte
  });

  it('hands back the exit code', () => {
    const sent = reply(only(batch(1, RUN.exit3)), RUN.exit3);
    expect(sent).toMatchObject({ status: 'EXITED', done: 0, failure: { value: 3 } });
  });

  it('stops at BREAK with a record, and listens again', () => {
    const sent = answers(batch(1, RUN.listen), frame('BREAK', 1), batch(2, RUN.return42));
    expect(reply(sent[0], RUN.listen)).toMatchObject({ status: 'BROKEN', done: 0 });
    expect(reply(sent[0], RUN.listen).failure.record).toHaveLength(4 * FAULT_WORDS.cortexm.length);
    expect(reply(sent[1], RUN.return42).status).toBe('OK');
  });

  it('ignores BREAK while nothing runs, and does not keep it for later', () => {
    const sent = answers(frame('BREAK', 0), batch(1, RUN.return42), frame('BREAK', 1), batch(2, RUN.return42));
    expect(sent.map((each) => reply(each, RUN.return42).status)).toEqual(['OK', 'OK']);
  });

  it('ignores a BREAK that is meant for another batch, running or not begun', () => {
    const sent = answers(batch(1, RUN.listen), frame('BREAK', 0), frame('BREAK', 2), frame('PING', 0));
    expect(sent.map(({ kind }) => kind)).toEqual(['STATE', 'BATCH_REPLY']);
    const early = stub.talk(Buffer.concat([batch(1, RUN.return42), frame('BREAK', 2)]), 2);
    expect(reply(readFrames(early)[0], RUN.return42).status).toBe('OK');
  });

  it('stops a RUN that BREAK was quicker than', () => {
    const line = Buffer.concat([batch(1, RUN.listen), frame('BREAK', 1)]);
    expect(reply(readFrames(stub.talk(line, 2))[0], RUN.listen)).toMatchObject({ status: 'BROKEN', done: 0 });
  });

  it('forgets a BREAK that met a batch without RUN', () => {
    const line = Buffer.concat([batch(1), frame('BREAK', 1), batch(2, RUN.return42, RUN.listen), frame('PING', 0)]);
    const sent = readFrames(stub.talk(line, 2)); // BREAK is there before batch 1 is done
    expect(sent.map(({ kind }) => kind)).toEqual(['BATCH_REPLY', 'STATE', 'BATCH_REPLY']);
    expect(reply(sent[2], RUN.return42, RUN.listen).status).toBe('OK');
  });

  it('does not stop the next RUN by a BREAK that came after the end of one sent twice', () => {
    const first = batch(1, RUN.listenAfter);
    const line = Buffer.concat([first, first, frame('BREAK', 1), batch(2, RUN.return42)]);
    const sent = readFrames(stub.talk(line, 2)); // both copies of batch 1 are there before it begins
    expect(sent.map(({ seq }) => seq)).toEqual([1, 1, 2]);
    expect(sent.map((each) => reply(each, RUN.return42).status)).toEqual(['OK', 'OK', 'OK']);
  });

  it('stops a RUN sent twice that BREAK was quicker than', () => {
    const line = Buffer.concat([batch(1, RUN.listen), batch(1, RUN.listen), frame('BREAK', 1)]);
    const sent = readFrames(stub.talk(line, 3));
    expect(sent.map((each) => reply(each, RUN.listen).status)).toEqual(['BROKEN', 'BROKEN']);
  });

  it('answers PING, HELLO and batches with STATE meanwhile, and queues none of them', () => {
    const sent = answers(
      batch(1, RUN.listen),
      frame('PING', 1),
      batch(1, RUN.listen),
      batch(2, RUN.return42),
      frame('HELLO', 77),
      frame('BREAK', 1),
      frame('PING', 2),
    );
    expect(sent.slice(0, 4).map(state)).toMatchObject([
      { running: 1, lastSeq: 1, dropped: 0 },
      { running: 1, lastSeq: 1, dropped: 0 },
      { running: 1, lastSeq: 1, dropped: 1 },
      { running: 1, lastSeq: 1, dropped: 2 },
    ]);
    expect(reply(sent[4], RUN.listen).status).toBe('BROKEN');
    expect(state(sent[5])).toMatchObject({ running: 0, lastSeq: 1, dropped: 2 });
    expect(sent).toHaveLength(6);
  });

  it('RESET reaches a board whose code does not return', () => {
    const sent = answers(batch(1, RUN.listen), frame('RESET', 0));
    expect(sent.map(({ kind, seq }) => [kind, seq])).toEqual([['HELLO_REPLY', 0]]);
  });
});

describe('output', () => {
  it('sends what code prints before the reply, with the seq of its batch and growing offsets', () => {
    const sent = answers(frame('HELLO', 4), batch(5, RUN.print, RUN.print));
    expect(sent.map(({ kind, seq }) => [kind, seq])).toEqual([
      ['HELLO_REPLY', 4],
      ['OUTPUT', 5],
      ['OUTPUT', 5],
      ['BATCH_REPLY', 5],
    ]);
    expect(output(sent[1])).toEqual({ offset: 0, data: new TextEncoder().encode('hello\n') });
    expect(output(sent[2]).offset).toBe(6);
  });

  it('says in every answer how much was sent, HELLO included, which does not start the offsets over', () => {
    const sent = answers(batch(1, RUN.print), frame('HELLO', 4), frame('PING', 0), batch(5, RUN.print));
    expect(outputBefore(sent[1]!.body)).toBe(6);
    expect(decodeHello(sent[2]!.body).output).toBe(6);
    expect(state(sent[3]).output).toBe(6);
    expect(output(sent[4]).offset).toBe(6);
    expect(outputBefore(sent[5]!.body)).toBe(12);
  });

  it('cuts long output into frames that any host can take', () => {
    const sent = answers(batch(1, RUN.printMuch));
    const printed = sent.slice(0, -1).map(output);
    expect(Buffer.concat(printed.map(({ data }) => data))).toEqual(MUCH);
    expect(printed.map(({ offset }) => offset)).toEqual([0, 128, 256, 384, 512, 640, 768, 896]);
  });

  it('sends from where it was acknowledged when it is asked to, also after the run', () => {
    const sent = answers(batch(1, RUN.print, RUN.print), frame('AGAIN', 2), frame('AGAIN', 3));
    const again = sent.slice(3).map(output);
    expect(again.map(({ offset }) => offset)).toEqual([8]);
    expect(new TextDecoder().decode(again[0]!.data)).toBe('llo\n');
  });

  it('waits for the host when as much as it can keep is unacknowledged, and goes on when it hears from it', () => {
    const sent = answers(batch(1, RUN.printMuchAndListen), frame('ACK', 64), frame('PING', 128), frame('ACK', 250));
    const kinds = sent.map(({ kind }) => kind);
    expect(kinds.slice(0, 4)).toEqual(['OUTPUT', 'OUTPUT', 'OUTPUT', 'OUTPUT']);
    expect(kinds).toContain('STATE');
    const printed = sent.filter(({ kind }) => kind === 'OUTPUT').map(output);
    expect(Buffer.concat(printed.map(({ data }) => data))).toEqual(MUCH);
    expect(outputBefore(sent.at(-1)!.body)).toBe(1000);
  });

  it('sends again what was lost while it waits', () => {
    const lines = [frame('AGAIN', 32), frame('ACK', 128), frame('ACK', 250)];
    const printed = answers(batch(1, RUN.printMuchAndListen), ...lines)
      .filter(({ kind }) => kind === 'OUTPUT')
      .map(output);
    expect(printed.slice(3, 6).map(({ offset }) => offset)).toEqual([384, 128, 256]);
    const whole = Buffer.alloc(1000);
    for (const { offset, data } of printed) whole.set(data, offset);
    expect(whole).toEqual(MUCH);
  });

  it('takes no old acknowledgement for a new one', () => {
    const sent = answers(batch(1, RUN.printMuchAndListen), frame('ACK', 96), frame('ACK', 64), frame('AGAIN', 32));
    const offsets = sent.filter(({ kind }) => kind === 'OUTPUT').map((each) => output(each).offset);
    expect(Math.min(...offsets.slice(4))).toBeGreaterThanOrEqual(384);
  });

  it('waits four seconds for a host that acknowledges nothing, once', () => {
    const sent = answers(batch(1, RUN.printMuch, RUN.printMuch));
    const [first, second] = reply(sent.at(-1), RUN.printMuch, RUN.printMuch).results;
    expect((first as { micros: number }).micros).toBeGreaterThan(4_000_000);
    expect((first as { micros: number }).micros).toBeLessThan(4_300_000);
    expect((second as { micros: number }).micros).toBeLessThan(100_000);
  });

  it.each([
    ['PING', ['OUTPUT', 'STATE', 'OUTPUT', 'BATCH_REPLY']],
    ['BREAK', ['OUTPUT', 'BATCH_REPLY']],
  ] as const)('finishes the frame being sent before it acts on %s', (kind, kinds) => {
    const sent = answers(batch(1, RUN.printAndListen), frame(kind, 1));
    expect(sent.map((each) => each.kind)).toEqual(kinds);
    expect(reply(sent.at(-1), RUN.printAndListen).status).toBe(kind === 'BREAK' ? 'BROKEN' : 'OK');
  });

  it('counts output that BREAK came upon, so that the host takes what is printed next for new', () => {
    const sent = answers(batch(1, RUN.printAndListen), frame('BREAK', 1), batch(2, RUN.print));
    expect(sent.map(({ kind }) => kind)).toEqual(['OUTPUT', 'BATCH_REPLY', 'OUTPUT', 'BATCH_REPLY']);
    expect(reply(sent[1], RUN.printAndListen).status).toBe('BROKEN');
    expect(output(sent[2])).toEqual({ offset: 6, data: new TextEncoder().encode('hello\n') });
  });
});

describe('two frames at once', () => {
  const first = batch(1, write(ARENA, 1), { op: 'READ', addr: ARENA, len: 1 });
  const second = batch(2, { op: 'READ', addr: ARENA, len: 1 }, write(ARENA, 2));

  it('holds the second while the first waits, and does both in order', () => {
    const sent = readFrames(stub.talk(Buffer.concat([first, second]), 2));
    expect(read(reply(sent[0], write(ARENA, 1), { op: 'READ', addr: ARENA, len: 1 }))).toEqual([1]);
    expect(read(reply(sent[1], { op: 'READ', addr: ARENA, len: 1 }, write(ARENA, 2)))).toEqual([1]);
    expect(sent).toHaveLength(2);
  });

  it('drops and counts a third, and still hears PING', () => {
    const sent = readFrames(stub.talk(Buffer.concat([first, second, batch(3), frame('PING', 9)]), 4));
    const kinds = sent.map(({ kind }) => kind);
    expect(kinds).toEqual(['STATE', 'BATCH_REPLY', 'BATCH_REPLY']);
    expect(state(sent[0])).toMatchObject({ dropped: 1 });
  });
});
