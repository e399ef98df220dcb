// What the core makes of memory that outlived a reset, or that user code wrote over.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeReply, encodeOps, type Op } from '../../protocol/batch.js';
import { encodeFrame } from '../../protocol/frame.js';
import { decodeHello, type Hello } from '../../protocol/hello.js';
import { FAULT_WORDS, type FrameKind, STATUSES } from '../../protocol/messages.js';
import { buildNativeStub, type NativeStub, readFrames, type SentFrame } from './native-stub.js';

const ARENA = 0x2000_1000;
const READ: Op = { op: 'READ', addr: ARENA, len: 2 };
const WRITE: Op = { op: 'WRITE', addr: ARENA, data: Uint8Array.of(7, 8) };
const run = (offset: number): Op => ({ op: 'RUN', entry: ARENA + offset + 1 });
const RETURN_42 = run(0x100);
const BE_RESET = run(0xa00);
/** bootId after the first reset. */
const FIRST = 0x81;
const BREAK_IN_HANDLER = run(0xb00);

let stub: NativeStub;
beforeAll(() => {
  stub = buildNativeStub();
});
afterAll(() => stub?.remove());

const frame = (kind: FrameKind, seq: number, body: Uint8Array = new Uint8Array()) => encodeFrame({ kind, seq, body });
const batch = (seq: number, ...ops: Op[]) => frame('BATCH', seq, encodeOps(ops, ARENA));
const answers = (...line: Uint8Array[]): SentFrame[] => readFrames(stub.talk(Buffer.concat(line)));
const kinds = (sent: readonly SentFrame[]) => sent.map(({ kind, seq }) => [kind, seq]);
const hello = ({ body }: SentFrame): Hello => decodeHello(body);

describe('a reset', () => {
  it('of an idle board is told by HELLO_REPLY with another bootId, and the arena is as it was', () => {
    const sent = answers(batch(1, WRITE), frame('RESET', 0), batch(1, READ), frame('RESET', 0));
    expect(kinds(sent)).toEqual([
      ['BATCH_REPLY', 1],
      ['HELLO_REPLY', 0],
      ['BATCH_REPLY', 1],
      ['HELLO_REPLY', 0],
    ]);
    expect(hello(sent[1]!)).toMatchObject({ bootId: FIRST, cause: 0 });
    expect(decodeReply(sent[2]!.body, [READ]).results).toEqual([{ op: 'READ', data: Uint8Array.of(7, 8) }]);
    expect(hello(sent[3]!)).toMatchObject({ bootId: FIRST + 1 });
  });

  it('never has the bootId of power', () => {
    const ids = answers(...Array.from({ length: 300 }, () => frame('RESET', 0))).map((each) => hello(each).bootId);
    expect(ids).toHaveLength(300);
    expect(ids.every((id, i) => id !== 0 && id !== ids[i - 1])).toBe(true);
  });

  it('in the middle of a run is the answer of its batch, and the sequence goes on', () => {
    const ops = [READ, BE_RESET];
    const sent = answers(batch(1, WRITE), batch(2, ...ops), batch(2, ...ops), batch(3, RETURN_42), frame('HELLO', 9));
    expect(kinds(sent.slice(1))).toEqual([
      ['BATCH_REPLY', 2],
      ['BATCH_REPLY', 2],
      ['BATCH_REPLY', 3],
      ['HELLO_REPLY', 9],
    ]);
    expect(decodeReply(sent[1]!.body, ops)).toEqual({
      status: 'RESTARTED',
      done: 1,
      results: [{ op: 'READ', data: Uint8Array.of(7, 8) }],
      failure: { bootId: FIRST },
    });
    expect(sent[2]).toEqual(sent[1]);
    expect(decodeReply(sent[3]!.body, [RETURN_42]).status).toBe('OK');
    expect(hello(sent[4]!).bootId).toBe(FIRST);
  });

  it('that the stub makes to get out of an interrupt handler keeps the record', () => {
    const ops = [WRITE, BREAK_IN_HANDLER];
    const sent = answers(batch(1, ...ops), batch(2, READ), frame('BREAK', 0), batch(3, RETURN_42));
    expect(kinds(sent)).toEqual([
      ['BATCH_REPLY', 1],
      ['BATCH_REPLY', 2],
      ['BATCH_REPLY', 3],
    ]);
    const { status, done, failure } = decodeReply(sent[0]!.body, ops);
    expect({ status, done }).toEqual({ status: 'BROKEN', done: 1 });
    expect(Buffer.from(failure.record!).readUInt32LE(4 * FAULT_WORDS.cortexm.indexOf('restart'))).toBe(FIRST);
    expect(decodeReply(sent[2]!.body, [RETURN_42]).status).toBe('OK');
  });

  it('because a handler faulted between runs is told with its cause, until a batch begins', () => {
    const sent = answers(batch(1, run(0xf20)), frame('HELLO', 3), batch(4), frame('RESET', 0));
    const hellos = sent.filter(({ kind }) => kind === 'HELLO_REPLY');
    expect(hellos.map((each) => hello(each).cause)).toEqual([STATUSES.FAULT.code, STATUSES.FAULT.code, 0]);
  });
});

describe('power', () => {
  it.each([0xff, 0x01, 0xa5, 0x55])('meets memory full of 0x%s and believes none of it', (fill) => {
    const line = Buffer.concat([frame('HELLO', 5), batch(6, RETURN_42), frame('PING', 0)]);
    expect(Buffer.from(stub.talk(line, 0, fill))).toEqual(Buffer.from(stub.talk(line)));
  });
});

describe('code that wrote over the stub', () => {
  it.each([
    ['all of its state with zeros', 0xc00],
    ['all of its state with something', 0xd00],
    ['its state, and faulted', 0xe00],
    ['the results of its batch', 0xf00],
    ['the rest of its batch', 0xf10],
  ])('%s: the board restarts and says why', (_, offset) => {
    const sent = answers(batch(1, WRITE), batch(2, READ, run(offset), READ), batch(1, READ));
    expect(kinds(sent)).toEqual([
      ['BATCH_REPLY', 1],
      ['HELLO_REPLY', 0],
      ['BATCH_REPLY', 1],
    ]);
    expect(hello(sent[1]!).cause).toBe(STATUSES.DAMAGED.code);
    expect(decodeReply(sent[2]!.body, [READ]).results).toEqual([{ op: 'READ', data: Uint8Array.of(7, 8) }]);
  });
});
