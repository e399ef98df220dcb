// A board by what its USB adapter says of itself, wherever the system has put it: `usb:2e8a:000a`, or with a serial
// number where there are several of a kind.

import { type BarewireError, deviceError } from '../../diag/error.js';
import type { SerialPortInfo } from './serial.js';

export interface UsbId {
  /** Four hex digits, lower case. */
  readonly vendorId: string;
  readonly productId: string;
  readonly serialNumber: string | undefined;
}

/** What a `--port` names by USB; undefined when it does not.
 *  @throws WIRE_PORT_NAME when it begins like one and is none */
export function usbId(name: string): UsbId | undefined {
  if (!/^usb:/i.test(name)) return undefined;
  const [, vendorId, productId, serialNumber] = /^usb:([0-9a-f]{4}):([0-9a-f]{4})(?::(.+))?$/i.exec(name) ?? [];
  if (vendorId === undefined || productId === undefined) {
    const text = `${name}: write usb:VID:PID or usb:VID:PID:SERIAL, with four hex digits each: usb:2e8a:000a`;
    throw deviceError('WIRE_PORT_NAME', text, { name });
  }
  return { vendorId: vendorId.toLowerCase(), productId: productId.toLowerCase(), serialNumber };
}

/** A port with all that is known of it, for lists. */
export function describePort({ path, manufacturer, serialNumber, vendorId, productId }: SerialPortInfo): string {
  const usb = vendorId === undefined ? [] : [`usb:${vendorId}:${productId}${serialNumber ? `:${serialNumber}` : ''}`];
  return [path, ...usb, ...(manufacturer === undefined ? [] : [manufacturer])].join('  ');
}

/** The one port that has this id.
 *  @throws WIRE_PORT_ABSENT when none has, WIRE_PORT_AMBIGUOUS when several have */
export function findUsbPort(name: string, id: UsbId, ports: readonly SerialPortInfo[]): SerialPortInfo {
  const found = ports.filter(
    (port) =>
      port.vendorId?.toLowerCase() === id.vendorId &&
      port.productId?.toLowerCase() === id.productId &&
      (id.serialNumber === undefined || port.serialNumber === id.serialNumber),
  );
  if (found.length === 1) return found[0]!;
  throw found.length === 0 ? noneHas(name, ports) : severalHave(name, found);
}

function noneHas(name: string, ports: readonly SerialPortInfo[]): BarewireError {
  const list = ports.map((port) => `\n  ${describePort(port)}`).join('');
  const text = `${name}: no port has this id. ${list === '' ? 'No serial port is there at all.' : `These are there:${list}`}`;
  return deviceError('WIRE_PORT_ABSENT', text, { name, ports: ports.map(({ path }) => path) });
}

function severalHave(name: string, found: readonly SerialPortInfo[]): BarewireError {
  const list = found.map((port) => `\n  ${describePort(port)}`).join('');
  const text = `${name}: ${found.length} ports have this id; name one by its serial number or its path:${list}`;
  return deviceError('WIRE_PORT_AMBIGUOUS', text, { name, ports: found.map(({ path }) => path) });
}
