// Runs a command in a process group of its own and leaves nothing of it behind: not after its limit, not after its end.

import { type ChildProcess, spawn } from 'node:child_process';
import { withEnvironment } from '../../host/diag/environment.js';
import type { CommandEnd } from './check-results.js';

let running: ChildProcess | undefined;

/** Runs a command to its end, or to the limit, when its whole group is ended: simulators go with their test.
 *  @param env variables beside those of this process */
export function runCommand(
  command: readonly string[],
  limitSeconds: number,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<CommandEnd> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command[0]!, command.slice(1), {
      cwd: folder,
      env: withEnvironment(env),
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running = child;
    let output = '';
    let stopped = false;
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const limit = setTimeout(() => {
      stopped = true;
      endGroup(child);
    }, limitSeconds * 1000);
    child.on('error', (error) => collect(Buffer.from(`${error.message}\n`)));
    child.on('close', (code) => {
      clearTimeout(limit);
      // What a test left running ends here at the latest.
      endGroup(child);
      running = undefined;
      const seconds = (performance.now() - started) / 1000;
      resolve({ exitCode: stopped ? undefined : (code ?? 1), output, seconds });
    });
  });
}

/** Ends the command that runs now, if one does. */
export function endRunning(): void {
  if (running !== undefined) endGroup(running);
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
