// A trace for people, layer by layer: bytes as they passed, the frames they make, and what the frames say.
//
//      12.4 ms → 27 bytes  00 04 02 08 …
//                  BATCH 8  WRITE 0x20002f70 4 bytes · CHECK 0x20002f70 4 bytes · RUN 0x20002f71

import { decodeOps, decodeReply, type Op, type OpResult, outputBefore } from '../../protocol/batch.js';
import { decodeFields, MalformedBody } from '../../protocol/fields.js';
import { decodeFrame, type Frame } from '../../protocol/frame.js';
import { decodeHello } from '../../protocol/hello.js';
import { FRAMES } from '../../protocol/messages.js';
import type { TraceChunk } from './trace.js';

const SHOWN_BYTES = 24;
const INDENT = ' '.repeat(18);

const addr = (value: number) => `0x${value.toString(16)}`;
const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
const some = (bytes: Uint8Array) =>
  bytes.length <= SHOWN_BYTES ? hex(bytes) : `${hex(bytes.subarray(0, SHOWN_BYTES))} …`;

/** Lines for the whole trace. */
export function describeTrace(chunks: readonly TraceChunk[]): string[] {
  const reader = new TraceReader();
  return chunks.flatMap((chunk) => reader.describe(chunk));
}

class TraceReader {
  private readonly pending: Record<TraceChunk['to'], Uint8Array> = { board: new Uint8Array(), host: new Uint8Array() };
  /** What the batches asked, by seq. */
  private readonly asked = new Map<number, readonly Op[]>();
  private arenaAddr = 0;

  describe({ ms, to, bytes }: TraceChunk): string[] {
    const arrow = to === 'board' ? '→' : '←';
    const lines = [`${ms.toFixed(1).padStart(10)} ms ${arrow} ${bytes.length} bytes  ${some(bytes)}`];
    let rest = Buffer.concat([this.pending[to], bytes]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const encoded = rest.subarray(0, end);
      rest = rest.subarray(end + 1);
      if (encoded.length > 0) lines.push(`${INDENT}${this.frame(new Uint8Array(encoded))}`);
    }
    this.pending[to] = new Uint8Array(rest);
    return lines;
  }

  private frame(encoded: Uint8Array): string {
    const result = decodeFrame(encoded);
    if (!result.ok) return `damaged frame of ${encoded.length} bytes (${result.reason})`;
    try {
      return `${result.frame.kind} ${result.frame.seq}${this.message(result.frame)}`;
    } catch (error) {
      if (!(error instanceof MalformedBody)) throw error;
      return `${result.frame.kind} ${result.frame.seq}  makes no sense: ${error.message}`;
    }
  }

  private message({ kind, seq, body }: Frame): string {
    switch (kind) {
      case 'HELLO_REPLY': {
        const hello = decodeHello(body);
        this.arenaAddr = hello.arenaAddr;
        return `  ${hello.arch}, image ${hello.buildId}, arena ${addr(hello.arenaAddr)} + ${hello.arenaSize}, frames of ${hello.maxFrame}, ${hello.window} at a time`;
      }
      case 'BATCH':
      case 'BATCH_CONT': {
        if (body.length === 1 && body[0] === 0) return '  the answer again, or none of it';
        const ops = decodeOps(body, this.arenaAddr);
        this.asked.set(seq, ops);
        return `  ${ops.map(opText).join(' · ') || 'nothing'}`;
      }
      case 'BATCH_REPLY':
        return this.reply(seq, body);
      case 'NAK':
        return `  expects ${decodeFields(FRAMES.NAK.fields, body).expected}`;
      case 'STATE': {
        const state = decodeFields(FRAMES.STATE.fields, body);
        return `  ${Object.entries(state)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')}`;
      }
      case 'OUTPUT': {
        const { offset, data } = decodeFields(FRAMES.OUTPUT.fields, body);
        return `  from ${offset}: ${JSON.stringify(Buffer.from(data).toString('utf8'))}`;
      }
      case 'ACK':
      case 'AGAIN':
      case 'PING':
        return `  output up to ${4 * seq} (modulo 1024) is here`;
      default:
        return '';
    }
  }

  private reply(seq: number, body: Uint8Array): string {
    const ops = this.asked.get(seq);
    if (ops === undefined) return `  to a batch that is not in the trace, ${body.length} bytes`;
    const { status, done, results, failure } = decodeReply(body, ops);
    const told = results.map(resultText).filter((text) => text !== '');
    const extra = Object.entries(failure).map(([name, value]) => {
      return `${name} ${typeof value === 'number' ? addr(value) : `${(value as Uint8Array).length} bytes`}`;
    });
    return [
      `  ${status}, ${done} of ${ops.length} done`,
      ...told,
      ...extra,
      `output so far ${outputBefore(body)}`,
    ].join(' · ');
  }
}

function opText(op: Op): string {
  switch (op.op) {
    case 'RUN':
      return `RUN ${addr(op.entry)}`;
    case 'WRITE':
      return `WRITE ${addr(op.addr)} ${op.data.length} bytes`;
    default:
      return `${op.op} ${addr(op.addr)} ${op.len} bytes`;
  }
}

function resultText(result: OpResult): string {
  switch (result.op) {
    case 'READ':
      return `READ ${some(result.data)}`;
    case 'CRC':
      return `CRC ${addr(result.crc)}`;
    case 'RUN':
      return `RUN gave ${addr(result.value)} in ${result.micros} µs`;
    case 'FIND':
      return `FIND ${result.words.length / 4} words, up to ${addr(result.next)}`;
    default:
      return '';
  }
}
