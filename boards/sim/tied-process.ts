// Processes that must not outlive this one. A normal exit can end them; when we are killed only the kernel can, and
// on Linux it does if asked: util-linux's setpriv asks and then becomes the program.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

const SETPRIV = '/usr/bin/setpriv';

/** Starts a program that the kernel ends when this process ends, where setpriv is at hand; else an ordinary child.
 *  A program that does not exist is then told by setpriv, on standard error, and not by the event `error`. */
export function spawnTied(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  if (process.platform !== 'linux' || !existsSync(SETPRIV)) return spawn(command, args, options);
  return spawn(SETPRIV, ['--pdeathsig', 'KILL', '--', command, ...args], options);
}
