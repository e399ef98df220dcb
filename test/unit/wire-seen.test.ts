// What a user sees of the link: counters and rates, the bar, a trace in words.

import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { linkRows } from '../../host/cli/link-report.js';
import { barText, progressBar } from '../../host/cli/progress.js';
import { traceLines } from '../../host/session/replay-trace.js';
import { zeroCounters } from '../../host/wire/counters.js';
import { DeviceLink } from '../../host/wire/link.js';
import { modelLine, PERFECT_LINE } from '../../host/wire/model-line.js';
import type { Progress } from '../../host/wire/statistics.js';
import type { TraceChunk } from '../../host/wire/trace.js';
import { describeTrace } from '../../host/wire/trace-report.js';
import { VECTOR_BOARD } from '../../protocol/generate-vectors.js';
import type { FakeFunction } from '../support/fake-board.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeSetup } from '../support/fake-line.js';

const ARENA = VECTOR_BOARD.arenaAddr;

async function linked(trace?: TraceChunk[]) {
  const clock = new FakeClock();
  const print: FakeFunction = (board) => {
    board.print('hi\n');
    return { ends: 'return', value: 66, micros: 5 };
  };
  const { port } = fakeSetup(clock, { ...VECTOR_BOARD, arenaSize: 65_536, maxFrame: 1536 }, new Map([[16, print]]));
  const line = modelLine(port, { ...PERFECT_LINE, toHostMs: 4 }, clock);
  const options = {
    clock,
    firstSeq: 7,
    ...(trace === undefined ? {} : { trace: { record: (c: TraceChunk) => void trace.push(c) } }),
  };
  return { clock, link: await clock.run(DeviceLink.connect(line, options)) };
}

describe('statistics', () => {
  it('give round trips, and the rate reached beside what the line allows', async () => {
    const { clock, link } = await linked();
    expect(link.statistics).toEqual({
      roundTripP50Ms: undefined,
      roundTripP95Ms: undefined,
      bytesPerSecond: undefined,
      possibleBytesPerSecond: 11_520,
    });
    for (let i = 0; i < 20; i++) await clock.run(link.execute([{ op: 'READ', addr: ARENA, len: 4 }]));
    expect(link.statistics.roundTripP50Ms).toBeGreaterThan(4);
    expect(link.statistics.roundTripP95Ms).toBeLessThan(10);
    await clock.run(link.execute([{ op: 'WRITE', addr: ARENA, data: new Uint8Array(20_000).fill(9) }]));
    expect(link.statistics.bytesPerSecond! / 11_520).toBeGreaterThan(0.9);
    expect(link.statistics.bytesPerSecond! / 11_520).toBeLessThan(1);
  });

  it('tell how far a transfer is, up to its end', async () => {
    const { clock, link } = await linked();
    const told: Progress[] = [];
    link.onProgress((progress) => told.push(progress));
    await clock.run(link.execute([{ op: 'WRITE', addr: ARENA, data: new Uint8Array(10_000) }]));
    expect(told.length).toBeGreaterThan(5);
    expect(told.at(-1)).toMatchObject({ doneBytes: 10_000, totalBytes: 10_000 });
    const done = told.map(({ doneBytes }) => doneBytes);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });

  it('need no timer: a link with nothing to do has none', async () => {
    const { clock, link } = await linked();
    await clock.run(link.execute([{ op: 'RUN', entry: 16 }]));
    await clock.pass(50);
    expect(clock.pending).toBe(0);
  });
});

describe(':link', () => {
  it('shows round trip and rate, the usual counters always, the others when they count', () => {
    const counters = { ...zeroCounters(), good: 12, badCrc: 1, naks: 2 };
    const statistics = {
      roundTripP50Ms: 1.23,
      roundTripP95Ms: 17.4,
      bytesPerSecond: 10_944,
      possibleBytesPerSecond: 11_520,
    };
    const rows = linkRows(counters, statistics, 300);
    expect(rows).toContainEqual(['round trip', 'p50 1.2 ms, p95 17 ms']);
    expect(rows).toContainEqual(['rate', '10.9 KB/s of 11.5 KB/s (95 %)']);
    expect(rows).toContainEqual(['bytes spared', '300 (the board held them)']);
    expect(rows).toContainEqual(['bad CRC', '1']);
    expect(rows).toContainEqual(['sent again', '0']);
    expect(rows).toContainEqual(['naks', '2']);
    expect(rows.map(([name]) => name)).not.toContain('breaks');
  });
});

describe('the bar', () => {
  const terminal = (isTTY: boolean) => {
    const stream = Object.assign(new PassThrough(), { isTTY });
    return { bar: progressBar(stream), text: () => (stream.read() as Buffer | null)?.toString() ?? '' };
  };
  const at = (doneBytes: number, elapsedMs: number): Progress => ({ doneBytes, totalBytes: 20_000, elapsedMs });

  it('shows share, rate and time left', () => {
    expect(barText(at(5000, 500))).toBe('sending  [=====>                  ]  25 %  10.0 KB/s  1.5 s left');
  });

  it('comes after half a second and goes at the end', () => {
    const { bar, text } = terminal(true);
    bar.show(at(1000, 499));
    expect(text()).toBe('');
    bar.show(at(5000, 500));
    expect(text()).toBe(`\r${barText(at(5000, 500))}\x1b[K`);
    bar.show(at(20_000, 2000));
    expect(text()).toBe('\r\x1b[K');
    bar.clear();
    expect(text()).toBe('');
  });

  it('is not shown where no terminal is', () => {
    const { bar, text } = terminal(false);
    bar.show(at(5000, 5000));
    expect(text()).toBe('');
  });
});

describe('a trace in words', () => {
  it('says each layer: bytes, frames, operations, results, output', async () => {
    const chunks: TraceChunk[] = [];
    const { clock, link } = await linked(chunks);
    await clock.run(
      link.execute([
        { op: 'WRITE', addr: ARENA + 4, data: Uint8Array.of(1, 2) },
        { op: 'RUN', entry: 16 },
      ]),
    );
    chunks.push({ ms: 99, to: 'host', bytes: Uint8Array.of(3, 9, 9, 0) });
    const text = describeTrace(chunks).join('\n');
    expect(text).toMatch(/0\.0 ms → 9 bytes {2}00 07 01 07 1d b6 a6 c6 00\n +HELLO 7/);
    expect(text).toMatch(/HELLO_REPLY 7 {2}armv7-m, image 0001020304050607, arena 0x20001000 \+ 65536, frames of 1536/);
    expect(text).toMatch(/BATCH 8 {2}WRITE 0x20001004 2 bytes · RUN 0x10\n/);
    expect(text).toMatch(/OUTPUT 8 {2}from 0: "hi\\n"/);
    expect(text).toMatch(/BATCH_REPLY 8 {2}OK, 2 of 2 done · RUN gave 0x42 in 5 µs · output so far 3/);
    expect(text).toMatch(/damaged frame of 3 bytes \(length\)$/);
  });

  it('says which file it cannot read', () => {
    expect(() => traceLines('/nowhere/x.trace')).toThrow(
      expect.objectContaining({
        code: 'CLI_TRACE_FILE',
        message: expect.stringMatching(/^\/nowhere\/x\.trace: cannot be read: ENOENT/),
      }),
    );
  });
});
