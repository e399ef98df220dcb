// Real serial ports, by `serialport`: the only file that imports it. A port is opened for us alone, and nothing
// moves DTR or RTS, because on many adapters that resets the board.

import { readdir } from 'node:fs/promises';
import { SerialPort } from 'serialport';
import type { BytePort } from '../../../protocol/byte-port.js';
import { type BarewireError, deviceError } from '../../diag/error.js';
import { findPortHolders, type PortHolder } from './port-holder.js';

export interface SerialPortInfo {
  /** `/dev/ttyACM0`, `COM3` */
  readonly path: string;
  readonly manufacturer: string | undefined;
  readonly serialNumber: string | undefined;
  /** USB vendor and product, four hex digits each. */
  readonly vendorId: string | undefined;
  readonly productId: string | undefined;
}

/** Device files of serial ports on Linux that have hardware behind them. */
const DEVICE_NAMES = /^tty(ACM|USB|AMA|mxc|SAC|THS)\d+$/;

/** The serial ports there are. On a Linux without udevadm only their paths are known. */
export async function listSerialPorts(): Promise<SerialPortInfo[]> {
  let ports: Awaited<ReturnType<typeof SerialPort.list>>;
  try {
    ports = await SerialPort.list();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const nothing = { manufacturer: undefined, serialNumber: undefined, vendorId: undefined, productId: undefined };
    const names = (await readdir('/dev')).filter((name) => DEVICE_NAMES.test(name)).sort();
    return names.map((name) => ({ path: `/dev/${name}`, ...nothing }));
  }
  return ports.map(({ path, manufacturer, serialNumber, vendorId, productId }) => {
    return { path: callOut(path), manufacturer, serialNumber, vendorId, productId };
  });
}

/** macOS has two files a port: `tty.` waits for a carrier when it is opened, `cu.` does not. */
export function callOut(path: string): string {
  return path.replace(/^\/dev\/tty\./, '/dev/cu.');
}

/** Opens a serial port, 8N1, exclusively.
 *  @param baud bits a second
 *  @throws WIRE_PORT_ABSENT, WIRE_PORT_BUSY, WIRE_PORT_DENIED, WIRE_PORT_FAILED */
export async function openSerialPort(path: string, baud: number): Promise<BytePort> {
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false, lock: true, hupcl: false });
  const failure = await new Promise<Error | null>((resolve) => {
    port.open((error) => resolve(error));
  });
  if (failure !== null) throw await explainOpenFailure(path, failure);
  return wrapPort(path, port);
}

async function explainOpenFailure(path: string, cause: Error): Promise<BarewireError> {
  const why = cause.message;
  if (/no such (file|device)|ENOENT|ENXIO|ENODEV|file not found|unknown error code 2\b/i.test(why)) {
    return portAbsent(path, await listSerialPorts().catch(() => []), cause);
  }
  if (/busy|lock|EBUSY|temporarily unavailable|access denied/i.test(why)) {
    return portBusy(path, findPortHolders(path), cause);
  }
  if (/permission denied|EACCES|EPERM/i.test(why)) return portDenied(path, cause);
  return deviceError('WIRE_PORT_FAILED', `${path} cannot be opened: ${why}`, { path, why }, cause);
}

export function portAbsent(path: string, ports: readonly SerialPortInfo[], cause?: unknown): BarewireError {
  const lines = ports.map(({ path: name, manufacturer }) => `  ${name}${manufacturer ? `  ${manufacturer}` : ''}`);
  const there = lines.length === 0 ? 'No serial port is there at all.' : `These are there:\n${lines.join('\n')}`;
  const text = `${path}: no such serial port. ${there}\nIs the board plugged in, with a cable that carries data?`;
  return deviceError('WIRE_PORT_ABSENT', text, { path, ports: ports.map((port) => port.path) }, cause);
}

export function portBusy(path: string, holders: readonly PortHolder[], cause?: unknown): BarewireError {
  const names = holders.map(({ program, pid }) => `${program} (process ${pid})`).join(', ');
  const who = names === '' ? 'another program' : names;
  const text = `${path} is in use by ${who}.\nClose it there, or choose another port with --port.`;
  return deviceError('WIRE_PORT_BUSY', text, { path, holders }, cause);
}

export function portDenied(path: string, cause?: unknown): BarewireError {
  const text = `${path}: you may not open this port.
On Linux join the group that owns it (often: sudo usermod -aG dialout $USER) and log in again.`;
  return deviceError('WIRE_PORT_DENIED', text, { path }, cause);
}

function wrapPort(path: string, port: SerialPort): BytePort {
  let onData: (bytes: Uint8Array) => void = () => {};
  let onClose: (cause?: Error) => void = () => {};
  let ended: { cause: Error | undefined } | undefined;
  const end = (cause: Error | undefined) => {
    if (ended !== undefined) return;
    ended = { cause };
    onClose(cause);
  };
  port.on('data', (bytes: Buffer) => onData(bytes));
  port.on('error', (cause) => end(cause));
  port.on('close', (cause?: Error | null) => end(cause ?? undefined));
  return {
    name: path,
    get baud() {
      return port.baudRate;
    },
    setBaud: (baudRate) =>
      new Promise((resolve, reject) => {
        const done = (error: Error | null) => (error === null || error === undefined ? resolve() : reject(error));
        port.drain((error) => (error ? reject(error) : port.update({ baudRate }, done)));
      }),
    setSignals: (signals) =>
      new Promise((resolve, reject) => {
        port.set(signals, (error) => (error ? reject(error) : resolve()));
      }),
    write(bytes) {
      if (port.isOpen) port.write(Buffer.from(bytes));
    },
    onData(listener) {
      onData = listener;
    },
    onClose(listener) {
      onClose = listener;
      if (ended !== undefined) listener(ended.cause);
    },
    close: () =>
      new Promise((resolve) => {
        if (!port.isOpen) {
          end(undefined);
          resolve();
          return;
        }
        port.close(() => {
          end(undefined);
          resolve();
        });
      }),
  };
}
