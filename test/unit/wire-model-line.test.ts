// The modelled line: what it does to time and bytes, and that it does the same again for the same seed.

import { describe, expect, it } from 'vitest';
import { parseLine } from '../../host/wire/line-words.js';
import { type LineModel, modelLine, PERFECT_LINE } from '../../host/wire/model-line.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { FakeClock } from '../support/fake-clock.js';

interface Arrival {
  readonly ms: number;
  readonly hex: string;
}

/** A line with both ends in hand. */
function line(model: Partial<LineModel>, boardBaud?: () => number) {
  const clock = new FakeClock();
  const atBoard: Arrival[] = [];
  const atHost: Arrival[] = [];
  const arrival = (bytes: Uint8Array) => ({ ms: clock.now(), hex: Buffer.from(bytes).toString('hex') });
  let toHost: (bytes: Uint8Array) => void = () => {};
  let closed: Error | undefined;
  const board: BytePort = {
    name: 'board',
    write: (bytes) => atBoard.push(arrival(bytes)),
    onData: (listener) => {
      toHost = listener;
    },
    onClose: () => {},
    close: async () => {},
  };
  const port = modelLine(board, { ...PERFECT_LINE, ...model }, clock, boardBaud);
  port.onData((bytes) => atHost.push(arrival(bytes)));
  port.onClose((cause) => {
    closed = cause;
  });
  return { clock, port, atBoard, atHost, fromBoard: (bytes: Uint8Array) => toHost(bytes), closed: () => closed };
}

const frame = (size: number, value = 7) => {
  const bytes = new Uint8Array(size).fill(value);
  bytes[size - 1] = 0;
  return bytes;
};

describe('a modelled line', () => {
  it('takes ten bits a byte, and the latency towards the host once for each frame', async () => {
    const { clock, port, atBoard, atHost, fromBoard } = line({ baud: 10_000, toHostMs: 16 });
    port.write(frame(10));
    port.write(frame(5));
    fromBoard(frame(20));
    await clock.pass(100);
    expect(atBoard.map(({ ms }) => ms)).toEqual([10, 15]);
    expect(atHost.map(({ ms }) => ms)).toEqual([36]);
  });

  it('does not hold back what fills the adapter', async () => {
    const { clock, atHost, fromBoard } = line({ baud: 100_000, toHostMs: 16, bufferBytes: 62 });
    fromBoard(frame(62));
    fromBoard(frame(10));
    await clock.pass(100);
    expect(atHost.map(({ ms }) => Math.round(ms * 10) / 10)).toEqual([6.2, 23.2]);
  });

  it.each([
    ['ber', 1e-3, 0.55, 0.57],
    ['loss', 0.1, 0.1, 0.1],
    ['drop', 1e-3, 0.09, 0.1],
    ['insert', 1e-3, 0.09, 0.1],
  ] as const)('hits as often as %s says', async (name, chance, least, most) => {
    const { clock, port } = line({ [name]: chance, seed: 42 });
    for (let i = 0; i < 4000; i++) port.write(frame(100));
    await clock.pass(100_000);
    const share = (port.toBoard.damaged + port.toBoard.lost) / 4000;
    expect(share).toBeGreaterThan(least * 0.85);
    expect(share).toBeLessThan(most * 1.15);
  });

  it('repeats frames, and lets one overtake another', async () => {
    const { clock, port, atBoard } = line({ baud: 1_000_000, repeat: 0.2, reorder: 0.2, seed: 5 });
    for (let i = 1; i <= 100; i++) port.write(Uint8Array.of(i, 0));
    await clock.pass(1000);
    const order = atBoard.map(({ hex }) => Number.parseInt(hex.slice(0, 2), 16));
    expect(order.length).toBeGreaterThan(105);
    expect(new Set(order).size).toBe(100);
    expect(order).not.toEqual([...order].sort((a, b) => a - b));
  });

  it('does the same again for the same seed, and other things for another', async () => {
    const run = async (seed: number) => {
      const { clock, port, atBoard } = line({ ber: 1e-3, loss: 0.1, jitterMs: 3, repeat: 0.1, seed });
      for (let i = 0; i < 50; i++) port.write(frame(50));
      await clock.pass(10_000);
      return atBoard;
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it('is all noise while the ends have different rates', async () => {
    let boardBaud = 115_200;
    const { clock, port, atBoard } = line({}, () => boardBaud);
    await port.setBaud(921_600);
    port.write(frame(80));
    await clock.pass(100);
    expect(atBoard[0]!.hex).toHaveLength(2 * 10);
    boardBaud = 921_600;
    port.write(frame(4));
    await clock.pass(100);
    expect(atBoard[1]!.hex).toBe('07070700');
  });

  it('is all noise above the rate that the cable does', async () => {
    const { clock, port, atBoard } = line({ maxBaud: 230_400 });
    await port.setBaud(460_800);
    port.write(frame(30));
    await clock.pass(100);
    await port.setBaud(230_400);
    port.write(frame(4));
    await clock.pass(100);
    expect(atBoard[0]!.hex).not.toBe('07'.repeat(29).concat('00'));
    expect(atBoard[1]!.hex).toBe('07070700');
  });

  it('loses what is on its way when the plug is pulled, and ends', async () => {
    const { clock, port, atBoard, closed } = line({ toBoardMs: 50 });
    port.write(frame(10));
    await clock.pass(10);
    port.unplug();
    port.write(frame(10));
    await clock.pass(1000);
    expect(atBoard).toEqual([]);
    expect(closed()?.message).toBe('the plug was pulled');
    expect(clock.pending).toBe(0);
  });
});

describe('--line', () => {
  it('is a line in words', () => {
    expect(parseLine('115200,16ms,ber=1e-5')).toEqual({ ...PERFECT_LINE, toHostMs: 16, ber: 1e-5 });
    expect(parseLine('921600, 4ms, 1ms, jitter=2ms, buffer=62, max=2000000, loss=1%, seed=9')).toEqual({
      ...PERFECT_LINE,
      baud: 921_600,
      maxBaud: 2_000_000,
      toHostMs: 4,
      toBoardMs: 1,
      jitterMs: 2,
      bufferBytes: 62,
      loss: 0.01,
      seed: 9,
    });
  });

  it.each(['ber=2', 'fast', '16ms,1ms,2ms', 'loss=', 'colour=1'])('says what it does not know: %s', (text) => {
    expect(() => parseLine(text)).toThrow(/--line .*: what is ".*"\? It takes BAUD, then any of LATENCYms/);
  });
});
