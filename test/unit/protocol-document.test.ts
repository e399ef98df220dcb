// The trace in protocol.md is read by people; here the codec reads it too, and the sentences about it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../host/diag/package-root.js';
import { decodeOps, decodeReply } from '../../protocol/batch.js';
import { cobsDecode } from '../../protocol/cobs.js';
import { crc32 } from '../../protocol/crc32.js';
import { decodeFrame, type Frame } from '../../protocol/frame.js';
import { decodeHello, fromHex, toHex } from '../../protocol/hello.js';

const text = readFileSync(join(packageRoot(), 'protocol/protocol.md'), 'utf8');
const lines = /```trace\n([^`]*)```/.exec(text)![1]!.trim().split('\n');

function frames(): Frame[] {
  return lines.map((line) => {
    const result = decodeFrame(fromHex(line.slice(2).replace(/^00 /, '')));
    if (!result.ok) throw new Error(`${result.reason}: ${line}`);
    return result.frame;
  });
}

it('the trace in the document is a session that decodes as it is read aloud', () => {
  const [ask, hello, batch, reply] = frames();
  expect(ask).toMatchObject({ kind: 'HELLO', seq: 7 });
  const board = decodeHello(hello!.body);
  expect(board).toMatchObject({ arch: 'armv7-m', arenaAddr: 0x200036a0, arenaSize: 51552, maxFrame: 1536, window: 2 });
  const ops = decodeOps(batch!.body, board.arenaAddr);
  expect(ops.map((op) => op.op)).toEqual(['WRITE', 'CHECK', 'RUN']);
  expect(ops[1]).toMatchObject({ crc: crc32(fromHex('2a207047')) });
  expect(decodeReply(reply!.body, ops).results[2]).toEqual({ op: 'RUN', value: 42, micros: 170 });
});

it('the tables under the trace are its bytes, in order', () => {
  for (const [line, title] of [
    [lines[1]!, '← HELLO_REPLY.'],
    [lines[2]!, '→ BATCH**'],
    [lines[3]!, '← BATCH_REPLY**'],
  ] as const) {
    const table = text.slice(text.indexOf(title)).split('\n\n')[1]!;
    const bytes = [...table.matchAll(/^\| `([0-9a-f ]+)` \|/gm)].map((match) => match[1]).join(' ');
    expect(toHex(fromHex(bytes)), title).toBe(toHex(cobsDecode(fromHex(line.slice(2)).subarray(0, -1))!));
  }
});
