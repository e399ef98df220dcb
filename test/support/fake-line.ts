// A serial line between a link and a fake board that does to the bytes what real lines do: it keeps their order,
// and it may lose, damage, double, delay and cut them. Seeded, so that a failure can be had again.

import type { Clock } from '../../host/wire/clock.js';
import { seededRandom } from '../../host/wire/random.js';
import type { BytePort } from '../../protocol/byte-port.js';
import type { Hello } from '../../protocol/hello.js';
import { FakeBoard, type FakeFunction } from './fake-board.js';

export interface LineFaults {
  readonly seed: number;
  /** Chances for each frame, 0–1. */
  readonly lose: number;
  readonly corrupt: number;
  readonly double: number;
  /** Part of a frame is lost. */
  readonly truncate: number;
  /** Longest delay of a frame in milliseconds; order is kept. */
  readonly delayMs: number;
  /** Frames arrive in pieces. */
  readonly split: boolean;
}

export const GOOD_LINE: LineFaults = { seed: 1, lose: 0, corrupt: 0, double: 0, truncate: 0, delayMs: 0, split: false };

/** One direction of the line. */
function lane(clock: Clock, faults: LineFaults, random: () => number, deliver: (bytes: Uint8Array) => void) {
  let freeMs = 0;
  const at = (bytes: Uint8Array) => {
    freeMs = Math.max(freeMs, clock.now() + random() * faults.delayMs);
    clock.after(freeMs - clock.now(), () => deliver(bytes));
  };
  const pass = (bytes: Uint8Array) => {
    let rest = bytes;
    while (faults.split && rest.length > 1) {
      const cut = 1 + Math.floor(random() * (rest.length - 1));
      at(rest.subarray(0, cut));
      rest = rest.subarray(cut);
    }
    at(rest);
  };
  return (bytes: Uint8Array) => {
    let rest: Uint8Array = bytes.slice();
    while (rest.length > 0) {
      const zero = rest.indexOf(0);
      const end = zero < 0 ? rest.length : zero + 1;
      const frame = rest.subarray(0, end);
      rest = rest.subarray(end);
      if (random() < faults.lose) continue;
      const damaged = frame.slice();
      if (random() < faults.corrupt) damaged[Math.floor(random() * damaged.length)]! ^= 1 << Math.floor(random() * 8);
      const short = random() < faults.truncate ? damaged.subarray(Math.floor(random() * damaged.length)) : damaged;
      pass(short);
      if (random() < faults.double) pass(short.slice());
    }
  };
}

export interface FakeSetup {
  readonly board: FakeBoard;
  readonly port: BytePort & { breakOff(cause: Error): void };
  /** Changes the line from now on. */
  setFaults(faults: LineFaults): void;
}

/** A board behind a line. */
export function fakeSetup(
  clock: Clock,
  hello: Hello,
  functions: ReadonlyMap<number, FakeFunction> | ((entry: number) => FakeFunction | undefined) = new Map(),
  initial: LineFaults = GOOD_LINE,
): FakeSetup {
  const faults = { ...initial };
  const random = seededRandom(initial.seed);
  let onData: (bytes: Uint8Array) => void = () => {};
  let onClose: (cause?: Error) => void = () => {};
  let open = true;
  const close = (cause?: Error) => {
    if (!open) return;
    open = false;
    onClose(cause);
  };
  const toHost = lane(clock, faults, random, (bytes) => {
    if (open) onData(bytes);
  });
  const board = new FakeBoard(hello, functions, clock, toHost);
  const toBoard = lane(clock, faults, random, (bytes) => board.receive(bytes));
  return {
    board,
    setFaults: (next) => Object.assign(faults, next),
    port: {
      name: 'fake board',
      write: (bytes) => {
        if (open) toBoard(bytes);
      },
      onData: (listener) => {
        onData = listener;
      },
      onClose: (listener) => {
        onClose = listener;
      },
      close: async () => close(),
      breakOff: close,
    },
  };
}
