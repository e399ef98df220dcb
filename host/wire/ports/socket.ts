// Byte ports over sockets: a QEMU with `-serial unix:/path,server=on`, a serial line shared by ser2net, a board on
// another machine. `unix:/path` and `tcp://host:port`.

import { connect, type Socket } from 'node:net';
import type { BytePort } from '../../../protocol/byte-port.js';
import { type BarewireError, deviceError } from '../../diag/error.js';

/** Where a socket is. */
export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number };

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
  const [, six, four, digits] = /^tcp:\/\/(?:\[([^\]]+)\]|([^:/[\]]+)):(\d{1,5})$/.exec(name) ?? [];
  const host = six ?? four;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) throw badName(name);
  return { host, port };
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
  const socket = connect({ ...address, noDelay: true });
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
  return wrapSocket(name, socket);
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
  socket.on('data', (bytes) => onData(bytes));
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
