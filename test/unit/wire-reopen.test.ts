// Waiting for a port that went away, and knowing it again.

import { describe, expect, test } from 'vitest';
import { findPortAgain, openAgain, openSerialAgain } from '../../host/wire/ports/reopen.js';
import type { SerialPortInfo } from '../../host/wire/ports/serial.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { FakeClock } from '../support/fake-clock.js';

const info = (path: string, serialNumber?: string): SerialPortInfo => ({
  path,
  serialNumber,
  manufacturer: undefined,
  vendorId: undefined,
  productId: undefined,
});

describe('waiting for a port', () => {
  test('tries soon at first, then once a second, until it is there', async () => {
    const clock = new FakeClock();
    const triesMs: number[] = [];
    const open = async (): Promise<string> => {
      triesMs.push(clock.now());
      if (clock.now() < 5000) throw new Error('absent');
      return 'the port';
    };
    const { signal } = new AbortController();
    expect(await clock.run(openAgain('the board', open, { signal, limitMs: 60_000, clock }))).toBe('the port');
    expect(triesMs).toEqual([0, 50, 150, 350, 750, 1550, 2550, 3550, 4550, 5550]);
    expect(clock.pending).toBe(0);
  });

  test('ends at its limit, and says what for, how long, and what came last', async () => {
    const clock = new FakeClock();
    const open = (): Promise<never> => Promise.reject(new Error('no such port'));
    const { signal } = new AbortController();
    const work = openAgain('the board on /dev/ttyACM0', open, { signal, limitMs: 3000, clock });
    const error = await clock.run(work).catch((each) => each);
    expect(error).toMatchObject({ code: 'WIRE_GAVE_UP', details: { waitedMs: 3000, stopped: false } });
    expect(error.message).toBe(
      'waited 3.0 s for the board on /dev/ttyACM0, then gave up: that is long enough. The last try: no such port\nThe next input tries again.',
    );
  });

  test('ends with what will not change', async () => {
    const clock = new FakeClock();
    const wrong = new Error('another protocol');
    const { signal } = new AbortController();
    const options = { signal, limitMs: 60_000, clock, hopeless: (error: unknown) => error === wrong };
    await expect(clock.run(openAgain('the board', () => Promise.reject(wrong), options))).rejects.toBe(wrong);
    expect(clock.now()).toBe(0);
  });

  test('is given up at once by whoever waits', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const open = (): Promise<never> => Promise.reject(new Error('no such port'));
    const work = openAgain('the board', open, { signal: abort.signal, limitMs: 60_000, clock });
    clock.after(1600, () => abort.abort());
    const error = await clock.run(work).catch((each) => each);
    expect(error).toMatchObject({ code: 'WIRE_GAVE_UP', details: { waitedMs: 1600, stopped: true } });
    expect(error.message).toContain('then gave up: you stopped it.');
    expect(clock.pending).toBe(0);
  });
});

describe('a board that comes back', () => {
  const ports = [info('/dev/ttyACM0', 'other'), info('/dev/ttyACM3', 'mine'), info('/dev/ttyS0')];

  test('is known by the serial number of its USB device, under whatever name', () => {
    expect(findPortAgain('/dev/ttyACM0', 'mine', ports)).toBe('/dev/ttyACM3');
    expect(findPortAgain('/dev/ttyACM0', 'absent', ports)).toBeUndefined();
  });

  test('without one is looked for where it was', () => {
    expect(findPortAgain('/dev/ttyS0', undefined, ports)).toBe('/dev/ttyS0');
  });

  test('is opened there, or said to be absent with what is there instead', async () => {
    const opened: [string, number][] = [];
    const open = async (path: string, baud: number): Promise<BytePort> => {
      opened.push([path, baud]);
      return { name: path } as BytePort;
    };
    const list = async (): Promise<SerialPortInfo[]> => ports;
    expect((await openSerialAgain('/dev/ttyACM0', 'mine', 115_200, list, open)).name).toBe('/dev/ttyACM3');
    expect((await openSerialAgain('/dev/ttyS9', undefined, 9600, list, open)).name).toBe('/dev/ttyS9');
    expect(opened).toEqual([
      ['/dev/ttyACM3', 115_200],
      ['/dev/ttyS9', 9600],
    ]);
    await expect(openSerialAgain('/dev/ttyACM0', 'gone', 115_200, list, open)).rejects.toMatchObject({
      code: 'WIRE_PORT_ABSENT',
      message: 'no board with serial number gone is there; ports there are: /dev/ttyACM0, /dev/ttyACM3, /dev/ttyS0',
    });
  });
});
