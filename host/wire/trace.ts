// A trace is what went over the line, both ways, with times: one JSON object a line, so that a session that
// went wrong can be looked at, and played back in a test.
//
//   {"barewire":"trace","version":1,"port":"/dev/ttyACM0"}
//   {"ms":0.4,"to":"board","hex":"0007..."}
//   {"ms":1.1,"to":"host","hex":"0881..."}

import { createWriteStream } from 'node:fs';
import type { BytePort } from '../../protocol/byte-port.js';
import { fromHex, toHex } from '../../protocol/hello.js';
import { BarewireError } from '../diag/error.js';

export interface TraceChunk {
  /** Milliseconds since the trace began. */
  readonly ms: number;
  readonly to: 'board' | 'host';
  readonly bytes: Uint8Array;
}

/** Takes every chunk as it passes the port. */
export interface TraceSink {
  record(chunk: TraceChunk): void;
}

export interface TraceFile extends TraceSink {
  /** Resolves when all of it is on the disk.
   *  @throws WIRE_TRACE_WRITE when it could not be written */
  close(): Promise<void>;
}

const header = (port: string) => `${JSON.stringify({ barewire: 'trace', version: 1, port })}\n`;

/** One chunk as a line of the file. */
export function formatTraceChunk({ ms, to, bytes }: TraceChunk): string {
  return `${JSON.stringify({ ms: Math.round(ms * 1000) / 1000, to, hex: toHex(bytes) })}\n`;
}

/** Writes a trace to `path`, replacing what is there. */
export function writeTrace(path: string, port: string): TraceFile {
  const stream = createWriteStream(path);
  let failure: Error | undefined;
  stream.on('error', (error) => {
    failure ??= error;
  });
  stream.write(header(port));
  return {
    record: (chunk) => void stream.write(formatTraceChunk(chunk)),
    close: () =>
      new Promise((resolve, reject) => {
        const finish = () => {
          if (failure === undefined) resolve();
          else reject(new BarewireError('WIRE_TRACE_WRITE', `trace ${path}: ${failure.message}`, { path }));
        };
        if (stream.destroyed) finish();
        else stream.once('close', finish).end();
      }),
  };
}

/** Reads the text of a trace.
 *  @throws WIRE_TRACE_FORMAT with the line that is wrong */
export function parseTrace(text: string): TraceChunk[] {
  return text.split('\n').flatMap((line, index): TraceChunk[] => {
    if (line.trim() === '') return [];
    try {
      const { barewire, ms, to, hex } = JSON.parse(line);
      if (index === 0 && barewire === 'trace') return [];
      if (typeof ms === 'number' && (to === 'board' || to === 'host')) return [{ ms, to, bytes: fromHex(hex) }];
    } catch {}
    throw new BarewireError('WIRE_TRACE_FORMAT', `trace line ${index + 1} is no chunk: ${line.slice(0, 60)}`, {
      line: index + 1,
    });
  });
}

/** Plays the board's half of a trace: each of its chunks comes when the host has sent what it had sent before it.
 *  A host that sends other bytes than those recorded closes the port with WIRE_TRACE_DIVERGED. */
export function replayTrace(chunks: readonly TraceChunk[]): BytePort {
  let onData: (bytes: Uint8Array) => void = () => {};
  let onClose: (cause?: Error) => void = () => {};
  let at = 0;
  let within = 0;
  let sent = 0;
  let closed = false;
  const deliver = () => {
    while (!closed && chunks[at]?.to === 'host') onData(chunks[at++]!.bytes);
  };
  const close = (cause?: Error) => {
    if (closed) return;
    closed = true;
    onClose(cause);
  };
  return {
    name: 'replayed trace',
    onData: (listener) => {
      onData = listener;
      deliver(); // what came before the host said anything came as soon as somebody listened
    },
    onClose: (listener) => {
      onClose = listener;
    },
    write(bytes) {
      for (const byte of bytes) {
        deliver();
        const expected = chunks[at]?.to === 'board' ? chunks[at]!.bytes[within] : undefined;
        if (byte !== expected) {
          const text = `the host sent 0x${byte.toString(16)} as byte ${sent}, the trace has ${expected === undefined ? 'nothing' : `0x${expected.toString(16)}`} there`;
          close(new BarewireError('WIRE_TRACE_DIVERGED', text, { sent, byte, expected }));
          return;
        }
        sent++;
        within++;
        if (within < chunks[at]!.bytes.length) continue;
        at++;
        within = 0;
        if (chunks[at]?.to === 'host') queueMicrotask(deliver);
      }
    },
    async close() {
      close();
    },
  };
}
