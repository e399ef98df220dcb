// RFC 2217: a serial port on another machine, as ser2net and labgrid export it. It is Telnet (RFC 854) in binary mode
// with one option more, by which the client sets the rate, the format and the modem lines of the far port.
//
//   IAC WILL 44 … IAC DO 44        both have the option
//   IAC SB 44 1 u32be IAC SE  →    set the rate     ← IAC SB 44 101 u32be IAC SE
//   a data byte 0xff              is sent twice

import type { BytePort } from '../../../protocol/byte-port.js';
import { deviceError } from '../../diag/error.js';
import { concatBytes } from '../bytes.js';

const [SE, SB, WILL, WONT, DO, DONT, IAC] = [240, 250, 251, 252, 253, 254, 255];
const [BINARY, SUPPRESS_GO_AHEAD, COM_PORT] = [0, 3, 44];
/** Commands to the server; it answers with 100 more. */
const COMMAND = { baud: 1, dataSize: 2, parity: 3, stopSize: 4, control: 5 } as const;
const ANSWER = 100;
/** Values of `control`. */
const CONTROL = { noFlow: 1, dtrOn: 8, dtrOff: 9, rtsOn: 11, rtsOff: 12 } as const;
const ANSWER_TIMEOUT_MS = 5000;
/** Bytes of a subnegotiation that are kept; none that concerns us is longer. */
const LONGEST_OPTION = 64;

/** Makes a port of the far line behind `socket`: 8N1 at `baud`, DTR and RTS as they are.
 *  @param socket the connection, on which nothing was said yet
 *  @throws WIRE_RFC2217 when the other end does not speak it, or refuses */
export async function openRfc2217(socket: BytePort, baud: number, timeoutMs = ANSWER_TIMEOUT_MS): Promise<BytePort> {
  const port = new Rfc2217Port(socket, baud, timeoutMs);
  try {
    await port.begin();
  } catch (error) {
    await socket.close();
    throw error;
  }
  return port;
}

/** Taking Telnet apart, byte by byte. */
type Mode = 'data' | 'command' | 'verb' | 'option' | 'optionCommand';

class Rfc2217Port implements BytePort {
  readonly name: string;
  private mode: Mode = 'data';
  private verb = 0;
  private option: number[] = [];
  private readonly early: Uint8Array[] = [];
  private dataListener = (bytes: Uint8Array): void => void this.early.push(bytes);
  private readonly waiting = new Map<string, (value: readonly number[]) => void>();
  private readonly agreed = new Set<number>();

  constructor(
    private readonly socket: BytePort,
    private rate: number,
    private readonly timeoutMs: number,
  ) {
    this.name = socket.name;
    socket.onData((bytes) => this.take(bytes));
  }

  /** Agrees on the option, then sets rate and format. */
  async begin(): Promise<void> {
    const willing = this.answer(`option ${COM_PORT}`, 'an answer to the COM-PORT option');
    const hello = [WILL, COM_PORT, WILL, BINARY, DO, BINARY, WILL, SUPPRESS_GO_AHEAD, DO, SUPPRESS_GO_AHEAD];
    for (let at = 0; at < hello.length; at += 2) this.socket.write(Uint8Array.of(IAC, hello[at]!, hello[at + 1]!));
    const [verb] = await willing;
    if (verb === DONT || verb === WONT) throw this.failure('it has no serial port behind it (COM-PORT refused)');
    await this.setBaud(this.rate);
    for (const [name, value] of [
      ['dataSize', 8],
      ['parity', 1],
      ['stopSize', 1],
    ] as const) {
      const set = await this.command(COMMAND[name], [value]);
      if (set[0] !== value) throw this.failure(`it set ${name} to ${set[0]} instead of ${value}`);
    }
    this.send(COMMAND.control, [CONTROL.noFlow]);
  }

  get baud(): number {
    return this.rate;
  }

  /** @throws WIRE_RFC2217 when the far port does not take that rate; it then has the one that it had */
  async setBaud(baud: number): Promise<void> {
    const set = await this.askBaud(baud);
    if (set !== baud) {
      if (baud !== this.rate) await this.askBaud(this.rate);
      throw this.failure(`it set ${set} baud instead of ${baud}`);
    }
    this.rate = baud;
  }

  private async askBaud(baud: number): Promise<number> {
    const bytes = [baud >>> 24, (baud >>> 16) & 0xff, (baud >>> 8) & 0xff, baud & 0xff];
    return (await this.command(COMMAND.baud, bytes)).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  async setSignals({ dtr, rts }: { readonly dtr?: boolean; readonly rts?: boolean }): Promise<void> {
    // ser2net has no answer for a line that the far port lacks; what is written after it comes after it.
    if (dtr !== undefined) this.send(COMMAND.control, [dtr ? CONTROL.dtrOn : CONTROL.dtrOff]);
    if (rts !== undefined) this.send(COMMAND.control, [rts ? CONTROL.rtsOn : CONTROL.rtsOff]);
  }

  write(bytes: Uint8Array): void {
    this.socket.write(escaped(bytes));
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.dataListener = listener;
    for (const bytes of this.early.splice(0)) listener(bytes);
  }

  onClose(listener: (cause?: Error) => void): void {
    this.socket.onClose(listener);
  }

  close(): Promise<void> {
    return this.socket.close();
  }

  /** Sends a command of the option; resolves to the value in the answer. */
  private command(code: number, value: readonly number[]): Promise<readonly number[]> {
    const answered = this.answer(`command ${code + ANSWER}`, `an answer to command ${code}`);
    this.send(code, value);
    return answered;
  }

  private send(code: number, value: readonly number[]): void {
    const body = escaped(Uint8Array.from(value));
    this.socket.write(concatBytes([Uint8Array.of(IAC, SB, COM_PORT, code), body, Uint8Array.of(IAC, SE)]));
  }

  private answer(key: string, what: string): Promise<readonly number[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(key);
        reject(this.failure(`${what} did not come in ${this.timeoutMs / 1000} s`));
      }, this.timeoutMs);
      this.waiting.set(key, (value) => {
        clearTimeout(timer);
        this.waiting.delete(key);
        resolve(value);
      });
    });
  }

  private failure(why: string) {
    const text = `${this.name}: ${why}.\nIs it a port of ser2net with rfc2217 (\`accepter: telnet(rfc2217),tcp,PORT\`)? A raw one is tcp://.`;
    return deviceError('WIRE_RFC2217', text, { name: this.name, why });
  }

  private take(bytes: Uint8Array): void {
    const data: number[] = [];
    for (const byte of bytes) this.takeByte(byte, data);
    if (data.length > 0) this.dataListener(Uint8Array.from(data));
  }

  private takeByte(byte: number, data: number[]): void {
    switch (this.mode) {
      case 'data':
        if (byte === IAC) this.mode = 'command';
        else data.push(byte);
        return;
      case 'command':
        this.mode = byte === SB ? 'option' : byte >= WILL && byte <= DONT ? 'verb' : 'data';
        this.verb = byte;
        this.option = [];
        if (byte === IAC) data.push(byte);
        return;
      case 'verb':
        this.mode = 'data';
        this.onVerb(this.verb, byte);
        return;
      case 'option':
        if (byte === IAC) this.mode = 'optionCommand';
        else if (this.option.length < LONGEST_OPTION) this.option.push(byte);
        return;
      case 'optionCommand':
        this.mode = byte === IAC ? 'option' : 'data';
        if (byte === IAC) this.option.push(byte);
        else if (this.option[0] === COM_PORT) this.waiting.get(`command ${this.option[1]}`)?.(this.option.slice(2));
    }
  }

  /** Agrees, once, to what we asked for ourselves; refuses all else. */
  private onVerb(verb: number, option: number): void {
    this.waiting.get(`option ${option}`)?.([verb]);
    const ours = option === BINARY || option === SUPPRESS_GO_AHEAD || option === COM_PORT;
    const key = verb * 256 + option;
    if (this.agreed.has(key)) return;
    this.agreed.add(key);
    if (!ours && verb === DO) this.socket.write(Uint8Array.of(IAC, WONT, option));
    if (!ours && verb === WILL) this.socket.write(Uint8Array.of(IAC, DONT, option));
  }
}

function escaped(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(IAC)) return bytes;
  const out: number[] = [];
  for (const byte of bytes) {
    out.push(byte);
    if (byte === IAC) out.push(IAC);
  }
  return Uint8Array.from(out);
}
