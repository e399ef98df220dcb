// The line to the board for as long as a session lasts, while ports and links under it come and go.
//
//   link ─ the port ends ─▶ reconnect: open again, with patience ─▶ another link
//
// Who wants to know of restarts, of the end of the line, and of output says so once, here.

import type { BytePort } from '../../protocol/byte-port.js';
import type { Hello } from '../../protocol/hello.js';
import { BarewireError } from '../diag/error.js';
import { type ConnectOptions, DeviceLink } from '../wire/link.js';
import { openAgain } from '../wire/ports/reopen.js';
import type { Progress } from '../wire/statistics.js';

/** How a port is had, now and again. */
export interface Line {
  /** For messages: `the board on /dev/ttyACM0`. */
  readonly what: string;
  /** Opens it.
   *  @throws when it is not there now */
  open(): Promise<BytePort>;
  /** What `open` gives is a simulator that it starts: opening again is as good as a power cycle. */
  readonly startsBoard: boolean;
  /** Serial number of the USB device behind it. */
  readonly serialNumber?: string | undefined;
}

export interface ConnectionListeners {
  onOutput(bytes: Uint8Array): void;
  /** A transfer has got further. */
  onProgress(progress: Progress): void;
  /** The board restarted. */
  onRestart(hello: Hello): void;
  /** The line ended, and not by us. */
  onLost(cause: Error | undefined): void;
}

export class Connection {
  readonly line: Line;
  readonly #options: ConnectOptions;
  #link: DeviceLink;
  #port: BytePort;
  #listeners: ConnectionListeners | undefined;
  #lost: { readonly cause: Error | undefined } | undefined;
  #closing = false;
  /** What running code prints goes nowhere. */
  muted = false;

  private constructor(line: Line, options: ConnectOptions, port: BytePort, link: DeviceLink) {
    this.line = line;
    this.#options = options;
    this.#port = port;
    this.#link = link;
  }

  /** Opens the line and shakes hands; a board that is silent is reset if there is a wire for it.
   *  @throws what `line.open` and `DeviceLink.connect` throw */
  static async open(line: Line, optionsFor: (port: BytePort) => ConnectOptions): Promise<Connection> {
    let port = await line.open();
    const options = optionsFor(port);
    let link: DeviceLink;
    try {
      link = await DeviceLink.connect(port, options);
    } catch (error) {
      // Code of a session before may keep it from hearing anything.
      if (line.startsBoard || port.reset === undefined || !isSilent(error)) throw error;
      port = await line.open();
      await port.reset!();
      link = await DeviceLink.connect(port, options);
    }
    const connection = new Connection(line, options, port, link);
    connection.#watch();
    return connection;
  }

  /** The link as it is now. */
  get link(): DeviceLink {
    return this.#link;
  }

  /** The line has ended; the cause, if it gave one. */
  get lost(): { readonly cause: Error | undefined } | undefined {
    return this.#lost;
  }

  /** Sets the listeners. A line that has ended meanwhile tells it now. */
  listen(listeners: ConnectionListeners): void {
    this.#listeners = listeners;
    if (this.#lost !== undefined) listeners.onLost(this.#lost.cause);
  }

  /** Opens the line again and shakes hands, trying until it works.
   *  @throws WIRE_GAVE_UP; WIRE_TABLE_MISMATCH, WIRE_BAD_HELLO */
  async reconnect(signal: AbortSignal, limitMs: number): Promise<void> {
    await this.#link.close().catch(() => undefined);
    const { port, link } = await openAgain(
      this.line.what,
      async () => {
        const port = await this.line.open();
        return { port, link: await DeviceLink.connect(port, this.#options) };
      },
      {
        signal,
        limitMs,
        hopeless: isHopeless,
        ...(this.#options.clock === undefined ? {} : { clock: this.#options.clock }),
      },
    );
    if (this.#closing) {
      await link.close();
      return;
    }
    this.#port = port;
    this.#link = link;
    this.#lost = undefined;
    this.#watch();
  }

  /** Resets the board from outside: its reset line, or its simulator, whose line then ends.
   *  @returns false when there is no way to do that */
  async hardReset(): Promise<boolean> {
    if (this.#lost === undefined && this.#port.reset !== undefined) {
      await this.#port.reset();
      return true;
    }
    if (!this.line.startsBoard) return false;
    await this.#link.close();
    return true;
  }

  /** Of a simulated board with something to see: see BytePort.panel. */
  panel(words: string): readonly string[] | undefined {
    return this.#port.panel?.(words);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#link.close();
  }

  #watch(): void {
    const link = this.#link;
    link.onProgress((progress) => this.#listeners?.onProgress(progress));
    link.onOutput((bytes) => {
      if (!this.muted) this.#listeners?.onOutput(bytes);
    });
    link.onRestart((hello) => this.#listeners?.onRestart(hello));
    link.onClose((cause) => {
      if (link !== this.#link || this.#closing) return;
      this.#lost = { cause };
      this.#listeners?.onLost(cause);
    });
  }
}

/** The board says nothing, or does not stop what it does. */
function isSilent(error: unknown): boolean {
  return error instanceof BarewireError && /^WIRE_(?:NO_ANSWER|STILL_RUNNING)$/.test(error.code);
}

/** The board answers, and will not answer otherwise. */
function isHopeless(error: unknown): boolean {
  return error instanceof BarewireError && /^WIRE_(?:TABLE_MISMATCH|BAD_HELLO)$/.test(error.code);
}
