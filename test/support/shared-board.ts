// A modelled board as other programs see a serial port: behind a Unix socket, or behind a pseudo-terminal that socat
// makes of one. On the machine's clock.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, watch } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../host/wire/clock.js';
import type { Hello } from '../../protocol/hello.js';
import { FakeBoard, type FakeFunction } from './fake-board.js';

export interface SharedBoard {
  readonly board: FakeBoard;
  /** Path of the Unix socket. */
  readonly socket: string;
  /** Path of the pseudo-terminal; only after `openTerminal`. */
  readonly terminal: string;
  openTerminal(): Promise<void>;
  /** A folder for the test, gone with `close`. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Puts a board behind a socket. */
export async function shareBoard(
  hello: Hello,
  functions: ReadonlyMap<number, FakeFunction> = new Map(),
): Promise<SharedBoard> {
  const folder = mkdtempSync(join(tmpdir(), 'barewire-shared-'));
  const socket = join(folder, 'board');
  const terminal = join(folder, 'tty');
  const users = new Set<Socket>();
  const board = new FakeBoard(hello, functions, systemClock, (bytes) => {
    for (const user of users) user.write(bytes);
  });
  const server = createServer((user) => {
    users.add(user);
    user.on('data', (bytes) => board.receive(bytes));
    user.on('close', () => users.delete(user));
    user.on('error', () => {});
  });
  await new Promise<void>((resolve) => {
    server.listen(socket, resolve);
  });
  let socat: ChildProcess | undefined;
  return {
    board,
    socket,
    terminal,
    folder,
    openTerminal: async () => {
      const there = fileAppears(folder, terminal);
      socat = spawn('socat', [`pty,raw,echo=0,link=${terminal}`, `unix-connect:${socket}`], { stdio: 'ignore' });
      await there;
    },
    close: async () => {
      socat?.kill();
      for (const user of users) user.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when `file` is in `folder`. */
export function fileAppears(folder: string, file: string, limitMs = 10_000): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      watcher.close();
      if (error === undefined) resolve();
      else reject(error);
    };
    const watcher = watch(folder, () => {
      if (existsSync(file)) finish();
    });
    const timer = setTimeout(() => finish(new Error(`${file} did not appear in ${limitMs} ms`)), limitMs);
    if (existsSync(file)) finish();
  });
}
