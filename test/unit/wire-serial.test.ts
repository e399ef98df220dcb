// Opening serial ports: what a user reads when it does not work. The open port itself is a pseudo-terminal.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPortHolders } from '../../host/wire/ports/port-holder.js';
import {
  callOut,
  listSerialPorts,
  openSerialPort,
  portAbsent,
  portBusy,
  portDenied,
} from '../../host/wire/ports/serial.js';

describe('a serial port', () => {
  it('that is not there is named with those that are', async () => {
    const error = await openSerialPort('/dev/tty-not-there', 115_200).catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_PORT_ABSENT', kind: 'device' });
    expect(error.message).toMatch(/^\/dev\/tty-not-there: no such serial port\. /);
    expect(error.details.ports).toEqual((await listSerialPorts()).map((port) => port.path));
  });

  it('that is absent among others lists them', () => {
    const info = { manufacturer: 'Raspberry Pi', serialNumber: undefined, vendorId: '2e8a', productId: '000a' };
    const { message } = portAbsent('/dev/ttyACM1', [{ path: '/dev/ttyACM0', ...info }]);
    expect(message).toBe(`/dev/ttyACM1: no such serial port. These are there:
  /dev/ttyACM0  Raspberry Pi
Is the board plugged in, with a cable that carries data?`);
  });

  it('that is no serial port at all is refused', async () => {
    const error = await openSerialPort('/dev/null', 115_200).catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_PORT_FAILED' });
    expect(error.message).toMatch(/^\/dev\/null cannot be opened: /);
  });

  it('that is held names the holder', () => {
    const error = portBusy('/dev/ttyACM0', [{ pid: 77, program: 'minicom' }]);
    expect(error.code).toBe('WIRE_PORT_BUSY');
    expect(error.message).toBe(
      '/dev/ttyACM0 is in use by minicom (process 77).\nClose it there, or choose another port with --port.',
    );
    expect(portBusy('/dev/ttyACM0', []).message).toContain('in use by another program');
  });

  it('that may not be opened says which group to join', () => {
    expect(portDenied('/dev/ttyACM0')).toMatchObject({
      code: 'WIRE_PORT_DENIED',
      message: expect.stringContaining('sudo usermod -aG dialout $USER'),
    });
  });
});

describe('findPortHolders', () => {
  it('finds the processes whose open files are the device', () => {
    const proc = mkdtempSync(join(tmpdir(), 'barewire-proc-'));
    try {
      const device = join(proc, 'ttyX');
      writeFileSync(device, '');
      for (const [pid, target] of [
        ['11', device],
        ['12', '/elsewhere'],
      ] as const) {
        mkdirSync(join(proc, pid, 'fd'), { recursive: true });
        symlinkSync(target, join(proc, pid, 'fd', '3'));
        writeFileSync(join(proc, pid, 'comm'), `prog${pid}\n`);
      }
      mkdirSync(join(proc, '13')); // not ours to look into
      symlinkSync(device, join(proc, 'ttyLink'));
      expect(findPortHolders(device, proc)).toEqual([{ pid: 11, program: 'prog11' }]);
      expect(findPortHolders(join(proc, 'ttyLink'), proc)).toEqual([{ pid: 11, program: 'prog11' }]);
      expect(findPortHolders(device, join(proc, 'none'))).toEqual([]);
    } finally {
      rmSync(proc, { recursive: true });
    }
  });
});

it('a port of macOS is named by the file that does not wait for a carrier', () => {
  expect(callOut('/dev/tty.usbmodem101')).toBe('/dev/cu.usbmodem101');
  expect(['/dev/ttyACM0', 'COM3', '/dev/cu.usbmodem1'].map(callOut)).toEqual([
    '/dev/ttyACM0',
    'COM3',
    '/dev/cu.usbmodem1',
  ]);
});
