// What `--port` takes, and how each kind of it is opened, now and after the line has ended.
//
//   /dev/ttyACM0, COM3 · usb:VID:PID[:SERIAL] · auto · unix:/path · tcp://[TOKEN@]host:port · rfc2217://host:port

import type { BytePort } from '../../../protocol/byte-port.js';
import { findBoardPort } from './auto.js';
import { openSerialAgain } from './reopen.js';
import { openRfc2217 } from './rfc2217.js';
import { listSerialPorts, openSerialPort, type SerialPortInfo } from './serial.js';
import { openSocketPort, socketAddress } from './socket.js';
import { findUsbPort, usbId } from './usb.js';

export interface PortOpener {
  /** Opens it. After the first time a serial port is looked for by the serial number of its USB device.
   *  @throws WIRE_PORT_…, WIRE_RFC2217 */
  open(): Promise<BytePort>;
  /** Serial number of the USB device behind it, where it has one. */
  readonly serialNumber: string | undefined;
}

/** Finds out what `name` means.
 *  @param baud bits a second, where that is ours to set
 *  @param knownSerialNumber of the USB device that was behind it before, wherever that is now
 *  @throws WIRE_PORT_NAME, WIRE_PORT_ABSENT, WIRE_PORT_AMBIGUOUS, WIRE_PORT_AUTO */
export async function portOpener(name: string, baud: number, knownSerialNumber?: string): Promise<PortOpener> {
  if (/^rfc2217:/i.test(name)) {
    const address = socketAddress(name.replace(/^rfc2217:/i, 'tcp:'))!;
    return { open: async () => openRfc2217(await openSocketPort(name, address), baud), serialNumber: undefined };
  }
  const address = socketAddress(name);
  if (address !== undefined) {
    // A token is nobody's business but the server's.
    const shown = name.replace(/\/\/[^@/]*@/, '//');
    return { open: () => openSocketPort(shown, address), serialNumber: undefined };
  }
  const known = { path: name, serialNumber: knownSerialNumber };
  const info = knownSerialNumber === undefined ? await serialPort(name, baud) : known;
  let opened = knownSerialNumber !== undefined;
  return {
    serialNumber: info.serialNumber,
    open: () => {
      if (opened) return openSerialAgain(info.path, info.serialNumber, baud);
      opened = true;
      return openSerialPort(info.path, baud);
    },
  };
}

async function serialPort(name: string, baud: number): Promise<Pick<SerialPortInfo, 'path' | 'serialNumber'>> {
  if (name === 'auto') return findBoardPort(await listSerialPorts(), (path) => openSerialPort(path, baud));
  const id = usbId(name);
  if (id !== undefined) return findUsbPort(name, id, await listSerialPorts());
  const ports = await listSerialPorts().catch(() => []);
  return ports.find(({ path }) => path === name) ?? { path: name, serialNumber: undefined };
}
