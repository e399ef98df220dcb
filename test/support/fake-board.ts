// A model of a board with our stub, for tests of the host: frames in, frames out, memory, and functions that take
// fake time. It follows protocol.md; the golden sessions are replayed against it, so that it cannot drift.

import type { Clock } from '../../host/wire/clock.js';
import { type BatchReply, decodeOps, encodeReply, type Op, type OpResult } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import { encodeFields, MalformedBody } from '../../protocol/fields.js';
import { decodeFrame, encodeFrame, type Frame } from '../../protocol/frame.js';
import { encodeHello, type Hello } from '../../protocol/hello.js';
import { FAULT_WORDS, FRAMES, type FrameKind } from '../../protocol/messages.js';

/** What RUN of an entry does. */
export type FakeFunction = (board: FakeBoard) => FakeRun;

export type FakeRun =
  | { readonly ends: 'return'; readonly value: number; readonly micros: number; readonly takesMs?: number }
  | { readonly ends: 'exit'; readonly value: number }
  | { readonly ends: 'fault'; readonly record: Uint8Array }
  | { readonly ends: 'never' };

export class FakeBoard {
  readonly memory: Uint8Array;
  /** Entries run, in order. */
  readonly runs: number[] = [];
  badCrc = 0;
  badLength = 0;
  dropped = 0;
  /** While true the board neither hears nor says anything. */
  dead = false;

  private inbox: number[] = [];
  private lastSeq = 0;
  private greeted = false;
  private stored: BatchReply | undefined;
  private previousFailed = false;
  private running: { finish(run: FakeRun | 'broken'): void } | undefined;
  private printed = new Uint8Array();
  private acked = 0;

  constructor(
    readonly hello: Hello,
    private readonly functions: ReadonlyMap<number, FakeFunction> | ((entry: number) => FakeFunction | undefined),
    private readonly clock: Clock,
    private readonly send: (bytes: Uint8Array) => void,
  ) {
    this.memory = new Uint8Array(hello.arenaSize);
  }

  /** Says hello unasked, with all memory zero. */
  restart(): void {
    this.memory.fill(0);
    this.running = undefined;
    this.lastSeq = 0;
    this.greeted = false;
    this.stored = undefined;
    this.previousFailed = false;
    this.printed = new Uint8Array();
    this.acked = 0;
    this.say('HELLO_REPLY', 0, encodeHello(this.hello));
  }

  /** Sends what running code prints. */
  print(text: string): void {
    const offset = this.printed.length;
    this.printed = Buffer.concat([this.printed, new TextEncoder().encode(text)]);
    this.sayOutput(offset);
  }

  private sayOutput(offset: number): void {
    const data = this.printed.subarray(offset);
    if (data.length > 0) this.say('OUTPUT', this.lastSeq, encodeFields(FRAMES.OUTPUT.fields, { offset, data }));
  }

  private acknowledge(seq: number): void {
    const step = 4 * ((seq - (this.acked >>> 2)) & 0xff);
    if (step <= this.printed.length - this.acked) this.acked += step;
  }

  /** Bytes off the line, cut anywhere. */
  receive(bytes: Uint8Array): void {
    if (this.dead) return;
    for (const byte of bytes) {
      if (byte !== 0) {
        this.inbox.push(byte);
        continue;
      }
      const encoded = Uint8Array.from(this.inbox);
      this.inbox = [];
      if (encoded.length > 0) this.take(encoded);
    }
  }

  private take(encoded: Uint8Array): void {
    const result = decodeFrame(encoded, this.hello.maxFrame);
    if (result.ok) this.act(result.frame);
    else if (result.reason === 'crc') this.badCrc++;
    else this.badLength++;
  }

  private act({ kind, seq, body }: Frame): void {
    switch (kind) {
      case 'PING':
        this.acknowledge(seq);
        this.sayState();
        return;
      case 'ACK':
        this.acknowledge(seq);
        return;
      case 'AGAIN':
        this.acknowledge(seq);
        this.sayOutput(this.acked);
        return;
      case 'BREAK':
        if (seq === this.lastSeq) this.running?.finish('broken');
        return;
      case 'RESET':
        this.restart();
        return;
      case 'HELLO':
        if (this.refuseWhileRunning(true)) return;
        this.lastSeq = seq;
        this.greeted = true;
        this.stored = undefined;
        this.previousFailed = false;
        this.say('HELLO_REPLY', seq, encodeHello({ ...this.hello, output: this.printed.length }));
        return;
      case 'BATCH':
      case 'BATCH_CONT':
        if (!this.refuseWhileRunning(seq !== this.lastSeq)) this.batch(kind, seq, body);
        return;
      default:
        this.badLength++;
    }
  }

  private refuseWhileRunning(counts: boolean): boolean {
    if (this.running === undefined) return false;
    if (counts) this.dropped++;
    this.sayState();
    return true;
  }

  private batch(kind: FrameKind, seq: number, body: Uint8Array): void {
    const ahead = (seq - this.lastSeq) & 0xff;
    if (!this.greeted) {
      this.say('HELLO_REPLY', 0, encodeHello(this.hello));
    } else if (ahead === 0 && this.stored !== undefined) {
      this.say('BATCH_REPLY', seq, encodeReply(this.stored, this.printed.length));
    } else if (ahead === 0 || ahead > 128) {
      this.say(
        'BATCH_REPLY',
        seq,
        encodeReply({ status: 'REPEATED', done: 0, results: [], failure: {} }, this.printed.length),
      );
    } else if (ahead > 1) {
      this.say('NAK', seq, Uint8Array.of((this.lastSeq + 1) & 0xff));
    } else {
      this.lastSeq = seq;
      if (kind === 'BATCH_CONT' && this.previousFailed)
        this.answer({ status: 'ABORTED', done: 0, results: [], failure: {} });
      else this.execute(splitOps(body, this.hello.arenaAddr), []);
    }
  }

  private execute(ops: readonly (Op | 'malformed')[], results: OpResult[]): void {
    const end = (status: BatchReply['status'], failure: BatchReply['failure'] = {}) =>
      this.answer({ status, done: results.length, results, failure });
    for (const [at, op] of ops.entries()) {
      if (op !== 'malformed' && op.op === 'RUN') {
        this.run(op.entry, ops.slice(at + 1), results);
        return;
      }
      const outcome = op === 'malformed' ? failed('MALFORMED') : doOp(this.memory, this.hello.arenaAddr, op);
      if ('status' in outcome) {
        end(outcome.status, outcome.failure);
        return;
      }
      const size = encodeReply({ status: 'OK', done: 0, results: [...results, outcome], failure: {} }).length;
      if (size + 6 > this.hello.maxReply) {
        end('TOO_BIG');
        return;
      }
      results.push(outcome);
    }
    end('OK');
  }

  private run(entry: number, rest: readonly (Op | 'malformed')[], results: OpResult[]): void {
    this.runs.push(entry);
    const found = typeof this.functions === 'function' ? this.functions(entry) : this.functions.get(entry);
    const record = new Uint8Array(4 * FAULT_WORDS.cortexm.length);
    const finish = (run: FakeRun | 'broken') => {
      this.running = undefined;
      const partial = { done: results.length, results };
      if (run === 'broken') {
        this.answer({ ...partial, status: 'BROKEN', failure: { record } });
      } else if (run.ends === 'exit') {
        this.answer({ ...partial, status: 'EXITED', failure: { value: run.value } });
      } else if (run.ends === 'fault') {
        this.answer({ ...partial, status: 'FAULT', failure: { record: run.record } });
      } else if (run.ends === 'return') {
        results.push({ op: 'RUN', value: run.value, micros: run.micros });
        this.execute(rest, results);
      }
    };
    const mine = { finish };
    this.running = mine;
    const run = found?.(this) ?? { ends: 'fault', record };
    if (run.ends === 'never') return;
    if (run.ends !== 'return' || !run.takesMs) {
      finish(run);
      return;
    }
    this.clock.after(run.takesMs, () => {
      if (this.running === mine) finish(run);
    });
  }

  private answer(reply: BatchReply): void {
    this.previousFailed = reply.status !== 'OK';
    this.stored = reply;
    this.say('BATCH_REPLY', this.lastSeq, encodeReply(reply, this.printed.length));
  }

  private sayState(): void {
    const { badCrc, badLength, dropped, lastSeq } = this;
    const running = this.running === undefined ? 0 : 1;
    const output = this.printed.length;
    const state = { output, running, lastSeq, badCrc, badLength, dropped };
    this.say('STATE', lastSeq, encodeFields(FRAMES.STATE.fields, state));
  }

  private say(kind: FrameKind, seq: number, body: Uint8Array): void {
    if (!this.dead) this.send(encodeFrame({ kind, seq, body }));
  }
}

/** The operations of a body up to the first that is malformed. */
function splitOps(body: Uint8Array, arenaAddr: number): (Op | 'malformed')[] {
  for (let end = body.length; end >= 0; end--) {
    try {
      const ops = decodeOps(body.subarray(0, end), arenaAddr);
      return end === body.length ? ops : [...ops, 'malformed'];
    } catch (error) {
      if (!(error instanceof MalformedBody)) throw error;
    }
  }
  return ['malformed'];
}

type Failed = { readonly status: BatchReply['status']; readonly failure: BatchReply['failure'] };

const failed = (status: Failed['status'], failure: Failed['failure'] = {}): Failed => ({ status, failure });

/** Does one operation other than RUN on `memory`, which stands at `arenaAddr`; there is no other memory. */
export function doOp(memory: Uint8Array, arenaAddr: number, op: Exclude<Op, { op: 'RUN' }>): OpResult | Failed {
  const from = op.addr - arenaAddr;
  const len = op.op === 'WRITE' ? op.data.length : op.len;
  const range = () => memory.subarray(from, from + len);
  const inside = from >= 0 && from + len <= memory.length;
  if (!inside && (op.op === 'WRITE' || op.op === 'FILL')) return failed('REFUSED');
  switch (op.op) {
    case 'WRITE':
      memory.set(op.data, from);
      return { op: 'WRITE' };
    case 'FILL':
      range().fill(op.value);
      return { op: 'FILL' };
    case 'READ':
      return { op: 'READ', data: range().slice() };
    case 'CRC':
      return { op: 'CRC', crc: crc32(range()) };
    case 'FIND':
      return findWords(memory, arenaAddr, op);
    case 'CHECK': {
      const crc = crc32(range());
      return crc === op.crc ? { op: 'CHECK' } : failed('MISMATCH', { crc });
    }
  }
}

function findWords(memory: Uint8Array, arenaAddr: number, op: Op & { op: 'FIND' }): OpResult {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  const words: number[] = [];
  let at = op.addr - arenaAddr;
  const end = at + (op.len & ~3);
  for (; at < end && words.length < 31; at += 4) {
    const word = view.getUint32(at, true);
    if ((word - op.low) >>> 0 <= op.span) words.push(word);
  }
  return { op: 'FIND', next: (arenaAddr + at) >>> 0, words: new Uint8Array(Uint32Array.from(words).buffer) };
}
