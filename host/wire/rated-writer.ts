// Writes to a port whose rate changes in between: what was written before goes out at the old rate, down to its last
// stop bit, and what is written after waits until the port has the new one.
//
// When a port says that it is drained, a USB adapter or a server in between may still hold bytes. So the time that the
// bytes need on the line is waited for, and some more.

import type { BytePort } from '../../protocol/byte-port.js';
import { type Clock, systemClock } from './clock.js';

/** What adapters and servers need to pass on what they hold. */
const SETTLE_MS = 20;
const BITS_PER_BYTE = 10;

export class RatedWriter {
  /** Bytes to write and rates to set, in order, while the rate is being changed. */
  readonly #queue: (Uint8Array | number)[] = [];
  #changing = false;
  /** When what was written has left, by the rate of the line. */
  #outMs = 0;

  /** @param onBaud hears the rate that the port has after it was told another one */
  constructor(
    private readonly port: BytePort,
    private readonly onBaud: (baud: number) => void,
    private readonly clock: Clock = systemClock,
  ) {}

  write(bytes: Uint8Array): void {
    if (this.#changing) this.#queue.push(bytes);
    else this.#put(bytes);
  }

  /** Changes the rate, once what was written is out. */
  setBaud(baud: number): void {
    this.#queue.push(baud);
    if (!this.#changing) void this.#work();
  }

  async #work(): Promise<void> {
    this.#changing = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (typeof next === 'number') await this.#change(next);
      else this.#put(next);
    }
    this.#changing = false;
  }

  #put(bytes: Uint8Array): void {
    const { baud } = this.port;
    if (baud !== undefined) {
      const lineMs = (bytes.length * BITS_PER_BYTE * 1000) / baud;
      this.#outMs = Math.max(this.#outMs, this.clock.now()) + lineMs;
    }
    this.port.write(bytes);
  }

  async #change(baud: number): Promise<void> {
    const { port, clock } = this;
    const leftMs = Math.max(0, this.#outMs - clock.now()) + SETTLE_MS;
    await new Promise<void>((resolve) => void clock.after(leftMs, resolve));
    // One that cannot be had leaves the line as it was; the port's own word counts.
    await port.setBaud!(baud).catch(() => undefined);
    if (port.baud !== undefined) this.onBaud(port.baud);
  }
}
