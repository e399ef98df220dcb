// The rate of the line: raised after the handshake, left again where it does not do, and found wherever the board is.
// A simulated Pico, whose UART says which rate its code has set, behind a modelled line whose ends hear noise unless they
// have the same rate.

import { afterEach, expect, test } from 'vitest';
import { BOARDS } from '../../boards/index.js';
import { PICO_SIM } from '../../boards/pico-sim.js';
import { startSimulator } from '../../boards/sim/index.js';
import { imageOf } from '../../host/session/board.js';
import { type OpenOptions, openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { systemClock } from '../../host/wire/clock.js';
import { parseLine } from '../../host/wire/line-words.js';
import { DeviceLink } from '../../host/wire/link.js';
import { type ModelledPort, modelLine } from '../../host/wire/model-line.js';
import type { BytePort } from '../../protocol/byte-port.js';

let board: BytePort;
let port: ModelledPort;
let session: Session;
/** Lines that may still be opened. */
let lines = 99;
const notices: string[] = [];

/** A board that outlives the lines to it. */
async function startBoard(): Promise<void> {
  board = await startSimulator(PICO_SIM, imageOf(PICO_SIM));
  notices.length = 0;
  lines = 99;
}

function openLine(line = '115200,1ms'): ModelledPort {
  port = modelLine(wiredTo(board), parseLine(line), systemClock);
  return port;
}

/** The board's port, which is not closed with the line. */
function wiredTo(it: BytePort): BytePort {
  return {
    name: it.name,
    get farBaud() {
      return it.farBaud;
    },
    write: (bytes) => it.write(bytes),
    onData: (listener) => it.onData(listener),
    onClose: (listener) => it.onClose(listener),
    reset: () => it.reset!(),
    close: async () => undefined,
  };
}

async function open(line?: string, options: OpenOptions = {}): Promise<void> {
  session = await openSession({
    board: PICO_SIM.name,
    line: {
      what: 'the test board',
      startsBoard: false,
      open: async () => {
        if (lines-- <= 0) throw new Error('there is no such line');
        return openLine(line);
      },
    },
    onNotice: (text) => notices.push(text),
    ...options,
  });
}

afterEach(async () => {
  await session.close();
  await board.close();
});

const near = (baud: number) => (rate: number | undefined) => Math.abs((rate ?? 0) / baud - 1) < 0.01;
const noticed = (pattern: RegExp): Promise<string> =>
  new Promise((resolve) => session.onNotice((text) => pattern.test(text) && resolve(text)));

test('is raised after the handshake, and brought down again at the end', async () => {
  await startBoard();
  await open();
  expect(session.link.baud).toBe(921_600);
  expect(board.farBaud).toSatisfy(near(921_600));
  expect((await session.evaluate('int n = 5; n * 2')).value).toBe('(int) 10');
  expect(session.link.statistics.possibleBytesPerSecond).toBe(92_160);
  await session.close();
  expect(board.farBaud).toSatisfy(near(115_200));
  expect(port.baud).toBe(115_200);
});

test('falls back by itself where the cable garbles what is faster, to the fastest that does', async () => {
  await startBoard();
  await open('115200,1ms,max=460800');
  expect([session.link.baud, board.farBaud]).toEqual([460_800, expect.toSatisfy(near(460_800))]);
  expect((await session.evaluate('6 * 7')).value).toBe('(int) 42');
  await session.close();
  await open('115200,1ms,max=115200', { baud: 230_400 });
  expect([session.link.baud, board.farBaud]).toEqual([115_200, expect.toSatisfy(near(115_200))]);
  expect((await session.evaluate('6 * 7')).value).toBe('(int) 42');
});

test('is left where it is when that is wanted, and not raised beyond what is wanted', async () => {
  await startBoard();
  await open('115200', { baud: 115_200 });
  expect(session.link.baud).toBe(115_200);
  expect(session.link.counters.breaks).toBe(0);
  await session.close();
  await open('115200', { baud: 250_000 });
  expect([session.link.baud, board.farBaud]).toEqual([250_000, expect.toSatisfy(near(250_000))]);
});

test('is found again and raised again when the board has been reset, by us or by hand', async () => {
  await startBoard();
  await open();
  await session.evaluate('int kept = 77; int f() { return kept; }');
  await session.reset();
  expect(session.link.baud).toBe(921_600);
  const restarted = noticed(/the board restarted/);
  await board.reset!();
  expect(board.farBaud ?? 0).toBeLessThan(200_000);
  await restarted;
  expect(notices.at(-1)).toContain('functions and variables are kept');
  expect((await session.evaluate('kept')).value).toBe('(int) 77');
  expect([session.link.baud, board.farBaud]).toEqual([921_600, expect.toSatisfy(near(921_600))]);
});

test('an input that resets the board is answered for at the rate that the board starts with', async () => {
  await startBoard();
  await open();
  await session.evaluate('int kept = 78; int f() { return kept; }');
  const reset = '*(volatile unsigned *)0x40058000 = 1u << 31; for (;;) {}';
  await expect(session.evaluate(reset)).rejects.toMatchObject({ code: 'SESSION_RESTARTED' });
  expect((await session.evaluate('kept')).value).toBe('(int) 78');
});

test('a board that a killed host has left at a raised rate is found by the next one', async () => {
  await startBoard();
  await open();
  // Nobody says goodbye: the line is cut.
  const killed = session;
  lines = 0;
  port.unplug();
  killed.giveUp();
  expect(board.farBaud).toSatisfy(near(921_600));
  lines = 1;
  await open();
  expect(session.link.baud).toBe(921_600);
  expect((await session.evaluate('1 + 1')).value).toBe('(int) 2');
  lines = 0;
  await killed.close();
});

test('is left when much has to be sent again', async () => {
  await startBoard();
  await open();
  port.set({ loss: 0.2 });
  const numbers = Array.from({ length: 500 }, (_, i) => (i * 2654435761) >>> 0).join(',');
  for (let n = 0; n < 20 && session.link.baud === 921_600; n++) {
    await session.evaluate(`unsigned v${n}[] = {${numbers}};`);
  }
  port.set({ loss: 0 });
  expect(session.link.baud).toBeLessThan(921_600);
  expect((await session.evaluate('1 + 1')).value).toBe('(int) 2');
});

test('boards that cannot say so, and ports that have none, are left alone', async () => {
  await startBoard();
  const fixed = BOARDS.filter(({ uart }) => uart === undefined).map(({ name }) => name);
  expect(fixed).toEqual(expect.arrayContaining(['qemu-microbit', 'qemu-virt-rv32']));
  const link = await DeviceLink.connect(wiredTo(board), { otherBauds: [921_600] });
  expect([link.canSetBaud, link.baud]).toEqual([false, undefined]);
  await open('115200,max=115200', { baud: 115_200 });
  expect((await session.evaluate('1 + 1')).value).toBe('(int) 2');
});
