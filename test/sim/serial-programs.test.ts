// The programs that share serial ports in the world: a pseudo-terminal by socat, exported by Debian's ser2net with
// RFC 2217, and `barewire serve`.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { environment } from '../../host/diag/environment.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { findProgram } from '../../host/toolchain/find-llvm.js';
import { DeviceLink } from '../../host/wire/link.js';
import { portOpener } from '../../host/wire/ports/open.js';
import { openAgain } from '../../host/wire/ports/reopen.js';
import { addResetLine } from '../../host/wire/ports/reset-line.js';
import { openSerialPort } from '../../host/wire/ports/serial.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { VECTOR_BOARD } from '../../protocol/generate-vectors.js';
import { type SharedBoard, shareBoard } from '../support/shared-board.js';

const ADDR = VECTOR_BOARD.arenaAddr;
const DATA = Uint8Array.from({ length: 700 }, (_, i) => i & 255);

let shared: SharedBoard;
const cleanups: (() => unknown)[] = [];
beforeEach(async () => {
  shared = await shareBoard(VECTOR_BOARD);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await shared.close();
});

/** Writes memory and reads it back; the bytes have every value. */
async function exercise(port: BytePort): Promise<void> {
  const link = await DeviceLink.connect(port);
  const reply = await link.execute([
    { op: 'WRITE', addr: ADDR, data: DATA },
    { op: 'READ', addr: ADDR, len: DATA.length },
  ]);
  expect(reply.results[1]).toEqual({ op: 'READ', data: DATA });
  expect(link.counters).toMatchObject({ badCrc: 0, badLength: 0, resent: 0 });
  await link.close();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

/** Resolves when something listens. */
async function listens(port: number): Promise<void> {
  const end = Date.now() + 10_000;
  for (;;) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (there) return;
    if (Date.now() > end) throw new Error(`nothing listens on ${port}`);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** Runs a program until the end of the test. */
function start(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  cleanups.push(
    () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve(undefined);
        else child.once('close', resolve);
        child.kill();
      }),
  );
  return child;
}

it('a pseudo-terminal is a serial port like any other, and is ours alone', async () => {
  await shared.openTerminal();
  const port = await openSerialPort(shared.terminal, 115_200);
  await expect(openSerialPort(shared.terminal, 115_200)).rejects.toMatchObject({ code: 'WIRE_PORT_BUSY' });
  await exercise(port);
}, 30_000);

it('ser2net exports a port by RFC 2217: bytes of every value pass, rate and modem lines are set', async () => {
  const ser2net = findProgram('ser2net', [...environment().path, '/usr/sbin']);
  if (ser2net === undefined) throw new Error('no ser2net: `npm run setup -- --tests` installs it');
  await shared.openTerminal();
  const tcpPort = await freePort();
  const config = join(shared.folder, 'ser2net.yaml');
  writeFileSync(
    config,
    `%YAML 1.1\n---\nconnection: &board\n  accepter: telnet(rfc2217),tcp,127.0.0.1,${tcpPort}\n  connector: serialdev,${shared.terminal},115200n81,local\n`,
  );
  start(ser2net, ['-n', '-d', '-c', config]);
  await listens(tcpPort);
  const opener = await portOpener(`rfc2217://127.0.0.1:${tcpPort}`, 115_200);
  const port = await opener.open();
  expect(port.baud).toBe(115_200);
  await port.setBaud!(57_600);
  expect(port.baud).toBe(57_600);
  await port.setSignals!({ dtr: false, rts: true });
  await exercise(port);
}, 30_000);

/** A far serial port that speaks RFC 2217: what ser2net exports is another such port, whose lines can be looked at.
 *  Its RTS resets the board. */
async function farPort(): Promise<{ tcpPort: number; lines: string[] }> {
  const lines: string[] = [];
  const { board } = shared;
  const server = createServer((socket) => {
    const toBoard = connect(shared.socket);
    toBoard.on('data', (bytes) =>
      socket.write(Buffer.from([...bytes].flatMap((byte) => (byte === 255 ? [255, 255] : [byte])))),
    );
    for (const end of [socket, toBoard]) end.on('error', () => {});
    socket.on('close', () => toBoard.destroy());
    let rest = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        const at = rest.indexOf(255);
        const data = at < 0 ? rest : rest.subarray(0, at);
        if (data.length > 0) toBoard.write(data);
        rest = rest.subarray(data.length);
        const end = rest[1] === 250 ? rest.indexOf(Buffer.from([255, 240])) : 0;
        if (rest.length < 3 || end < 0) return;
        if (rest[1] === 255) toBoard.write(Buffer.from([255]));
        else if (rest[1] === 251 && rest[2] === 44) socket.write(Buffer.from([255, 253, 44]));
        else if (end > 0) {
          const value = rest.subarray(4, end);
          if (rest[3] === 1) lines.push(`${value.readUInt32BE()} baud`);
          if (rest[3] === 5 && value[0]! >= 8)
            lines.push({ 8: 'DTR on', 9: 'DTR off', 11: 'RTS on', 12: 'RTS off' }[value[0]!]!);
          if (lines.at(-1) === 'RTS off' && lines.at(-2) === 'RTS on') board.restart();
          socket.write(Buffer.from([255, 250, 44, rest[3]! + 100, ...value, 255, 240]));
        }
        rest = rest.subarray(end > 0 ? end + 2 : rest[1] === 255 ? 2 : 3);
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanups.push(() => new Promise((resolve) => void server.close(resolve)));
  return { tcpPort: (server.address() as { port: number }).port, lines };
}

it('through ser2net RTS resets the board that is wired so, and the rate is set at the far end', async () => {
  const ser2net = findProgram('ser2net', [...environment().path, '/usr/sbin']);
  if (ser2net === undefined) throw new Error('no ser2net: `npm run setup -- --tests` installs it');
  const far = await farPort();
  const tcpPort = await freePort();
  const config = join(shared.folder, 'ser2net.yaml');
  writeFileSync(
    config,
    `%YAML 1.1\n---\nconnection: &board\n  accepter: telnet(rfc2217),tcp,127.0.0.1,${tcpPort}\n  connector: telnet(rfc2217),tcp,127.0.0.1,${far.tcpPort}\n`,
  );
  start(ser2net, ['-n', '-d', '-c', config]);
  const opener = await portOpener(`rfc2217://127.0.0.1:${tcpPort}`, 115_200);
  const { signal } = new AbortController();
  const opened = await openAgain('ser2net', () => opener.open(), { signal, limitMs: 10_000 });
  const port = await addResetLine(opened, 'rts');
  const link = await DeviceLink.connect(port);
  await port.setBaud!(230_400);
  const restarted = new Promise((resolve) => link.onRestart(resolve));
  await port.reset!();
  await restarted;
  expect((await link.execute([{ op: 'READ', addr: ADDR, len: 4 }])).status).toBe('OK');
  expect(far.lines.slice(-5)).toEqual(['115200 baud', 'RTS off', '230400 baud', 'RTS on', 'RTS off']);
  await link.close();
}, 30_000);

it('a port without modem lines says so when one is to reset the board', async () => {
  await shared.openTerminal();
  await expect(addResetLine(await openSerialPort(shared.terminal, 115_200), 'dtr')).rejects.toMatchObject({
    code: 'WIRE_RESET_LINE',
    message: expect.stringMatching(/DTR cannot be set: .*\nLeave --reset-line out if the board is not wired to it\.$/),
  });
  const opener = await portOpener(`unix:${shared.socket}`, 115_200);
  await expect(addResetLine(await opener.open(), 'dtr')).rejects.toMatchObject({
    code: 'WIRE_RESET_LINE',
    message: expect.stringContaining('has no DTR line: --reset-line is for serial ports and rfc2217://.'),
  });
}, 30_000);

it('barewire serve lends it; the program that holds a port is named', async () => {
  const main = join(packageRoot(), 'dist', 'host', 'cli', 'main.js');
  expect(existsSync(main)).toBe(true);
  await shared.openTerminal();
  const tcpPort = await freePort();
  const args = [main, 'serve', '--port', shared.terminal, '--listen', `127.0.0.1:${tcpPort}`, '--token', 'T0k'];
  const child = start(process.execPath, args);
  let said = '';
  child.stdout!.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  await listens(tcpPort);
  const opener = await portOpener(`tcp://T0k@127.0.0.1:${tcpPort}`, 115_200);
  await exercise(await opener.open());
  expect(said).toContain(`${shared.terminal} is at tcp://TOKEN@127.0.0.1:${tcpPort}; Ctrl-C ends it`);
  expect(said).toMatch(/127\.0\.0\.1:\d+ has the board/);
  await expect(openSerialPort(shared.terminal, 115_200)).rejects.toMatchObject({
    code: 'WIRE_PORT_BUSY',
    message: expect.stringContaining(`(process ${child.pid})`),
  });
}, 30_000);
