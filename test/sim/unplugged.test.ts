// The cable is pulled and plugged in again: a line that ends and is there again later, in front of a board that goes on
// meanwhile, or is another by then.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LM3S6965EVB } from '../../boards/lm3s6965evb.js';
import { MPS2_AN385 } from '../../boards/mps2-an385.js';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { openSocketPort, socketAddress } from '../../host/wire/ports/socket.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { type SocketBoard, startSocketBoard } from '../support/qemu-socket.js';

let dir: string;
let board: SocketBoard;
let session: Session;
let port: BytePort | undefined;
let closeListener: (cause?: Error) => void;
let plugged: boolean;
let tries: number;
let onTry: () => void;
let onReceived: () => void;
const notices: string[] = [];

/** Pulls the cable. */
function unplug(): void {
  plugged = false;
  const gone = closeListener;
  void port!.close();
  gone(new Error('the device was unplugged'));
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'barewire-test-'));
  board = startSocketBoard(MPS2_AN385, dir);
  notices.length = 0;
  tries = 0;
  plugged = true;
  onTry = () => undefined;
  onReceived = () => undefined;
  session = await openSession({
    board: MPS2_AN385.name,
    line: {
      what: 'the test board',
      startsBoard: false,
      open: async () => {
        tries++;
        onTry();
        if (!plugged) throw new Error('it is not plugged in');
        port = await openSocketPort('the cable', socketAddress(board.port)!);
        return {
          ...port,
          onData: (listener) =>
            port!.onData((bytes) => {
              listener(bytes);
              onReceived();
            }),
          onClose: (listener) => {
            closeListener = listener;
          },
        };
      },
    },
    onNotice: (text) => notices.push(text),
  });
  for (const text of ['int f(int a) { return a * 2; }', 'int n = 7;', 'n += f(1);']) await session.evaluate(text);
});
afterEach(async () => {
  await session.close();
  board.kill();
  rmSync(dir, { recursive: true, force: true });
});

const noticed = (pattern: RegExp): Promise<string> =>
  new Promise((resolve) => session.onNotice((text) => pattern.test(text) && resolve(text)));

test('a cable that comes back finds the session as it was', async () => {
  const back = noticed(/is back/);
  onTry = () => {
    plugged = tries >= 4;
  };
  unplug();
  expect(await back).toBe("the line is back; the board's memory is as it was: functions and variables are kept");
  expect(notices[0]).toBe(
    'the line to the test board ended (the device was unplugged): waiting for it, Ctrl-C gives up',
  );
  expect(tries).toBe(4);
  expect((await session.evaluate('n + f(20)')).value).toBe('(int) 49');
});

test('a board that had no power meanwhile gets the session again', async () => {
  const back = noticed(/is back/);
  unplug();
  board.kill();
  rmSync(join(dir, 'uart'));
  board = startSocketBoard(MPS2_AN385, dir);
  plugged = true;
  expect(await back).toMatch(/^the line is back.*; the board's memory was lost: 3 inputs repeated/);
  expect((await session.evaluate('n + f(20)')).value).toBe('(int) 49');
});

test('waiting is given up by Ctrl-C, and taken up by the next input', async () => {
  onTry = () => {
    if (!plugged) session.interrupt();
  };
  const gaveUp = noticed(/gave up/);
  unplug();
  expect(await gaveUp).toMatch(
    /^waited 0\.\d s for the test board, then gave up: you stopped it\. The last try: it is not plugged in\nThe next input tries again\.$/,
  );
  expect(session.connected).toBe(false);
  onTry = () => {
    plugged = true;
  };
  expect((await session.evaluate('n + f(20)')).value).toBe('(int) 49');
  expect(session.connected).toBe(true);
});

test('another board is told from this one, and this one is taken again', async () => {
  const refused = noticed(/runs build/);
  unplug();
  board.kill();
  rmSync(join(dir, 'uart'));
  board = startSocketBoard(LM3S6965EVB, dir);
  plugged = true;
  expect(await refused).toMatch(
    /^the board that answers now runs build [0-9a-f]+, this session is for build [0-9a-f]+: their memory differs\.\nConnect the board of this session again/,
  );
  await expect(session.evaluate('n')).rejects.toMatchObject({ code: 'SESSION_OTHER_BOARD' });
  board.kill();
  rmSync(join(dir, 'uart'));
  board = startSocketBoard(MPS2_AN385, dir);
  unplug();
  plugged = true;
  expect((await session.evaluate('n + f(20)')).value).toBe('(int) 49');
});

test('a line that never lasts is given up after some attempts, and taken up when it does', async () => {
  const gaveUp = noticed(/restarted or went away/);
  // The handshake works, and nothing behind it.
  onReceived = () => {
    onReceived = () => undefined;
    setImmediate(unplug);
  };
  const again = onReceived;
  onTry = () => {
    plugged = true;
    onReceived = again;
  };
  unplug();
  expect(await gaveUp).toMatch(
    /^the test board restarted or went away 12 times while the session was put back on it\.\nIs its power good, and the cable\?$/,
  );
  onTry = () => {
    plugged = true;
    onReceived = () => undefined;
  };
  expect((await session.evaluate('n + f(20)')).value).toBe('(int) 49');
});
