// The rate of the line, piece by piece: what the board's registers are given, what is written when, and who turns to
// which rate. The whole of it, with a board, is test/sim/line-rate.test.ts.

import { describe, expect, it } from 'vitest';
import { BOARDS } from '../../boards/index.js';
import { LM3S6965EVB } from '../../boards/lm3s6965evb.js';
import { rateTable } from '../../boards/uart.js';
import { step } from '../../host/wire/machine.js';
import { DEFAULT_CONFIG, initialLink, type LinkEffect, type LinkState } from '../../host/wire/machine-state.js';
import { modelLine, PERFECT_LINE } from '../../host/wire/model-line.js';
import { RatedWriter } from '../../host/wire/rated-writer.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { encodeFields } from '../../protocol/fields.js';
import { VECTOR_BOARD } from '../../protocol/generate-vectors.js';
import { encodeHello } from '../../protocol/hello.js';
import type { FrameKind } from '../../protocol/messages.js';
import { FRAMES } from '../../protocol/messages.js';
import { FakeClock } from '../support/fake-clock.js';

describe('what sets the UART', () => {
  it('is its registers, for the new rate and for the old one', () => {
    const table = rateTable(LM3S6965EVB.uart!, 115_200, 921_600, 300);
    // 50 MHz / 16 / 921,600 = 3.39: 3 and 25/64. 50 MHz / 16 / 115,200 = 27.13: 27 and 8/64.
    const [up, down] = [table.slice(5, 15), table.slice(15, 25)];
    expect(table.slice(0, 5)).toEqual(Uint32Array.of(0x4000_c018, 8, 0, 87, 300_000));
    const at = 0x4000_c000;
    const rows = (whole: number, part: number) =>
      Uint32Array.of(at + 0x30, 0, at + 0x24, whole, at + 0x28, part, at + 0x2c, 0x70, at + 0x30, 0x301);
    expect(up).toEqual(rows(3, 25));
    expect(down).toEqual(rows(27, 8));
  });

  it('gives every board its fastest rate to within 2 %', () => {
    for (const { name, uart } of BOARDS) {
      if (uart === undefined) continue;
      const value = rateTable(uart, 115_200, uart.maxBaud, 300).slice(5, 15);
      const divisor = {
        pl011: value[3]! + value[5]! / 64,
        cmsdk: value[1]!,
        'stm32-usart': value[1]!,
        sifive: value[1]! + 1,
      };
      const clocks = uart.kind === 'pl011' ? 16 : 1;
      const reached = uart.clockHz / clocks / divisor[uart.kind];
      expect(Math.abs(reached / uart.maxBaud - 1), name).toBeLessThan(0.02);
    }
  });
});

describe('writing while the rate changes', () => {
  it('waits until what was written is out, and holds back what comes after', async () => {
    const clock = new FakeClock();
    const heard: string[] = [];
    const far: BytePort = {
      name: 'far',
      write: (bytes) => heard.push(`${bytes.length} bytes at ${Math.round(clock.now())} ms`),
      onData: () => {},
      onClose: () => {},
      close: async () => {},
    };
    const port = modelLine(far, PERFECT_LINE, clock);
    const bauds: number[] = [];
    const writer = new RatedWriter(port, (baud) => bauds.push(baud), clock);
    writer.write(new Uint8Array(1152).fill(1)); // 100 ms
    writer.setBaud(921_600);
    writer.write(new Uint8Array(921).fill(1)); // 10 ms
    writer.setBaud(115_200);
    writer.write(new Uint8Array(115).fill(1)); // 10 ms
    await clock.run(new Promise<void>((resolve) => void clock.after(500, resolve)));
    expect(heard).toEqual(['1152 bytes at 100 ms', '921 bytes at 130 ms', '115 bytes at 160 ms']);
    expect(bauds).toEqual([921_600, 115_200]);
  });

  it('goes on at the old rate when the port does not take the new one', async () => {
    const clock = new FakeClock();
    const written: number[] = [];
    const port: BytePort = {
      name: 'stubborn',
      baud: 115_200,
      setBaud: async () => {
        throw new Error('no such rate');
      },
      write: (bytes) => written.push(bytes.length),
      onData: () => {},
      onClose: () => {},
      close: async () => {},
    };
    const bauds: number[] = [];
    const writer = new RatedWriter(port, (baud) => bauds.push(baud), clock);
    writer.setBaud(230_400);
    writer.write(new Uint8Array(3));
    await clock.run(new Promise<void>((resolve) => void clock.after(100, resolve)));
    expect([written, bauds]).toEqual([[3], [115_200]]);
  });
});

describe('where the board may be at another rate', () => {
  const RAISED = 921_600;
  let effects: readonly LinkEffect[] = [];
  /** Rates and frames of the newest step: `HELLO`, `921600`. */
  const said = () =>
    effects.flatMap((effect) =>
      effect.type === 'send' ? [effect.frame.kind as string] : effect.type === 'baud' ? [String(effect.baud)] : [],
    );
  function move(state: LinkState, input: Parameters<typeof step>[1]): LinkState {
    const moved = step(state, input);
    effects = moved.effects;
    return moved.state;
  }
  const frame = (state: LinkState, nowMs: number, kind: FrameKind, seq: number, body: Uint8Array) =>
    move(state, { type: 'frame', frame: { kind, seq, body }, nowMs });

  function greet(otherBauds: readonly number[], answeredAt: number): LinkState {
    let state = initialLink({ ...DEFAULT_CONFIG, paced: true, otherBauds }, 7);
    state = move(state, { type: 'start', nowMs: 0 });
    let nowMs = 0;
    while (state.baud !== answeredAt || nowMs === 0) {
      nowMs = state.wait!.deadlineMs;
      state = move(state, { type: 'timer', nowMs });
    }
    return frame(state, nowMs + 1, 'HELLO_REPLY', state.helloSeq, encodeHello(VECTOR_BOARD));
  }

  it('HELLO is said at all of them, at the first one most often', () => {
    let state = initialLink({ ...DEFAULT_CONFIG, otherBauds: [RAISED, 460_800] }, 7);
    state = move(state, { type: 'start', nowMs: 0 });
    const all = said();
    for (let n = 0; n < 6; n++) {
      state = move(state, { type: 'timer', nowMs: state.wait!.deadlineMs });
      all.push(...said());
    }
    expect(all.join(' ')).toBe('HELLO HELLO 921600 HELLO 115200 HELLO 460800 HELLO 115200 HELLO 921600 HELLO');
  });

  it('each HELLO has a seq of its own, and only the answer to the newest counts', () => {
    let state = initialLink({ ...DEFAULT_CONFIG }, 7);
    state = move(state, { type: 'start', nowMs: 0 });
    const first = state.helloSeq;
    state = move(state, { type: 'timer', nowMs: 100 });
    expect(state.helloSeq).not.toBe(first);
    state = frame(state, 160, 'HELLO_REPLY', first, encodeHello(VECTOR_BOARD));
    expect([state.phase, state.wait!.deadlineMs]).toEqual(['greeting', 660]);
    state = frame(state, 260, 'HELLO_REPLY', state.helloSeq, encodeHello(VECTOR_BOARD));
    expect([state.phase, state.nextSeq]).toEqual(['ready', (state.helloSeq + 1) & 0xff]);
  });

  it('code that sets another one is followed, and stopped once it is heard there', () => {
    let state = greet([], 115_200);
    state = move(state, {
      type: 'execute',
      id: 1,
      ops: [{ op: 'RUN', entry: 16 }],
      runTimeoutMs: undefined,
      trialBaud: RAISED,
      nowMs: 200,
    });
    expect(said()).toEqual(['BATCH', '921600']);
    state = move(state, { type: 'timer', nowMs: state.wait!.deadlineMs });
    expect(said()).toEqual(['PING']);
    const running = { output: 0, running: 1, lastSeq: state.nextSeq - 1, badCrc: 0, badLength: 0, dropped: 0 };
    state = frame(state, 300, 'STATE', 0, encodeFields(FRAMES.STATE.fields, running));
    expect(said()).toEqual(['BREAK']);
    expect([state.baud, state.bauds]).toEqual([RAISED, [115_200, RAISED]]);
  });

  it('a rate at which nothing is heard is left, in turns, until an answer comes', () => {
    let state = greet([], 115_200);
    state = move(state, {
      type: 'execute',
      id: 1,
      ops: [{ op: 'RUN', entry: 16 }],
      runTimeoutMs: undefined,
      trialBaud: RAISED,
      nowMs: 200,
    });
    const all: string[] = [];
    for (let n = 0; n < 6; n++) {
      state = move(state, { type: 'timer', nowMs: state.wait!.deadlineMs });
      all.push(...said());
    }
    expect(all.join(' ')).toBe('PING PING PING 115200 PING 921600 PING 115200 PING');
    expect(state.jobs).toHaveLength(1);
  });

  it('noise while nothing is asked has the board asked, at both; at a single rate it has not', () => {
    let state = greet([RAISED], RAISED);
    expect(state.bauds).toEqual([115_200, RAISED]);
    state = move(state, { type: 'badFrame', nowMs: 5000 });
    expect(said()).toEqual(['HELLO']);
    state = move(state, { type: 'timer', nowMs: state.wait!.deadlineMs });
    expect(said()).toEqual(['115200', 'HELLO']);
    state = move(greet([], 115_200), { type: 'badFrame', nowMs: 5000 });
    expect(said()).toEqual([]);
  });

  it('RESET goes where the board was heard, and its answer is awaited where boards start', () => {
    let state = greet([RAISED], RAISED);
    state = move(state, { type: 'reset', again: false, nowMs: 5000 });
    expect(said()).toEqual(['RESET', '115200']);
    state = move(state, { type: 'reset', again: true, nowMs: 5500 });
    expect(said()).toEqual(['921600', 'RESET', '115200']);
  });
});
