// Byte ports over sockets: a QEMU with `-serial unix:/path,server=on`, a serial line shared by ser2net, a board on
// another machine. `unix:/path` and `tcp://host:port`.

import { connect, type Socket } from 'node:net';
import type { BytePort } from '../../../protocol/byte-port.js';
import { type BarewireError, deviceError } from '../../diag/error.js';
import { LENDER_WORD, tokenLine } from './lend.js';

/** Where a socket is. */
export type SocketAddress =
  | { readonly path: string; readonly token?: undefined }
  | { readonly host: string; readonly port: number; readonly token?: string | undefined };

/** A connection that takes longer is given up. */
const CONNECT_TIMEOUT_MS = 5000;

/** The address that a `--port` names; undefined when it is no socket.
 *  @throws WIRE_PORT_NAME when it begins like one and is none */
export function socketAddress(name: string): SocketAddress | undefined {
  const path = /^unix:(?:\/\/)?(.*)$/.exec(name)?.[1];
  if (path !== undefined) {
    if (path === '') throw badName(name);
    return { path };
  }
  if (!/^tcp:/.test(name)) return undefined;
  const [, token, six, four, digits] =
    /^tcp:\/\/(?:([^@/]+)@)?(?:\[([^\]]+)\]|([^:/[\]@]+)):(\d{1,5})$/.exec(name) ?? [];
  const host = six ?? four;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) throw badName(name);
  return token === undefined ? { host, port } : { host, port, token };
}

function badName(name: string): BarewireError {
  return deviceError('WIRE_PORT_NAME', `${name}: no such kind of port; write unix:/path/to/socket or tcp://host:port`, {
    name,
  });
}

/** Connects to a socket.
 *  @param name what to call it in messages
 *  @throws WIRE_PORT_FAILED */
export async function openSocketPort(
  name: string,
  address: SocketAddress,
  timeoutMs = CONNECT_TIMEOUT_MS,
): Promise<BytePort> {
  const { token, ...where } = address;
  const socket = connect({ ...where, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string, cause?: Error): void => {
      socket.destroy();
      const text = `${name} cannot be opened: ${why}\nIs something listening there?`;
      reject(deviceError('WIRE_PORT_FAILED', text, { path: name, why }, cause));
    };
    const timer = setTimeout(() => fail(`no connection in ${timeoutMs / 1000} s`), timeoutMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve();
    });
    socket.once('error', (cause) => {
      clearTimeout(timer);
      fail(cause.message, cause);
    });
  });
  const port = wrapSocket(name, socket);
  if (token !== undefined) await showToken(name, port, token, timeoutMs);
  return port;
}

/** Shows the token and waits until it is taken. */
async function showToken(name: string, port: BytePort, token: string, timeoutMs: number): Promise<void> {
  const refused = await new Promise<string | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(`no word about the token in ${timeoutMs / 1000} s`), timeoutMs);
    const done = (why: string | undefined): void => {
      clearTimeout(timer);
      resolve(why);
    };
    port.onClose((cause) => done(cause?.message ?? 'the other end closed the connection'));
    let line = '';
    port.onData((bytes) => {
      line += Buffer.from(bytes).toString('latin1');
      if (line.includes('\n')) done(line.startsWith(`${LENDER_WORD}ok\n`) ? undefined : line.trim());
    });
    port.write(Buffer.from(tokenLine(token)));
  });
  if (refused === undefined) return;
  await port.close();
  throw deviceError('WIRE_PORT_DENIED', `${name}: ${refused}`, { path: name, why: refused });
}

function wrapSocket(name: string, socket: Socket): BytePort {
  const early: Uint8Array[] = [];
  let onData = (bytes: Uint8Array): void => void early.push(bytes);
  let onClose: (cause?: Error) => void = () => {};
  let ended: { cause: Error | undefined } | undefined;
  let closing = false;
  const end = (cause: Error | undefined): void => {
    if (ended !== undefined) return;
    ended = { cause: closing ? undefined : (cause ?? new Error('the other end closed the connection')) };
    onClose(ended.cause);
  };
  let first = true;
  socket.on('data', (bytes) => {
    // Whoever lends a board says in words why it is not to be had; no frame begins like that.
    const words = first ? bytes.toString('latin1') : '';
    first = false;
    if (!words.startsWith(LENDER_WORD) || words.startsWith(`${LENDER_WORD}ok`)) onData(bytes);
    else {
      end(new Error(words.slice(LENDER_WORD.length).trim()));
      socket.destroy();
    }
  });
  socket.on('error', (cause) => end(cause));
  socket.on('close', () => end(undefined));
  return {
    name,
    write(bytes) {
      if (socket.writable) socket.write(bytes);
    },
    onData(listener) {
      onData = listener;
      for (const bytes of early.splice(0)) listener(bytes);
    },
    onClose(listener) {
      onClose = listener;
      if (ended !== undefined) listener(ended.cause);
    },
    close: () =>
      new Promise((resolve) => {
        closing = true;
        if (socket.destroyed) resolve();
        else socket.once('close', () => resolve()).destroy();
      }),
  };
}
