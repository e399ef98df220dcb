// The golden sessions read by the TypeScript codec: every frame decodes to what the file says in words,
// and what the file says in words encodes to the same bytes.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../host/diag/package-root.js';
import { type BatchReply, decodeOps, decodeReply, encodeOps, encodeReply, type Op } from '../../protocol/batch.js';
import { decodeFrame, encodeFrame, type Frame } from '../../protocol/frame.js';
import type { VectorSession } from '../../protocol/generate-vectors.js';
import { decodeHello, fromHex, type Hello, toHex } from '../../protocol/hello.js';

interface VectorFile {
  readonly board: Hello;
  readonly sessions: readonly VectorSession[];
}

const file: VectorFile = JSON.parse(readFileSync(join(packageRoot(), 'protocol/vectors/sessions.json'), 'utf8'));

/** `{hex: …}` back to bytes. */
function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  if ('hex' in value) return fromHex(value.hex as string);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revive(inner)]));
}

function good(hex: string): Frame {
  const result = decodeFrame(fromHex(hex.replace(/^(00)+/, '')), file.board.maxFrame);
  if (!result.ok) throw new Error(`${result.reason}: ${hex}`);
  return result.frame;
}

describe.each(file.sessions)('golden session: $name', ({ steps }) => {
  it.each(steps.filter((step) => step.ops !== undefined))('$name', ({ send, expect: [answer], ops, reply }) => {
    const wantedOps = revive(ops) as Op[];
    const wantedReply = revive(reply) as BatchReply;
    const request = good(send);
    expect(decodeOps(request.body, file.board.arenaAddr)).toEqual(wantedOps);
    expect(toHex(encodeFrame({ ...request, body: encodeOps(wantedOps, file.board.arenaAddr) }))).toBe(send);
    const answered = good(answer!);
    expect(answered).toMatchObject({ kind: 'BATCH_REPLY', seq: request.seq });
    if (wantedOps.length > 0) expect(decodeReply(answered.body, wantedOps)).toEqual(wantedReply);
    expect(toHex(encodeFrame({ ...answered, body: encodeReply(wantedReply) }))).toBe(answer);
  });

  it('holds only well-formed frames, except those it calls bad', () => {
    for (const step of steps) {
      step.expect.forEach(good);
      if (step.counts === undefined) continue;
      const results = splitAtZeros(fromHex(step.send)).map((bytes) => decodeFrame(bytes, file.board.maxFrame));
      const reasons = results.flatMap((result) => (result.ok ? [] : [result.reason]));
      expect(reasons, step.name).toHaveLength(1);
      expect(reasons[0] === 'crc' ? 'badCrc' : 'badLength', step.name).toBe(step.counts);
    }
  });
});

function splitAtZeros(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let from = 0;
  for (let to = bytes.indexOf(0); to >= 0; to = bytes.indexOf(0, from)) {
    if (to > from) frames.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return frames;
}

it('the board of the vectors is the one HELLO_REPLY describes', () => {
  for (const { steps } of file.sessions) {
    expect(decodeHello(good(steps[0]!.expect[0]!).body)).toEqual(file.board);
  }
});
