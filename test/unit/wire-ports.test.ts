// Where boards are: by USB id, by asking all ports, on another machine, lent by another barewire.

import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../host/wire/clock.js';
import { DeviceLink } from '../../host/wire/link.js';
import { findBoardPort } from '../../host/wire/ports/auto.js';
import { isLoopback, type Lender, lendPort } from '../../host/wire/ports/lend.js';
import { openRfc2217 } from '../../host/wire/ports/rfc2217.js';
import type { SerialPortInfo } from '../../host/wire/ports/serial.js';
import { openSocketPort, socketAddress } from '../../host/wire/ports/socket.js';
import { findUsbPort, usbId } from '../../host/wire/ports/usb.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { VECTOR_BOARD } from '../../protocol/generate-vectors.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeSetup } from '../support/fake-line.js';

const info = (path: string, vendorId?: string, productId?: string, serialNumber?: string): SerialPortInfo => {
  return { path, manufacturer: undefined, serialNumber, vendorId, productId };
};
const PICO = info('/dev/ttyACM0', '2e8a', '000a', 'E660');
const OTHER_PICO = info('/dev/ttyACM1', '2E8A', '000A', 'E661');
const FTDI = info('/dev/ttyUSB0', '0403', '6001');

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('usb:VID:PID', () => {
  it('finds the port wherever the system has put it, in either case of letters', () => {
    expect(findUsbPort('usb:0403:6001', usbId('usb:0403:6001')!, [PICO, FTDI])).toBe(FTDI);
    expect(findUsbPort('x', usbId('USB:2E8A:000a:E661')!, [PICO, OTHER_PICO])).toBe(OTHER_PICO);
    expect(usbId('/dev/ttyACM0')).toBeUndefined();
  });

  it('names the ports there are when none has the id', () => {
    expect(() => findUsbPort('usb:1234:0001', usbId('usb:1234:0001')!, [PICO])).toThrow(
      expect.objectContaining({
        code: 'WIRE_PORT_ABSENT',
        message: 'usb:1234:0001: no port has this id. These are there:\n  /dev/ttyACM0  usb:2e8a:000a:E660',
      }),
    );
  });

  it('asks for more when several have it', () => {
    expect(() => findUsbPort('usb:2e8a:000a', usbId('usb:2e8a:000a')!, [PICO, OTHER_PICO])).toThrow(
      expect.objectContaining({
        code: 'WIRE_PORT_AMBIGUOUS',
        message: expect.stringMatching(/2 ports have this id; name one .*\n.*E660\n.*E661$/),
      }),
    );
  });

  it.each(['usb:', 'usb:12:34', 'usb:2e8a'])('%s is refused', (name) => {
    expect(() => usbId(name)).toThrow(expect.objectContaining({ code: 'WIRE_PORT_NAME' }));
  });
});

describe('auto', () => {
  const silent = (): BytePort => {
    return { name: 'silent', write: () => {}, onData: () => {}, onClose: () => {}, close: async () => {} };
  };
  const find = (boards: readonly SerialPortInfo[], others: readonly SerialPortInfo[]) => {
    const clock = new FakeClock();
    const open = async (path: string): Promise<BytePort> => {
      if (path === FTDI.path) throw new Error('/dev/ttyUSB0 is in use by minicom (process 7).\nClose it there.');
      return boards.some((each) => each.path === path) ? fakeSetup(clock, VECTOR_BOARD).port : silent();
    };
    return clock.run(findBoardPort([...boards, ...others], open, clock));
  };

  it('takes the only port that a board answers at', async () => {
    expect(await find([PICO], [OTHER_PICO, FTDI])).toBe(PICO);
  });

  it('lists the boards when several answer', async () => {
    await expect(find([PICO, OTHER_PICO], [FTDI])).rejects.toMatchObject({
      code: 'WIRE_PORT_AUTO',
      message: expect.stringMatching(
        /^2 boards answer; name one with --port:\n {2}\/dev\/ttyACM0 .*armv7-m.*\n {2}\/dev\/ttyACM1/,
      ),
    });
  });

  it('says of each port why not when none answers', async () => {
    await expect(find([], [PICO, FTDI])).rejects.toMatchObject({
      code: 'WIRE_PORT_AUTO',
      message: expect.stringMatching(/ttyACM0.*: silent: no answer to HELLO.*\n.*ttyUSB0.*: .*in use by minicom/),
    });
    await expect(find([], [])).rejects.toMatchObject({
      message: expect.stringMatching(/^no serial port is there at all/),
    });
  });
});

/** A board that lives behind a lender on loopback. */
async function lent(token?: string): Promise<{ lender: Lender; said: string[]; name: string }> {
  const said: string[] = [];
  const { port } = fakeSetup(systemClock, VECTOR_BOARD);
  const lender = await lendPort({ port, host: '127.0.0.1', tcpPort: 0, token, say: (text) => said.push(text) });
  cleanups.push(() => lender.close());
  return { lender, said, name: `tcp://127.0.0.1:${lender.tcpPort}` };
}

async function openTcp(name: string): Promise<BytePort> {
  const port = await openSocketPort(name.replace(/\/\/.*@/, '//'), socketAddress(name)!);
  cleanups.push(() => port.close());
  return port;
}

describe('a board that is lent', () => {
  it('works as if it were here, for one after another', async () => {
    const { name, said } = await lent();
    for (let user = 0; user < 2; user++) {
      const link = await DeviceLink.connect(await openTcp(name));
      expect((await link.execute([{ op: 'READ', addr: VECTOR_BOARD.arenaAddr, len: 4 }])).status).toBe('OK');
      await link.close();
    }
    expect(said.filter((text) => text.endsWith('has the board'))).toHaveLength(2);
  });

  it('says to the next who has it, and since when', async () => {
    const { name } = await lent();
    const link = await DeviceLink.connect(await openTcp(name));
    await expect(DeviceLink.connect(await openTcp(name))).rejects.toMatchObject({
      code: 'WIRE_CLOSED',
      message: expect.stringMatching(/the handshake: held by 127\.0\.0\.1:\d+ since \d{4}-\d\d-\d\dT/),
    });
    expect((await link.execute([])).status).toBe('OK');
  });

  it('is had with the right token', async () => {
    const { name } = await lent('s3cret');
    const link = await DeviceLink.connect(await openTcp(name.replace('//', '//s3cret@')));
    expect((await link.execute([])).status).toBe('OK');
  });

  it.each([
    ['wrong', 'tcp://guess@'],
    ['as long, and wrong', 'tcp://s3creT@'],
  ])('is not had with a token that is %s', async (_, start) => {
    const { name, said } = await lent('s3cret');
    await expect(openTcp(name.replace('tcp://', start))).rejects.toMatchObject({
      code: 'WIRE_PORT_DENIED',
      message: expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+: (barewire: )?the token is wrong or missing/),
    });
    expect(said).toEqual([expect.stringMatching(/was sent away: the token is wrong or missing$/)]);
  });

  it('hears nothing of who has shown no token', async () => {
    const heard: Uint8Array[] = [];
    const { port } = fakeSetup(systemClock, VECTOR_BOARD);
    const watched = { ...port, write: (bytes: Uint8Array) => void heard.push(bytes) };
    const lender = await lendPort({ port: watched, host: '127.0.0.1', tcpPort: 0, token: 'T', say: () => {} });
    cleanups.push(() => lender.close());
    const words = await new Promise<string>((resolve) => {
      const socket: Socket = connect(lender.tcpPort, '127.0.0.1', () =>
        socket.write('\0\x07\x01\x07\x1d\xb6\xa6\xc6\0\n'),
      );
      let text = '';
      socket.on('data', (bytes) => {
        text += bytes.toString('latin1');
      });
      socket.on('close', () => resolve(text));
    });
    expect(words).toMatch(/^barewire: the token is wrong or missing/);
    expect(heard).toEqual([]);
  });

  it('needs a token where other machines can reach it', async () => {
    const { port } = fakeSetup(systemClock, VECTOR_BOARD);
    const asked = lendPort({ port, host: '0.0.0.0', tcpPort: 0, say: () => {} });
    await expect(asked).rejects.toMatchObject({
      code: 'WIRE_TOKEN_REQUIRED',
      message: expect.stringContaining('give a token with --token'),
    });
    expect(['127.0.0.1', '::1', 'localhost', '127.3.2.1'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '192.168.1.2', '127.evil.example'].some(isLoopback)).toBe(false);
  });

  it('says when nobody can be listened to there', async () => {
    const { lender } = await lent();
    const { port } = fakeSetup(systemClock, VECTOR_BOARD);
    const second = lendPort({ port, host: '127.0.0.1', tcpPort: lender.tcpPort, say: () => {} });
    await expect(second).rejects.toMatchObject({ code: 'WIRE_LISTEN', message: expect.stringContaining('EADDRINUSE') });
  });
});

describe('rfc2217', () => {
  /** A server that says `answers` to what it hears; hands back what was said to it. */
  async function telnet(answer: (heard: Buffer, socket: Socket) => void) {
    const heard: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        heard.push(bytes);
        answer(bytes, socket);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    cleanups.push(() => new Promise((resolve) => void server.close(() => resolve())));
    const { port } = server.address() as { port: number };
    return { heard, socket: await openTcp(`tcp://127.0.0.1:${port}`) };
  }

  it('refuses a server that has no serial port', async () => {
    const { socket } = await telnet((bytes, to) => {
      if (bytes.includes(Buffer.from([255, 251, 44]))) to.write(Buffer.from([255, 254, 44]));
    });
    await expect(openRfc2217(socket, 115_200)).rejects.toMatchObject({
      code: 'WIRE_RFC2217',
      message: expect.stringMatching(/no serial port behind it[\s\S]*telnet\(rfc2217\)/),
    });
  });

  it('says what it waited for from one that is no Telnet at all', async () => {
    const { socket } = await telnet(() => {});
    await expect(openRfc2217(socket, 115_200, 50)).rejects.toMatchObject({
      code: 'WIRE_RFC2217',
      message: expect.stringContaining('an answer to the COM-PORT option did not come in 0.05 s'),
    });
  });

  it('sets rate, format and modem lines, and doubles 0xff both ways', async () => {
    const { heard, socket } = await telnet((bytes, to) => {
      if (bytes.includes(Buffer.from([255, 251, 44]))) to.write(Buffer.from([255, 253, 44, 255, 251, 1]));
      for (let at = bytes.indexOf(250); at >= 0; at = bytes.indexOf(250, at + 1)) {
        const end = bytes.indexOf(Buffer.from([255, 240]), at);
        const value = bytes.subarray(at + 3, end);
        to.write(Buffer.from([255, 250, 44, bytes[at + 2]! + 100, ...value, 255, 240]));
      }
      if (bytes.includes(7)) to.write(Buffer.from([9, 255, 255, 9]));
    });
    const port = await openRfc2217(socket, 115_200);
    const got = new Promise<Uint8Array>((resolve) => port.onData(resolve));
    await port.setSignals!({ dtr: true, rts: false });
    port.write(Uint8Array.of(7, 255));
    expect(await got).toEqual(Uint8Array.of(9, 255, 9));
    const all = Buffer.concat(heard);
    const commands: readonly (readonly number[])[] = [
      [1, 0, 1, 194, 0],
      [2, 8],
      [3, 1],
      [4, 1],
      [5, 1],
      [5, 8],
      [5, 12],
    ];
    for (const command of commands) expect(all.includes(Buffer.from([255, 250, 44, ...command, 255, 240]))).toBe(true);
    expect(all.includes(Buffer.from([255, 254, 1]))).toBe(true); // an option that we do not want
    expect(all.subarray(-3)).toEqual(Buffer.from([7, 255, 255]));
  });

  it('refuses a rate that the far port does not have', async () => {
    const { socket } = await telnet((bytes, to) => {
      if (bytes.includes(Buffer.from([255, 251, 44]))) to.write(Buffer.from([255, 253, 44]));
      if (bytes.includes(Buffer.from([250, 44, 1])))
        to.write(Buffer.from([255, 250, 44, 101, 0, 0, 0x25, 0x80, 255, 240]));
    });
    await expect(openRfc2217(socket, 115_200)).rejects.toMatchObject({
      message: expect.stringContaining('it set 9600 baud instead of 115200'),
    });
  });
});
