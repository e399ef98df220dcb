// A serial line as a model: what a cable, a USB adapter and noise do to bytes, on any clock and the same for the same
// seed. It stands between the host and the port of a board that has no line of its own.
//
//   host ─▶ baud rate ─▶ noise ─▶ latency ─▶ board        a byte takes ten bits: 8N1
//   host ◀─ adapter buffer, latency ◀─ noise ◀─ baud rate ◀─ board
//
// A USB adapter keeps what the board sends until its timer is over (up to 16 ms) or its buffer is full; what the
// host sends it passes on at once. So one latency is that towards the host, and a second one may be given.

import type { BytePort } from '../../protocol/byte-port.js';
import type { Clock } from './clock.js';
import { seededRandom } from './random.js';

export interface LineModel {
  /** Bits a second, as the line begins. */
  readonly baud: number;
  /** Above this rate the cable garbles everything. */
  readonly maxBaud: number;
  /** Delay towards the host, in milliseconds. */
  readonly toHostMs: number;
  /** Delay towards the board. */
  readonly toBoardMs: number;
  /** Up to this much more, by chance; order is kept. */
  readonly jitterMs: number;
  /** Bytes at which an adapter does not wait for its timer; 0: it always does. */
  readonly bufferBytes: number;
  /** Chance of each bit to be flipped. */
  readonly ber: number;
  /** Chances of each frame: to be lost, to come twice, to come after the one behind it. */
  readonly loss: number;
  readonly repeat: number;
  readonly reorder: number;
  /** Chances of each byte: to be lost, to have a byte of noise before it. */
  readonly drop: number;
  readonly insert: number;
  readonly seed: number;
}

export const PERFECT_LINE: LineModel = {
  baud: 115_200,
  maxBaud: Number.POSITIVE_INFINITY,
  toHostMs: 0,
  toBoardMs: 0,
  jitterMs: 0,
  bufferBytes: 0,
  ber: 0,
  loss: 0,
  repeat: 0,
  reorder: 0,
  drop: 0,
  insert: 0,
  seed: 1,
};

/** What one direction has carried. */
export interface LaneCounts {
  /** Frames, that is, runs of bytes up to a 0x00, that entered. */
  frames: number;
  bytes: number;
  /** Frames lost, and frames that came out other than they entered. */
  lost: number;
  damaged: number;
}

export interface ModelledPort extends BytePort {
  readonly toBoard: Readonly<LaneCounts>;
  readonly toHost: Readonly<LaneCounts>;
  /** Changes the line from now on. */
  set(changes: Partial<LineModel>): void;
  readonly baud: number;
  setBaud(baud: number): Promise<void>;
  /** Pulls the plug: what is on its way is gone, and the port ends. The board goes on and may be wired to again. */
  unplug(): void;
}

const BITS_PER_BYTE = 10;
/** Two ends that differ by less understand each other: a bit is sampled in its middle, ten bits after the start. */
const BAUD_TOLERANCE = 0.03;
/** How far a frame falls behind that is overtaken. */
const OVERTAKEN_MS = 5;

/** Puts a modelled line in front of `board`.
 *  @param boardBaud rate of the board's end, where that can be told: at another rate than the host's all is noise */
export function modelLine(
  board: BytePort,
  initial: LineModel,
  clock: Clock,
  boardBaud: () => number | undefined = () => board.farBaud,
): ModelledPort {
  let model = initial;
  let hostBaud = initial.baud;
  let open = true;
  let onData: (bytes: Uint8Array) => void = () => {};
  let onClose: (cause?: Error) => void = () => {};
  const random = seededRandom(initial.seed);
  const baudOf = (sender: 'host' | 'board') => (sender === 'host' ? hostBaud : (boardBaud() ?? hostBaud));
  const lane = (sender: 'host' | 'board', delayMs: () => number, deliver: (bytes: Uint8Array) => void) =>
    new Lane(
      clock,
      random,
      () => model,
      () => baudOf(sender),
      () => {
        const ratio = baudOf(sender === 'host' ? 'board' : 'host') / baudOf(sender);
        return Math.abs(ratio - 1) < BAUD_TOLERANCE ? 1 : ratio;
      },
      delayMs,
      (bytes) => {
        if (open) deliver(bytes);
      },
    );
  const toBoard = lane(
    'host',
    () => model.toBoardMs,
    (bytes) => board.write(bytes),
  );
  const toHost = lane(
    'board',
    () => model.toHostMs,
    (bytes) => onData(bytes),
  );
  toHost.buffered = true;
  board.onData((bytes) => toHost.push(bytes));
  const end = (cause: Error | undefined) => {
    if (!open) return;
    open = false;
    toBoard.cut();
    toHost.cut();
    onClose(cause);
  };
  board.onClose(end);
  return {
    name: board.name,
    get baud() {
      return hostBaud;
    },
    toBoard: toBoard.counts,
    toHost: toHost.counts,
    write: (bytes) => {
      if (open) toBoard.push(bytes);
    },
    onData: (listener) => {
      onData = listener;
    },
    onClose: (listener) => {
      onClose = listener;
    },
    set: (changes) => {
      model = { ...model, ...changes };
    },
    setBaud: async (baud) => {
      hostBaud = baud;
    },
    unplug: () => end(new Error('the plug was pulled')),
    ...(board.reset === undefined ? {} : { reset: () => board.reset!() }),
    close: () => board.close(),
  };
}

/** One direction. */
class Lane {
  readonly counts: LaneCounts = { frames: 0, bytes: 0, lost: 0, damaged: 0 };
  buffered = false;
  /** When the last byte so far has left the sender. */
  private freeMs = 0;
  /** When the last byte so far has arrived. */
  private arrivedMs = 0;
  private readonly pending = new Set<() => void>();

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly model: () => LineModel,
    private readonly baud: () => number,
    private readonly stretch: () => number,
    private readonly delayMs: () => number,
    private readonly deliver: (bytes: Uint8Array) => void,
  ) {}

  push(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const zero = bytes.indexOf(0, from);
      const end = zero < 0 ? bytes.length : zero + 1;
      this.pass(bytes.subarray(from, end));
      from = end;
    }
  }

  /** Forgets what is on its way. */
  cut(): void {
    for (const cancel of this.pending) cancel();
    this.pending.clear();
  }

  private pass(frame: Uint8Array): void {
    const { random, counts } = this;
    const { maxBaud, jitterMs, bufferBytes, loss, repeat, reorder } = this.model();
    const nowMs = this.clock.now();
    this.freeMs = Math.max(this.freeMs, nowMs) + (frame.length * BITS_PER_BYTE * 1000) / this.baud();
    counts.bytes += frame.length;
    if (frame.length > 1) counts.frames++;
    if (loss > 0 && random() < loss) {
      counts.lost++;
      return;
    }
    const stretch = this.stretch();
    const heard =
      stretch === 1 && this.baud() <= maxBaud * (1 + BAUD_TOLERANCE)
        ? this.damage(frame)
        : this.misheard(frame, stretch);
    const full = this.buffered && bufferBytes > 0 && frame.length >= bufferBytes;
    const delayMs = (full ? 0 : this.delayMs()) + (jitterMs > 0 ? random() * jitterMs : 0);
    this.arrivedMs = Math.max(this.arrivedMs, this.freeMs + delayMs);
    const late = reorder > 0 && random() < reorder ? OVERTAKEN_MS : 0;
    this.at(this.arrivedMs + late - nowMs, heard);
    if (repeat > 0 && random() < repeat) this.at(this.arrivedMs + late - nowMs, heard.slice());
  }

  private at(delayMs: number, bytes: Uint8Array): void {
    const cancel = this.clock.after(delayMs, () => {
      this.pending.delete(cancel);
      this.deliver(bytes);
    });
    this.pending.add(cancel);
  }

  /** The frame as noise leaves it. Steps from one hit to the next, so that a clean line costs nothing. */
  private damage(frame: Uint8Array): Uint8Array {
    const { ber, drop, insert } = this.model();
    let out: Uint8Array = frame.slice();
    for (let bit = this.gap(ber); bit < out.length * 8; bit += 1 + this.gap(ber)) out[bit >>> 3]! ^= 1 << (bit & 7);
    for (let at = this.gap(drop); at < out.length; at += this.gap(drop)) out = splice(out, at, 1);
    for (let at = this.gap(insert); at < out.length; at += 2 + this.gap(insert)) {
      out = splice(out, at, 0, Math.floor(this.random() * 256));
    }
    if (out.length !== frame.length || out.some((byte, at) => byte !== frame[at])) this.counts.damaged++;
    return out;
  }

  /** How many are spared before the next hit, when each is hit with chance `p`. */
  private gap(p: number): number {
    return p <= 0 ? Number.POSITIVE_INFINITY : Math.floor(Math.log(1 - this.random()) / Math.log1p(-p));
  }

  /** What a receiver makes of it that samples at another rate. */
  private misheard(frame: Uint8Array, stretch: number): Uint8Array {
    this.counts.damaged++;
    return Uint8Array.from({ length: Math.max(1, Math.round(frame.length * stretch)) }, () => {
      const kind = this.random();
      return kind < 0.3 ? 0 : kind < 0.5 ? 0xff : Math.floor(this.random() * 256);
    });
  }
}

function splice(bytes: Uint8Array, at: number, remove: number, ...insert: number[]): Uint8Array {
  const out = new Uint8Array(bytes.length - remove + insert.length);
  out.set(bytes.subarray(0, at));
  out.set(insert, at);
  out.set(bytes.subarray(at + remove), at + insert.length);
  return out;
}
