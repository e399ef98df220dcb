// Traces: written, read back, played back, and what happens when a host says something else.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DeviceLink } from '../../host/wire/link.js';
import { formatTraceChunk, parseTrace, replayTrace, type TraceChunk, writeTrace } from '../../host/wire/trace.js';
import { VECTOR_BOARD } from '../../protocol/generate-vectors.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeSetup } from '../support/fake-line.js';

async function recordSession(): Promise<TraceChunk[]> {
  const chunks: TraceChunk[] = [];
  const clock = new FakeClock();
  const { port } = fakeSetup(clock, VECTOR_BOARD);
  const trace = { record: (chunk: TraceChunk) => chunks.push(chunk) };
  const link = await clock.run(DeviceLink.connect(port, { clock, trace, firstSeq: 9 }));
  await clock.run(link.execute([{ op: 'READ', addr: VECTOR_BOARD.arenaAddr, len: 3 }]));
  return chunks;
}

describe('a trace', () => {
  it('comes back from its file as it was', async () => {
    const chunks = await recordSession();
    const dir = mkdtempSync(join(tmpdir(), 'barewire-'));
    try {
      const file = writeTrace(join(dir, 'a.trace'), 'some port');
      chunks.forEach(file.record);
      await file.close();
      const text = readFileSync(join(dir, 'a.trace'), 'utf8');
      expect(text.split('\n')[0]).toBe('{"barewire":"trace","version":1,"port":"some port"}');
      expect(parseTrace(text)).toEqual(chunks);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('that cannot be written says so when it is closed', async () => {
    const file = writeTrace('/nowhere/at/all.trace', 'p');
    file.record({ ms: 0, to: 'host', bytes: Uint8Array.of(1) });
    await expect(file.close()).rejects.toMatchObject({
      code: 'WIRE_TRACE_WRITE',
      message: expect.stringContaining('/nowhere/at/all.trace'),
    });
  });

  it('plays the board, for a host that says the same', async () => {
    const link = await DeviceLink.connect(replayTrace(await recordSession()), { firstSeq: 9 });
    const reply = await link.execute([{ op: 'READ', addr: VECTOR_BOARD.arenaAddr, len: 3 }]);
    expect(reply.results).toEqual([{ op: 'READ', data: new Uint8Array(3) }]);
    await link.close();
  });

  it('ends at the first byte that differs', async () => {
    const link = await DeviceLink.connect(replayTrace(await recordSession()), { firstSeq: 9 });
    const error = await link.execute([{ op: 'READ', addr: VECTOR_BOARD.arenaAddr, len: 4 }]).catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_CLOSED', cause: { code: 'WIRE_TRACE_DIVERGED' } });
    expect(error.cause.message).toMatch(/the host sent 0x\w+ as byte \d+, the trace has 0x\w+ there/);
  });

  it('with a damaged line names it', () => {
    const good = formatTraceChunk({ ms: 1, to: 'host', bytes: Uint8Array.of(1) });
    expect(() => parseTrace(`${good}{"ms":"x"}`)).toThrow('trace line 2 is no chunk: {"ms":"x"}');
    expect(() => parseTrace(`${good}{"ms":1,"to":"host","hex":"0"}`)).toThrow(
      expect.objectContaining({ code: 'WIRE_TRACE_FORMAT' }),
    );
  });
});
