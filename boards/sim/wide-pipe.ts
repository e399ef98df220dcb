// A pipe with room for 64 KiB. What Node gives a child process is a pair of sockets, which is full after some 280
// writes of one byte, and some of QEMU's UARTs lose what does not fit. In a pipe such writes share its pages.

import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface WidePipe {
  /** What goes in here … */
  readonly input: number;
  /** … comes out there. */
  readonly output: Socket;
  /** Closes our copy of the input, once a child has its own. */
  release(): void;
}

/** Makes a pipe; undefined where there are no named ones. */
export function openWidePipe(): WidePipe | undefined {
  if (process.platform === 'win32') return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'barewire-pipe-'));
  try {
    const path = join(folder, 'out');
    execFileSync('mkfifo', ['-m', '600', path], { stdio: 'ignore' });
    // The reader first, without waiting for a writer; then the writer finds it.
    const output = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), writable: false });
    const input = openSync(path, constants.O_WRONLY);
    return { input, output, release: () => closeSync(input) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
