// A QEMU that outlives its host: the board's UART is a socket, which hosts connect to and leave.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BoardRecord } from '../../boards/board.js';
import { packageRoot } from '../../host/diag/package-root.js';

export interface SocketBoard {
  /** What `--port` takes. */
  readonly port: string;
  /** Ends it, as a power cut would. */
  kill(): void;
}

/** Starts a QEMU in the background, with its socket in `dir`. It is there when this returns. */
export function startSocketBoard(board: BoardRecord, dir: string): SocketBoard {
  if (board.simulator?.kind !== 'qemu') throw new Error(`${board.name} is not simulated by QEMU`);
  const [socket, pidFile] = [join(dir, 'uart'), join(dir, 'pid')];
  const image = join(packageRoot(), 'firmware-stub/build', `${board.image}.elf`);
  const serial = `unix:${socket},server=on,wait=off`;
  execFileSync(
    'qemu-system-arm',
    ['-M', board.simulator.machine, '-display', 'none', '-monitor', 'none', '-serial', serial, '-kernel', image].concat(
      ['-daemonize', '-pidfile', pidFile],
    ),
    { stdio: 'ignore' },
  );
  const pid = Number(readFileSync(pidFile, 'utf8'));
  return {
    port: `unix:${socket}`,
    kill: () => {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    },
  };
}
