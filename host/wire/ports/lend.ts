// Lends a board to one user at a time over TCP.
//
//   client ─ "barewire token T\n" ─▶ server    where a token is asked for; nothing reaches the board before it is right
//   client ◀─ "barewire: ok\n" ─ server        then bytes, both ways, as they are
//   client ◀─ "barewire: held by X since T\n"  and the connection ends; the same for a token that is wrong
//
// Where none is asked for (on loopback) a client sees a raw line, so that any program can use it.

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { BytePort } from '../../../protocol/byte-port.js';
import { BarewireError, deviceError } from '../../diag/error.js';

export interface LendOptions {
  /** The board's port, open; it is closed with the server. */
  readonly port: BytePort;
  readonly host: string;
  /** 0: any that is free. */
  readonly tcpPort: number;
  readonly token?: string | undefined;
  /** Hears who comes, goes and is sent away. */
  readonly say: (text: string) => void;
}

export interface Lender {
  readonly host: string;
  readonly tcpPort: number;
  /** Resolves when the board's port has ended, with its cause, or after `close`. */
  readonly ended: Promise<Error | undefined>;
  close(): Promise<void>;
}

/** What begins a line that is not the board's. */
export const LENDER_WORD = 'barewire: ';
const TOKEN_WORD = 'barewire token ';
const LONGEST_LINE = 300;
const TOKEN_TIMEOUT_MS = 5000;
/** Who comes while another leaves waits this long. */
const LEAVING_MS = 200;

/** The line with which a client shows its token. */
export const tokenLine = (token: string): string => `${TOKEN_WORD}${token}\n`;

/** Whether only programs on this machine reach `host`. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i.test(host);
}

/** Begins to lend.
 *  @throws WIRE_TOKEN_REQUIRED, WIRE_LISTEN */
export async function lendPort(options: LendOptions): Promise<Lender> {
  const { port, host, tcpPort, token, say } = options;
  if (!isLoopback(host) && (token === undefined || token === '')) {
    const text = `${host} can be reached from other machines: give a token with --token, which users put before the address (tcp://TOKEN@${host}:PORT).
Whoever connects runs code on the board.`;
    throw new BarewireError('WIRE_TOKEN_REQUIRED', text, { host });
  }
  const lending = new Lending(port, token, say);
  const server = createServer({ noDelay: true }, (socket) => lending.onConnection(socket));
  await listen(server, host, tcpPort);
  const bound = server.address() as { port: number };
  let end: (cause: Error | undefined) => void = () => {};
  const ended = new Promise<Error | undefined>((resolve) => {
    end = resolve;
  });
  const close = async (): Promise<void> => {
    server.close();
    lending.end();
    await port.close();
    end(undefined);
  };
  port.onClose((cause) => {
    server.close();
    lending.end();
    end(cause);
  });
  return { host, tcpPort: bound.port, ended, close };
}

function listen(server: Server, host: string, tcpPort: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const text = `cannot listen on ${host}:${tcpPort}: ${cause.message}`;
      reject(deviceError('WIRE_LISTEN', text, { host, tcpPort }, cause));
    });
    server.listen(tcpPort, host, () => resolve());
  });
}

class Lending {
  private holder: { readonly socket: Socket; readonly who: string; readonly since: Date } | undefined;
  private readonly sockets = new Set<Socket>();

  constructor(
    private readonly port: BytePort,
    private readonly token: string | undefined,
    private readonly say: (text: string) => void,
  ) {
    // What the board says while nobody is there concerns nobody.
    port.onData((bytes) => {
      this.holder?.socket.write(bytes);
    });
  }

  end(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  onConnection(socket: Socket): void {
    const who = `${socket.remoteAddress ?? 'somebody'}:${socket.remotePort ?? '?'}`;
    this.sockets.add(socket);
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => {
      this.sockets.delete(socket);
      if (this.holder?.socket !== socket) return;
      this.holder = undefined;
      this.say(`${who} has left`);
    });
    if (this.token === undefined) this.claim(socket, who, new Uint8Array());
    else this.askToken(socket, who, this.token);
  }

  private askToken(socket: Socket, who: string, token: string): void {
    let line = Buffer.alloc(0);
    const timer = setTimeout(() => this.refuse(socket, who, 'no token came'), TOKEN_TIMEOUT_MS);
    socket.on('close', () => clearTimeout(timer));
    const onData = (bytes: Buffer): void => {
      line = Buffer.concat([line, bytes]);
      const end = line.indexOf(10);
      if (end < 0 && line.length <= LONGEST_LINE) return;
      clearTimeout(timer);
      socket.off('data', onData);
      const text = line.subarray(0, Math.max(0, end)).toString('utf8').trimEnd();
      if (!text.startsWith(TOKEN_WORD) || !sameText(text.slice(TOKEN_WORD.length), token)) {
        this.refuse(socket, who, 'the token is wrong or missing (tcp://TOKEN@host:port)');
        return;
      }
      socket.pause();
      this.claim(socket, who, line.subarray(end + 1));
    };
    socket.on('data', onData);
  }

  /** @param last it was tried before: who left a moment ago is gone now */
  private claim(socket: Socket, who: string, first: Uint8Array, last = false): void {
    const { holder } = this;
    if (holder !== undefined && last) {
      this.refuse(socket, who, `held by ${holder.who} since ${holder.since.toISOString()}`);
      return;
    }
    if (holder !== undefined) {
      const timer = setTimeout(() => this.claim(socket, who, first, true), LEAVING_MS);
      socket.on('close', () => clearTimeout(timer));
      return;
    }
    this.holder = { socket, who, since: new Date() };
    this.say(`${who} has the board`);
    if (this.token !== undefined) socket.write(`${LENDER_WORD}ok\n`);
    if (first.length > 0) this.port.write(first);
    socket.on('data', (bytes) => this.port.write(bytes));
    socket.resume();
  }

  private refuse(socket: Socket, who: string, why: string): void {
    this.say(`${who} was sent away: ${why.replace(/ \(.*/, '')}`);
    socket.end(`${LENDER_WORD}${why}\n`);
  }
}

/** Compares in a time that tells nothing. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
